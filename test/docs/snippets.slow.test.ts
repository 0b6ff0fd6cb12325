import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { pages } from "./pages.ts"

/** A TypeScript block of a page, the settings it is run with, and the values it says its expressions have. */
interface Snippet {
  readonly title: string
  readonly env: Readonly<Record<string, string>>
  /** True for a file of tests, which vitest runs. */
  readonly isTest: boolean
  readonly code: string
}

const folder = ".cache/snippets"

const snippetsOf = (page: string): ReadonlyArray<Snippet> => {
  const text = readFileSync(page, "utf8")
  const blocks = /(?:<!-- (vitest|run: [^\n]*?) -->\n)?```ts\n(.*?)```/gs
  return [...text.matchAll(blocks)].map(([, marker = "", code = ""], index) => ({
    title: `${page} ${index + 1}: ${code
      .split("\n")
      .findLast((line) => /\S/.test(line))
      ?.slice(0, 60)}`,
    isTest: marker === "vitest",
    env: Object.fromEntries(
      (marker.startsWith("run: ") ? marker.slice(5) : "")
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

const configuration = `import { defineConfig } from "vitest/config"
const conditions = ["@gorax/source", "node", "development|production"]
export default defineConfig({
  cacheDir: "../vite",
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ["*.test.ts"] }
})
`

const run = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
  new Promise<{ readonly code: number | null; readonly output: string }>((resolve) => {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env } })
    let output = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (output += chunk))
    child.on("close", (code) => resolve({ code, output }))
  })

describe("what the pages show runs", () => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/vitest.config.ts`, configuration)
  for (const page of pages) {
    for (const [index, { code, env, isTest, title }] of snippetsOf(page).entries()) {
      it(title, async () => {
        const name = `${page.replaceAll(/\W/g, "-")}-${index}${isTest ? ".test" : ""}.ts`
        writeFileSync(`${folder}/${name}`, checked(code))
        const result = await run(
          isTest
            ? ["node_modules/vitest/vitest.mjs", "run", "--root", folder, name]
            : ["--conditions=@gorax/source", `${folder}/${name}`],
          env
        )
        assert.strictEqual(result.code, 0, result.output)
        if (env["TRACING_EXPORTER"] === "console") assert.match(result.output, /^\S.* (?:\d|\.)+(?:µs|ms|s)$/m)
      })
    }
  }
})

it("the README's first program is the quickstart, word for word", () => {
  assert.strictEqual(snippetsOf("README.md")[0]?.code, readFileSync("examples/quickstart.ts", "utf8"))
})
