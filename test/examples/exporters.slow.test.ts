import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as receivers from "../export/receivers.ts"

/** Runs the quickstart as a process of its own, and gives what it printed, its exit code and how long its end took. */
const quickstart = (env: Readonly<Record<string, string>>) =>
  Effect.callback<{ readonly lines: ReadonlyArray<string>; readonly code: number | null; readonly endMillis: number }>(
    (resume) => {
      const child = spawn(process.execPath, ["--conditions=@gorax/source", "examples/quickstart.ts"], {
        env: { ...process.env, NO_COLOR: "1", TRACING_ENABLED: "true", ...env },
        stdio: ["ignore", "pipe", "ignore"]
      })
      let printed = ""
      let greeted = 0
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        printed += chunk
        if (chunk.includes("Hello, Grace")) greeted = performance.now()
      })
      child.on("close", (code) =>
        resume(Effect.succeed({ lines: printed.split("\n"), code, endMillis: performance.now() - greeted }))
      )
      return Effect.sync(() => void child.kill("SIGKILL"))
    }
  )

const byName = (self: string, that: string): number => self.localeCompare(that)

/** Names of spans in lines of OTLP. */
const namesOf = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines
    .filter((line) => line.startsWith("{"))
    .flatMap((line) => JSON.parse(line).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map(({ name }) => String(name))
    .sort(byName)

const all = [
  "workflow.execute",
  "workflow.loop.iteration",
  "workflow.loop.iteration",
  "workflow.step.execute",
  "workflow.step.execute"
]

describe("a program of its own", () => {
  it.live("leaves the same spans in a file and on the console", () =>
    Effect.gen(function* () {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gorax-quickstart-"))
      const file = path.join(folder, "spans.jsonl")
      const { code, lines } = yield* quickstart({
        TRACING_EXPORTER: "file,console",
        TRACING_FILE_PATH: file,
        TRACING_CONSOLE_FORMAT: "json"
      })
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(namesOf(lines), all)
      assert.deepStrictEqual(namesOf(fs.readFileSync(file, "utf8").split("\n")), all)
      fs.rmSync(folder, { recursive: true })
    })
  )

  it.live("ends on time and delivers to who is there, whoever else is not", () =>
    Effect.gen(function* () {
      const zipkin = yield* receivers.http()
      const gone = yield* Effect.scoped(receivers.http())
      const goneAgent = yield* Effect.scoped(receivers.udp)
      const { code, endMillis } = yield* quickstart({
        TRACING_EXPORTER: "otlp,zipkin,jaeger",
        TRACING_ENDPOINT: gone.url,
        TRACING_JAEGER_AGENT: `127.0.0.1:${goneAgent.port}`,
        TRACING_ZIPKIN_ENDPOINT: zipkin.url
      })
      assert.strictEqual(code, 0)
      assert.isBelow(endMillis, 2000)
      const names = JSON.parse((yield* zipkin.next).body.toString()).map(({ name }: { readonly name: string }) => name)
      assert.deepStrictEqual(names.sort(byName), all)
    })
  )
})
