/**
 * One fault, one transport: a program that makes spans all the while, and the books afterwards.
 *
 * Time is scaled so that a scenario takes seconds, see `scale`.
 */
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, Exit, Logger, Result, Scope, Tracer } from "effect"
import * as Delivery from "../../src/layers/Delivery.ts"
import * as TracingConfig from "../../src/layers/TracingConfig.ts"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import type { SpanSink } from "../../src/model/SpanSink.ts"
import * as SpanLimits from "../../src/model/SpanLimits.ts"
import { always } from "../../src/sampling/Sampler.ts"
import * as GoraxTracer from "../../src/tracer/GoraxTracer.ts"
import * as Ids from "../../src/tracer/Ids.ts"

export const transports = ["http/json", "http/protobuf", "grpc"] as const

export type Transport = (typeof transports)[number]

type Collector = FakeCollector.FakeCollector["Service"]

export interface Scenario {
  readonly fault: string
  /** Brings the fault about, half-way through the program, and takes it away again. */
  readonly happen: (collector: Collector) => Effect.Effect<void>
  /** Whether the collector refuses so many spans for good; by default it refuses none. */
  readonly refuses?: (spans: number, transport: Transport) => boolean
}

/** A line of the matrix. */
export interface Row {
  readonly bar: "R2"
  readonly fault: string
  readonly transport: Transport
  readonly ended: number
  readonly exported: number
  /** Ended, and neither arrived nor refused. */
  readonly lost: number
  readonly duplicated: number
  readonly rejected: number
  readonly onDisk: number
  readonly requests: number
  readonly stopMs: number
  readonly ok: boolean
}

/** Told with the results. */
export const scale =
  "Times are scaled: waits before another try are a tenth of the defaults; deadlines of requests and slow answers a twentieth."

const batchSize = 50
const spansBefore = 200
const spansDuring = 400
const total = spansBefore + spansDuring
/** They end so many at a time. */
const burst = 10

const settings = (collector: Collector, transport: Transport) =>
  Result.getOrThrow(
    TracingConfig.fromRecord({
      TRACING_ENABLED: "true",
      TRACING_PROTOCOL: transport,
      TRACING_ENDPOINT: transport === "grpc" ? collector.grpcUrl : collector.url,
      TRACING_BATCH_SIZE: String(batchSize),
      TRACING_BATCH_TIMEOUT: "20",
      TRACING_TIMEOUT: "500",
      TRACING_RETRY_DELAY: "100",
      TRACING_RETRY_MAX_DELAY: "500"
    })
  )

/** Opens and ends so many spans, some every few milliseconds. */
const work = (count: number) =>
  Effect.forEach(
    Array.from({ length: count / burst }),
    () =>
      Effect.andThen(
        Effect.forEach(Array.from({ length: burst }), () => Effect.withSpan(Effect.void, "work"), { discard: true }),
        Effect.sleep("5 millis")
      ),
    { discard: true }
  )

const isBalanced = (books: SpanBooks.SpanBooks): boolean => {
  const inFlight = SpanBooks.inFlight(books)
  return inFlight >= 0 && books.started === books.ended + books.sampledOut && inFlight <= books.ended
}

/** A tracer that records everything into a delivery. */
export const tracerOver = (sink: SpanSink, books: SpanBooks.SpanBooks): Tracer.Tracer =>
  GoraxTracer.make({
    sink,
    books,
    sampler: always,
    ids: Ids.secure(),
    limits: SpanLimits.defaults,
    resource: { attributes: { "service.name": "faults" } },
    scope: Delivery.scope
  })

/** Runs the program against a collector of its own. */
export const run = (scenario: Scenario, transport: Transport): Effect.Effect<Row> =>
  Effect.gen(function* () {
    const collector = yield* FakeCollector.FakeCollector
    const books = SpanBooks.make()
    const scope = yield* Scope.make()
    const { sink } = yield* Delivery.make(settings(collector, transport), books, {}).pipe(
      Scope.provide(scope),
      Effect.orDie
    )
    const tracer = tracerOver(sink, books)
    const traced = Effect.provideService(Tracer.Tracer, tracer)
    yield* traced(work(spansBefore))
    yield* sink.flush
    yield* Effect.all([scenario.happen(collector), traced(work(spansDuring))], { concurrency: 2, discard: true })
    const balanced = isBalanced(books)
    // What waits has its time: a program goes on after a fault
    yield* Effect.timeoutOption(sink.flush, "5 seconds")
    const stopping = performance.now()
    yield* Scope.close(scope, Exit.void)
    const stopMs = Math.round(performance.now() - stopping)

    const ids = (yield* collector.spans).map((span) => span.spanId)
    const arrived = new Set(ids)
    const duplicated = ids.length - arrived.size
    const rejected = books.rejected
    const lost = books.ended - arrived.size - rejected
    const isRefused = scenario.refuses ?? ((spans) => spans === 0)
    const ok =
      balanced &&
      SpanBooks.inFlight(books) === 0 &&
      books.ended === total &&
      books.exported === arrived.size &&
      lost === 0 &&
      isRefused(rejected, transport) &&
      stopMs < 3000
    return {
      bar: "R2" as const,
      fault: scenario.fault,
      transport,
      ended: books.ended,
      exported: books.exported,
      lost,
      duplicated,
      rejected,
      onDisk: 0,
      requests: (yield* collector.requests).length,
      stopMs,
      ok
    }
  }).pipe(Effect.provide([FakeCollector.layer, Logger.layer([])]), Effect.scoped)

const forAWhile = "500 millis"

/** Answers nothing but this for a while. */
const answering =
  (fault: number | FakeCollector.Fault, headers: Readonly<Record<string, string>> = {}) =>
  (collector: Collector): Effect.Effect<void> =>
    collector
      .respondWith(fault, { times: Infinity, headers })
      .pipe(Effect.andThen(Effect.sleep(forAWhile)), Effect.andThen(collector.recover))

/** Nobody listens for so long. */
const away = (millis: number) => (collector: Collector) =>
  collector.stop.pipe(Effect.andThen(Effect.sleep(millis)), Effect.andThen(collector.start))

/** Answers one request like this. */
const once = (fault: number | FakeCollector.Fault) => (collector: Collector) => collector.respondWith(fault)

const oneBatch = (spans: number): boolean => spans >= burst && spans <= batchSize

export const scenarios: ReadonlyArray<Scenario> = [
  { fault: "none", happen: () => Effect.void },
  { fault: "refused", happen: away(1500) },
  { fault: "hang", happen: answering(FakeCollector.hang) },
  { fault: "429 Retry-After", happen: answering(429, { "retry-after": "1" }) },
  {
    fault: "429",
    happen: answering(429),
    // Over gRPC a server that is out of something, and does not say for how long, refuses for good
    refuses: (spans, transport) => (transport === "grpc" ? spans > 0 : spans === 0)
  },
  { fault: "503", happen: answering(503) },
  { fault: "503 Retry-After", happen: answering(503, { "retry-after": "1" }) },
  { fault: "502", happen: answering(502) },
  { fault: "reset mid-request", happen: answering(FakeCollector.resetRequest) },
  { fault: "reset mid-response", happen: once(FakeCollector.resetResponse) },
  { fault: "slow 5 s", happen: answering(FakeCollector.slow("250 millis")) },
  { fault: "1-s blip", happen: away(100) },
  {
    fault: "restart",
    happen: (collector) => Effect.repeat(Effect.andThen(away(50)(collector), Effect.sleep(50)), { times: 3 })
  },
  { fault: "400", happen: once(400), refuses: oneBatch },
  { fault: "401", happen: once(401), refuses: oneBatch },
  { fault: "413, half fits", happen: answering(FakeCollector.tooLarge(batchSize / 2)) },
  { fault: "413, nothing fits", happen: answering(FakeCollector.tooLarge(0)), refuses: (spans) => spans > 0 },
  { fault: "partial success", happen: once(FakeCollector.partial(7)), refuses: (spans) => spans === 7 }
]
