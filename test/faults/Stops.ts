/**
 * Bar R6: a process with 2,048 spans that nobody has sent is told to stop, and is gone in time whatever its collector does.
 */
import { NodeServices } from "@effect/platform-node"
import { FakeCollector } from "@gorax/tracing/testing"
import { Deferred, Effect, Layer, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"
import { type Transport, transports } from "./Scenario.ts"

type Collector = FakeCollector.FakeCollector["Service"]

/** What the collector does from the moment the process is told to stop. */
const faults = {
  none: () => Effect.void,
  refused: (collector) => collector.stop,
  hang: (collector) => collector.respondWith(FakeCollector.hang, { times: Infinity }),
  "slow 5 s": (collector) => collector.respondWith(FakeCollector.slow("5 seconds"), { times: Infinity }),
  "503": (collector) => collector.respondWith(503, { times: Infinity }),
  "429 Retry-After": (collector) => collector.respondWith(429, { times: Infinity, headers: { "retry-after": "60" } }),
  "reset mid-request": (collector) => collector.respondWith(FakeCollector.resetRequest, { times: Infinity }),
  "400": (collector) => collector.respondWith(400, { times: Infinity })
} satisfies Readonly<Record<string, (collector: Collector) => Effect.Effect<void>>>

export type Fault = keyof typeof faults

/** A line of the report. */
export interface Row {
  readonly bar: "R6"
  readonly fault: Fault
  readonly transport: Transport
  readonly queued: number
  readonly arrived: number
  /** From the signal to the exit. */
  readonly exitMs: number
  readonly exit: number
  readonly ok: boolean
}

const queued = 2048
const program = fileURLToPath(new URL("stop-run.ts", import.meta.url))

/** What a process that is well, and one that is not, may take; milliseconds. */
const within = (fault: Fault): number => (fault === "none" ? 100 : 3000)

/** Starts the program, waits until its spans have ended, and tells it to stop. */
export const run = (fault: Fault, transport: Transport): Effect.Effect<Row> =>
  Effect.gen(function* () {
    const collector = yield* FakeCollector.FakeCollector
    const done = yield* Deferred.make<void>()
    const child = yield* ChildProcess.make(
      process.execPath,
      ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", program, String(queued)],
      {
        env: {
          TRACING_ENABLED: "true",
          TRACING_PROTOCOL: transport,
          TRACING_ENDPOINT: transport === "grpc" ? collector.grpcUrl : collector.url,
          // None is sent before the end
          TRACING_BATCH_SIZE: String(2 * queued),
          TRACING_BATCH_TIMEOUT: "600000"
        },
        extendEnv: true
      }
    )
    yield* child.all.pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.runForEach((line) => (line === "done" ? Deferred.succeed(done, undefined) : Effect.void)),
      Effect.forkScoped
    )
    yield* Deferred.await(done)
    yield* faults[fault](collector)
    const told = performance.now()
    yield* Effect.sync(() => void process.kill(child.pid, "SIGTERM"))
    const exit = Number(yield* child.exitCode)
    const exitMs = Math.round(performance.now() - told)
    const arrived = (yield* collector.spans).length
    const ok = exit === 130 && exitMs <= within(fault) && (fault !== "none" || arrived === queued)
    return { bar: "R6" as const, fault, transport, queued, arrived, exitMs, exit, ok }
  }).pipe(Effect.scoped, Effect.provide(Layer.merge(FakeCollector.layer, NodeServices.layer)), Effect.orDie)

/** What a collector that takes 2,048 spans for the first time needs for itself is not what is measured. */
const rehearsed = (transport: Transport): Effect.Effect<Row> =>
  Effect.andThen(run("none", transport), run("none", transport))

/** Every fault over every transport, to be run one at a time: times are measured. */
export const all: ReadonlyArray<Effect.Effect<Row>> = (Object.keys(faults) as Array<Fault>).flatMap((fault) =>
  transports.map((transport) => (fault === "none" ? rehearsed(transport) : run(fault, transport)))
)
