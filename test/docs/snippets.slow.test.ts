import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"

/** A TypeScript block of a page, the settings it is run with, and the values it says its expressions have. */
interface Snippet {
  readonly title: string
  readonly env: Readonly<Record<string, string>>
  readonly code: string
}

const pages = [
  "README.md",
  "docs/health.md",
  "docs/http.md",
  "docs/opentelemetry.md",
  "docs/propagation.md",
  "docs/redaction.md"
]
const folder = ".cache/snippets"

const snippetsOf = (page: string): ReadonlyArray<Snippet> => {
  const text = readFileSync(page, "utf8")
  return [...text.matchAll(/(?:<!-- run: (.*?) -->\n)?```ts\n(.*?)```/gs)].map(([, env = "", code = ""], index) => ({
    title: `${page} ${index + 1}: ${code
      .split("\n")
      .findLast((line) => /\S/.test(line))
      ?.slice(0, 60)}`,
    env: Object.fromEntries(
      env
        .split(" ")
        .filter((pair) => pair !== "")
        .map((pair) => pair.split("="))
    ),
    code
  }))
}

/** `expression // => value` becomes a check that fails the program. */
const checked = (code: string): string =>
  `import snippetAssert from "node:assert/strict"\n${code.replace(
    /^(.+?) \/\/ => (.+)$/gm,
    "snippetAssert.deepEqual($1, $2)"
  )}`

const run = (file: string, env: Readonly<Record<string, string>>) =>
  new Promise<{ readonly code: number | null; readonly output: string }>((resolve) => {
    const child = spawn(process.execPath, ["--conditions=@gorax/source", file], { env: { ...process.env, ...env } })
    let output = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (output += chunk))
    child.on("close", (code) => resolve({ code, output }))
  })

describe("what the pages show runs", () => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const page of pages) {
    for (const [index, { code, env, title }] of snippetsOf(page).entries()) {
      it(title, async () => {
        const file = `${folder}/${page.replaceAll(/\W/g, "-")}-${index}.ts`
        writeFileSync(file, checked(code))
        const result = await run(file, env)
        assert.strictEqual(result.code, 0, result.output)
        if (env["TRACING_EXPORTER"] === "console") assert.match(result.output, /^\S.* (?:\d|\.)+(?:µs|ms|s)$/m)
      })
    }
  }
})

it("the README's first program is the quickstart, word for word", () => {
  assert.strictEqual(snippetsOf("README.md")[0]?.code, readFileSync("examples/quickstart.ts", "utf8"))
})
