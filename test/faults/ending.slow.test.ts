import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, Layer, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"
import * as Stops from "./Stops.ts"

const shortRun = fileURLToPath(new URL("short-run.ts", import.meta.url))

/** Runs the program to its end; milliseconds from its last word to its exit. */
const ending = Effect.fnUntraced(function* (how: string, env: Readonly<Record<string, string>>) {
  const child = yield* ChildProcess.make(
    process.execPath,
    ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", shortRun, how],
    { env: { TRACING_ENABLED: "true", ...env }, extendEnv: true }
  )
  let done = NaN
  yield* child.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) =>
      Effect.sync(() => {
        if (line === "done") done = performance.now()
      })
    ),
    Effect.forkScoped
  )
  const code = yield* child.exitCode
  return { code: Number(code), millis: performance.now() - done }
}, Effect.scoped)

type Collector = FakeCollector.FakeCollector["Service"]

interface Ending {
  readonly collector: string
  readonly happen: (collector: Collector) => Effect.Effect<void>
  /** No longer than this; the machine may be busy. */
  readonly within: number
  readonly arrives: boolean
}

// OpenTelemetry's own exporters hold a process for their timeout of 10 seconds
const endings: ReadonlyArray<Ending> = [
  { collector: "is well", happen: () => Effect.void, within: 1500, arrives: true },
  { collector: "is not there", happen: (collector) => collector.stop, within: 1500, arrives: false },
  {
    collector: "hangs",
    happen: (collector) => collector.respondWith(FakeCollector.hang, { times: Infinity }),
    within: 4000,
    arrives: false
  },
  {
    collector: "is slow",
    happen: (collector) => collector.respondWith(FakeCollector.slow("1 second")),
    within: 3000,
    arrives: true
  },
  {
    collector: "is busy for a moment",
    happen: (collector) => collector.respondWith(503),
    within: 3000,
    arrives: true
  }
]

describe("a program that ends by itself delivers what it has, and is held up no longer than the shutdown timeout", () => {
  for (const { arrives, collector: state, happen, within } of endings) {
    for (const [how, protocol] of [
      ["runMain", "http/protobuf"],
      ["runPromise", "grpc"]
    ] as const) {
      it.live(`while the collector ${state}, over ${protocol}, with ${how}`, () =>
        Effect.gen(function* () {
          const collector = yield* FakeCollector.FakeCollector
          yield* happen(collector)
          const endpoint = protocol === "grpc" ? collector.grpcUrl : collector.url
          const { code, millis } = yield* ending(how, { TRACING_ENDPOINT: endpoint, TRACING_PROTOCOL: protocol })
          assert.strictEqual(code, 0)
          assert.isBelow(millis, within)
          assert.strictEqual((yield* collector.spans).length, arrives ? 1 : 0)
        }).pipe(Effect.provide(Layer.merge(FakeCollector.layer, NodeServices.layer)))
      )
    }
  }

  for (const [fault, transport, within] of [
    ["none", "http/protobuf", 1500],
    ["none", "grpc", 1500],
    ["hang", "http/json", 4000],
    ["429 Retry-After", "grpc", 4000]
  ] as const) {
    it.live(`with 2,048 spans that wait it is gone in time when it is told to stop: ${fault}, over ${transport}`, () =>
      Effect.gen(function* () {
        const { arrived, exit, exitMs, queued } = yield* Stops.run(fault, transport)
        assert.strictEqual(exit, 130)
        assert.strictEqual(arrived, fault === "none" ? queued : 0)
        // The bar itself is `npm run faults -- --stop`; here the machine may be busy
        assert.isBelow(exitMs, within)
      })
    )
  }

  it.live("a signal while it waits for a collector that hangs ends it as ever, where nobody else listens for one", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* collector.respondWith(FakeCollector.hang, { times: Infinity })
      const command = ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", shortRun, "runPromise"]
      const env = { TRACING_ENABLED: "true", TRACING_ENDPOINT: collector.url }
      const child = yield* ChildProcess.make(process.execPath, command, { env, extendEnv: true })
      yield* collector.awaitRequests(1)
      const told = performance.now()
      yield* Effect.sync(() => void process.kill(child.pid, "SIGTERM"))
      const error = yield* Effect.flip(child.exitCode)
      assert.include(String(error.cause), "SIGTERM")
      assert.isBelow(performance.now() - told, 1500)
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(FakeCollector.layer, NodeServices.layer)))
  )

  it.live("nothing that delivery waits for keeps a process alive that forgot to close its layer", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      for (const fault of [FakeCollector.hang, FakeCollector.status(503)]) {
        yield* collector.recover
        yield* collector.respondWith(fault, { times: Infinity })
        for (const [endpoint, protocol] of [
          [collector.url, "http/protobuf"],
          [collector.grpcUrl, "grpc"]
        ] as const) {
          const env = { TRACING_ENDPOINT: endpoint, TRACING_PROTOCOL: protocol, TRACING_BATCH_TIMEOUT: "10" }
          const { code, millis } = yield* ending("forgetful", env)
          assert.strictEqual(code, 0)
          assert.isBelow(millis, 1500)
        }
      }
    }).pipe(Effect.provide(Layer.merge(FakeCollector.layer, NodeServices.layer)))
  )
})
