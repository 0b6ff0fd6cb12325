import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, Stream } from "effect"
import { ChildProcess } from "effect/process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Otlp from "../../src/model/Otlp.ts"
import { TracePrinter, TraceStore } from "../../src/viewer/index.ts"
import * as TraceImport from "../../src/viewer/TraceImport.ts"
import { order, span, traceId } from "../viewer/traces.ts"
import * as CommandLine from "./CommandLine.ts"

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))
const drawn = TracePrinter.drawTree(order, { width: 120 })

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-view-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

/** A command that stays up, and what it has printed. */
const started = Effect.fnUntraced(function* (args: string) {
  const child = yield* ChildProcess.make(
    process.execPath,
    ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", main, ...args.split(" ")],
    { extendEnv: true, stdin: "ignore" }
  )
  let printed = ""
  yield* child.all.pipe(
    Stream.decodeText(),
    Stream.runForEach((text) => Effect.sync(() => (printed += text))),
    Effect.forkScoped
  )
  const says = (wanted: string | RegExp) =>
    Effect.sync(() => printed).pipe(
      Effect.repeat({
        until: (text) => (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text)),
        schedule: Schedule.spaced("20 millis")
      }),
      Effect.timeoutOrElse({
        duration: "30 seconds",
        orElse: () => Effect.die(new Error(`It never said ${wanted}, but:\n${printed}`))
      })
    )
  return { child, says }
})

const send = (url: string, spans: typeof order) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(Otlp.fromSpans(spans))
    })
    assert.strictEqual(response.status, 200)
  })

describe("gorax-tracing view", () => {
  it.live("draws a trace of a file, gives it as OTLP, and writes what it read", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const file = path.join(home, "traces.jsonl")
      fs.writeFileSync(file, TraceImport.toText([order, [span({ id: 1, trace: 2, name: "GET /health" })]]))
      const one = yield* CommandLine.run(`view --import ${file} --trace ${traceId(1)}`)
      assert.strictEqual(one.code, 0, one.err)
      assert.include(one.out, drawn)
      const json = yield* CommandLine.run(`view --import ${file} --trace ${traceId(1)} --json`)
      assert.strictEqual(`${json.out}\n`, TraceImport.toText([order]))
      const copy = path.join(home, "copy.jsonl")
      const written = yield* CommandLine.run(`view --import ${file} --export ${copy}`)
      assert.strictEqual(written.out, `2 traces, 14 spans: ${copy}`)
      assert.strictEqual(fs.readFileSync(copy, "utf8"), fs.readFileSync(file, "utf8"))
      // What a viewer kept in its own file is read where it lies
      const kept = path.join(home, "traces.db")
      yield* Effect.flatMap(TraceStore.TraceStore, (store) => store.add(order)).pipe(
        Effect.provide(TraceStore.layer({ file: kept }))
      )
      assert.include((yield* CommandLine.run(`view --file ${kept} --trace ${traceId(1).slice(0, 31)}`)).out, drawn)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("says what to do where there is no trace, no file and no viewer", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const file = path.join(home, "traces.jsonl")
      fs.writeFileSync(file, TraceImport.toText([order, [span({ id: 1, trace: 2, name: "GET /health" })]]))
      const said = (args: string) => Effect.map(CommandLine.run(`view ${args}`), ({ code, err }) => `${code} ${err}`)
      assert.match(yield* said(`--import ${file} --trace beef`), /^1 [^]*No trace beef is here/)
      assert.match(yield* said(`--import ${file} --trace 0000`), /^1 [^]*2 traces begin with 0000: say more of it/)
      assert.match(yield* said(`--import ${home}/none --trace 1`), /^1 [^]*none cannot be read: ENOENT/)
      assert.match(yield* said("--port 1 --trace 1"), /^1 [^]*No viewer runs on port 1\. Start one with/)
      assert.match(yield* said("--port 0 --max-age soon"), /^1 [^]*--max-age is a number and a unit/)
      assert.match(yield* said("--port 0 --tee nowhere"), /^1 [^]*"nowhere" is no address to send traces on to/)
      assert.match(yield* said("--port 0 --host 192.0.2.1"), /^1 [^]*cannot listen on 192\.0\.2\.1: [^]*EADDRNOTAVAIL/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("draws traces as they come, is found by the next one that is started, and is followed by it", () =>
    Effect.gen(function* () {
      const first = yield* started("view --port 0 --terminal")
      const [, url = "", port = ""] = /Traces {5}(http:\/\/127\.0\.0\.1:(\d+))/.exec(
        yield* first.says("Ctrl-C stops it.")
      )!
      const second = yield* CommandLine.run(`view --port ${port}`)
      assert.strictEqual(second.code, 0)
      assert.include(second.out, `A viewer already runs: ${url}`)
      const follower = yield* started(`view --port ${port} --terminal`)
      yield* follower.says(`Following the viewer on ${url}`)
      // It listens once the connection stands; until then the trace grows again and again
      const growing = Effect.suspend(() =>
        send(url, [...order, span({ id: 100 + Math.round(performance.now()), parent: 1, name: "later" })])
      )
      yield* Effect.raceFirst(follower.says("later"), Effect.repeat(growing, Schedule.spaced("1 second")))
      yield* first.says(/✗ ShipmentRefused: the carrier does not ship to islands/)
      yield* follower.says(/✗ ShipmentRefused: the carrier does not ship to islands/)
      const copy = yield* CommandLine.run(`view --port ${port} --export -`)
      assert.strictEqual(copy.out.split("\n").length, 1)
      assert.include(copy.out, "charge-card")
      yield* first.child.kill({ killSignal: "SIGTERM" })
      yield* follower.says(`The viewer on ${url} is gone.`)
      assert.strictEqual(yield* follower.child.exitCode, 1)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
