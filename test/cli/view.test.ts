import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Console, Effect, Exit, Runtime } from "effect"
import { Command } from "effect/cli"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as ViewCommand from "../../src/cli/ViewCommand.ts"
import { TracePrinter, TraceStore } from "../../src/viewer/index.ts"
import * as TraceImport from "../../src/viewer/TraceImport.ts"
import { log, order, span, traceId } from "../viewer/traces.ts"

/** What the command line would say, and exit with, without a process of its own. */
const run = Effect.fnUntraced(function* (args: string) {
  const [out, err]: [Array<string>, Array<string>] = [[], []]
  const console = {
    ...globalThis.console,
    log: (...said: ReadonlyArray<unknown>) => void out.push(said.join(" ")),
    error: (...said: ReadonlyArray<unknown>) => void err.push(said.join(" "))
  }
  const exit = yield* Command.runWith(ViewCommand.command, { version: "1" })(args.split(" ")).pipe(
    Effect.provideService(Console.Console, console),
    Effect.exit
  )
  const code = Exit.isSuccess(exit) ? 0 : Runtime.getErrorExitCode(Cause.squash(exit.cause))
  return { code, out: out.join("\n").trim(), err: err.join("\n") }
}, Effect.provide(NodeServices.layer))

const drawn = TracePrinter.drawTree(order, { width: 120 })

const health = { spans: [span({ id: 1, trace: 2, name: "GET /health" })], logs: [] }

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-view-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

describe("gorax-tracing view", () => {
  it.live("draws a trace of a file, gives it as OTLP, and writes what it read", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const file = path.join(home, "traces.jsonl")
      fs.writeFileSync(file, TraceImport.toText([{ spans: order, logs: [] }, health]))
      const one = yield* run(`--import ${file} --trace ${traceId(1)}`)
      assert.strictEqual(one.code, 0, one.err)
      assert.include(one.out, drawn)
      const json = yield* run(`--import ${file} --trace ${traceId(1)} --json`)
      assert.strictEqual(`${json.out}\n`, TraceImport.toText([{ spans: order, logs: [] }]))
      const copy = path.join(home, "copy.jsonl")
      const written = yield* run(`--import ${file} --export ${copy}`)
      assert.strictEqual(written.out, `2 traces, 14 spans: ${copy}`)
      assert.strictEqual(fs.readFileSync(copy, "utf8"), fs.readFileSync(file, "utf8"))
      // What a viewer kept in its own file is read where it lies
      const kept = path.join(home, "traces.db")
      yield* Effect.flatMap(TraceStore.TraceStore, (store) => store.add(order)).pipe(
        Effect.provide(TraceStore.layer({ file: kept }))
      )
      assert.include((yield* run(`--file ${kept} --trace ${traceId(1).slice(0, 31)}`)).out, drawn)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("draws log lines under their spans, gives them as OTLP on a line of their own, and writes them", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const file = path.join(home, "traces.jsonl")
      const trace = { spans: order, logs: [log({ in: 8, at: 50, level: "warn", text: "nearly\u001b[31m sold out" })] }
      fs.writeFileSync(file, TraceImport.toText([trace]))
      const one = yield* run(`--import ${file} --trace ${traceId(1)}`)
      assert.match(one.out, /GET \/stock\/:sku .*\n[ │]+WARN {3}\+50ms {2}nearly \[31m sold out\n/)
      const json = yield* run(`--import ${file} --trace ${traceId(1)} --json`)
      assert.strictEqual(`${json.out}\n`, fs.readFileSync(file, "utf8"))
      const copy = path.join(home, "copy.jsonl")
      yield* run(`--import ${file} --export ${copy}`)
      assert.strictEqual(fs.readFileSync(copy, "utf8"), fs.readFileSync(file, "utf8"))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("says what to do where there is no trace, no file and no viewer", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const file = path.join(home, "traces.jsonl")
      fs.writeFileSync(file, TraceImport.toText([{ spans: order, logs: [] }, health]))
      const said = (args: string) => Effect.map(run(args), ({ code, err }) => `${code} ${err}`)
      assert.match(yield* said(`--import ${file} --trace beef`), /^1 [^]*No trace beef is here/)
      assert.match(yield* said(`--import ${file} --trace 0000`), /^1 [^]*2 traces begin with 0000: say more of it/)
      assert.match(yield* said(`--import ${home}/none --trace 1`), /^1 [^]*none cannot be read: ENOENT/)
      assert.match(yield* said("--port 1 --trace 1"), /^1 [^]*No viewer runs on port 1\. Start one with/)
      assert.match(yield* said("--port 0 --max-age soon"), /^1 [^]*--max-age is a number and a unit/)
      assert.match(yield* said("--port 0 --tee nowhere"), /^1 [^]*"nowhere" is no address to send traces on to/)
      assert.match(yield* said("--port 0 --host 192.0.2.1"), /^1 [^]*cannot listen on 192\.0\.2\.1: [^]*EADDRNOTAVAIL/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
