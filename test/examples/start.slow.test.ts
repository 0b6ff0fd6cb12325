import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Schedule, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"

const start = fileURLToPath(new URL("../../examples/start.ts", import.meta.url))

/** `npm start`, with what it printed so far, and a moment to wait for. */
const npmStart = Effect.fnUntraced(function* (until: RegExp, ...args: ReadonlyArray<string>) {
  const reached = yield* Deferred.make<void>()
  const child = yield* ChildProcess.make(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--conditions=@gorax/source", start, ...args],
    { env: { PORT: "0" }, extendEnv: true }
  )
  const printed: Array<string> = []
  const reading = yield* child.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => {
      printed.push(line)
      return until.test(line) ? Deferred.succeed(reached, undefined) : Effect.void
    }),
    Effect.forkScoped
  )
  const ended = Effect.tap(child.exitCode, Fiber.await(reading))
  return { child, printed, ended, reached: Effect.raceFirst(Deferred.await(reached), ended) }
})

const isUp = (url: string) => Effect.map(Effect.exit(Effect.tryPromise(() => fetch(url))), Exit.isSuccess)

describe("npm start", () => {
  it.live("draws a trace of every workflow, and with --once ends by itself", () =>
    Effect.gen(function* () {
      const { ended, printed } = yield* npmStart(/never/, "--once")
      const code = yield* ended
      const output = printed.join("\n")
      assert.strictEqual(code, 0, output)
      const traces = printed.filter((line) => line.startsWith("━━"))
      assert.strictEqual(traces.length, 3, output)
      for (const trace of traces) assert.include(trace, "gorax-api → gorax-worker → gorax-services")
      assert.match(output, /workflow\.execute {2}fulfil-order/)
      assert.match(output, /workflow\.execute {2}onboard-customer/)
      assert.match(output, /workflow\.execute {2}refund-order {2}✗ OrderNotPaid/)
      assert.match(output, /CardDeclined: the bank declined card REDACTED:card/)
      assert.notInclude(output, "4242 4242")
      assert.notMatch(output, /│ .*(WARN|ERROR)/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("stays up until it is told to stop, and takes every process with it", () =>
    Effect.gen(function* () {
      const { child, ended, printed, reached } = yield* npmStart(/Ctrl-C stops it/)
      yield* reached
      const urls = ["API", "traces"].map(
        (name) =>
          new RegExp(`^ +${name} +(http://[^/\\s]+)`, "m").exec(printed.join("\n"))?.[1] ??
          assert.fail(printed.join("\n"))
      )
      assert.deepStrictEqual(yield* Effect.forEach(urls, isUp), [true, true])
      yield* child.kill({ killSignal: "SIGTERM" })
      assert.strictEqual(yield* ended, 0, printed.join("\n"))
      assert.deepStrictEqual(yield* Effect.forEach(urls, isUp), [false, false])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("shows its log lines in their traces, on the page and not in the drawing, and prints them all the same", () =>
    Effect.gen(function* () {
      const { printed, reached } = yield* npmStart(/Ctrl-C stops it/, "--verbose")
      yield* reached
      const output = printed.join("\n")
      assert.match(output, /^gorax-worker +│ .*INFO .*Shipped 2 parcels/m)
      assert.notMatch(output, /INFO {2,3}\+\d/)
      const page = /^ +traces +(http:\/\/[^/\s]+)/m.exec(output)![1]!
      const traceId = /^━━ ([0-9a-f]{32})/m.exec(output)![1]!
      yield* Effect.promise(() =>
        fetch(`${page}/api/v1/traces/${traceId}/tree`).then((response) => response.text())
      ).pipe(
        Effect.repeat({
          until: (tree) => /workflow\.execute {2}fulfil-order[^]*?INFO {3}\+.*Shipped 2 parcels/.test(tree),
          schedule: Schedule.spaced("50 millis")
        }),
        Effect.timeout("10 seconds")
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
