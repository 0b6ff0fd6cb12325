import { assert, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"

/** What an example draws, without the durations. */
const drawn = (example: string): string =>
  execFileSync(
    process.execPath,
    ["--conditions=@gorax/source", "--env-file=examples/quickstart.env", `examples/${example}.ts`],
    { encoding: "utf8" }
  )
    .split("\n")
    .filter((line) => /^[│├└─ ]*workflow\./.test(line))
    .map((line) => line.replace(/ \S+$/, ""))
    .join("\n")

it("Effect's own spans draw the same tree as ours", () => {
  assert.strictEqual(
    drawn("quickstart"),
    `workflow.execute say-hello
├─ workflow.loop.iteration name #0
│  └─ workflow.step.execute greet
└─ workflow.loop.iteration name #1
   └─ workflow.step.execute greet`
  )
  assert.strictEqual(drawn("with-span"), drawn("quickstart"))
})
