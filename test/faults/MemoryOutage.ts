/**
 * Bar R1 without a spool: nobody listens for half a minute, with the settings that a program has when nobody set any.
 */
import { FakeCollector } from "@gorax/tracing/testing"
import { Clock, Effect, Exit, Fiber, Logger, Result, Scope, Tracer } from "effect"
import * as Delivery from "../../src/layers/Delivery.ts"
import * as TracingConfig from "../../src/layers/TracingConfig.ts"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import { tracerOver, type Transport } from "./Scenario.ts"

/** A line of the result. */
export interface Row {
  readonly bar: "R1"
  readonly transport: Transport
  readonly spool: false
  readonly spansPerSecond: number
  readonly outageSeconds: number
  readonly offered: number
  readonly exported: number
  readonly lost: number
  readonly duplicated: number
  /** From the collector's return until it had all that ended before. */
  readonly caughtUpSeconds: number
  readonly ok: boolean
}

/** When the collector goes and comes back, and when the program ends, in seconds from its beginning. */
export interface Plan {
  readonly from: number
  readonly to: number
  readonly end: number
}

/** The bar. */
export const halfAMinute: Plan = { from: 5, to: 35, end: 40 }

const spansPerSecond = 1000
const longest = 5

const turn = "n"

/** Ends so many spans a second until `end`, each with its number; what is due at a moment ends at once. */
const work = Effect.fnUntraced(function* (end: number, ended: { count: number }) {
  const began = yield* Clock.currentTimeMillis
  while (ended.count < end * spansPerSecond) {
    const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
    const due = Math.min(seconds, end) * spansPerSecond
    while (ended.count < due) yield* Effect.withSpan(Effect.void, "work", { attributes: { [turn]: ended.count++ } })
    yield* Effect.sleep("10 millis")
  }
})

/** Waits until the collector has every span before this one. */
const caughtUp = (collector: FakeCollector.FakeCollector["Service"], before: number) =>
  Effect.gen(function* () {
    const spans = yield* collector.spans
    const turns = new Set(spans.map(({ attributes }) => Number(attributes.get(turn))).filter((n) => n < before))
    if (turns.size === before) return true
    yield* collector.awaitSpans(spans.length + 1)
    return false
  }).pipe(Effect.repeat({ until: (done) => done }))

/** Runs the program against a collector of its own. */
export const run = (plan: Plan, transport: Transport): Effect.Effect<Row> =>
  Effect.gen(function* () {
    const collector = yield* FakeCollector.FakeCollector
    const books = SpanBooks.make()
    const scope = yield* Scope.make()
    const settings = Result.getOrThrow(
      TracingConfig.fromRecord({
        TRACING_ENABLED: "true",
        TRACING_PROTOCOL: transport,
        TRACING_ENDPOINT: transport === "grpc" ? collector.grpcUrl : collector.url
      })
    )
    const { sink } = yield* Delivery.make(settings, books, {}).pipe(Scope.provide(scope), Effect.orDie)
    const tracer = tracerOver(sink, books)
    const ended = { count: 0 }
    const working = yield* Effect.forkChild(Effect.provideService(work(plan.end, ended), Tracer.Tracer, tracer))
    yield* Effect.sleep(plan.from * 1000)
    yield* collector.stop
    yield* Effect.sleep((plan.to - plan.from) * 1000)
    const waited = ended.count
    yield* collector.start
    const back = performance.now()
    yield* Effect.timeoutOption(caughtUp(collector, waited), "1 minute")
    const caughtUpSeconds = Math.round(performance.now() - back) / 1000
    yield* Fiber.join(working)
    yield* sink.flush
    yield* Scope.close(scope, Exit.void)

    const ids = (yield* collector.spans).map(({ spanId }) => spanId)
    const arrived = new Set(ids).size
    const offered = plan.end * spansPerSecond
    const lost = offered - arrived
    const duplicated = ids.length - arrived
    const balanced = books.ended === offered && books.exported === arrived && SpanBooks.inFlight(books) === 0
    return {
      bar: "R1" as const,
      transport,
      spool: false as const,
      spansPerSecond,
      outageSeconds: plan.to - plan.from,
      offered,
      exported: books.exported,
      lost,
      duplicated,
      caughtUpSeconds,
      ok: balanced && lost === 0 && duplicated === 0 && caughtUpSeconds <= longest
    }
  }).pipe(Effect.provide([FakeCollector.layer, Logger.layer([])]), Effect.scoped)
