/**
 * All that is delivered: spans, and beside them log records and metrics, where the settings want them.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Scope from "effect/Scope"
import type * as SpanBooks from "../model/SpanBooks.ts"
import type { SpanSink } from "../model/SpanSink.ts"
import type { Exchange } from "../tracer/SpanLoggers.ts"
import * as Delivery from "./Delivery.ts"
import * as LogCorrelation from "./LogCorrelation.ts"
import * as Logs from "./Logs.ts"
import * as Metrics from "./Metrics.ts"
import * as Redacting from "./Redacting.ts"
import type { TracingConfig } from "./TracingConfig.ts"
import type { TracingConfigError } from "./TracingConfigError.ts"

export interface Signals {
  /** Whose sink flushes log records, too. */
  readonly delivery: Delivery.Delivery
  /** What becomes of loggers inside spans. */
  readonly loggers: Exchange
  /** What programs find of them in their context. */
  readonly provided: Context.Context<never>
}

/** What becomes of loggers inside spans. */
export const exchange = ({ logs }: TracingConfig, sent?: Logs.Logs): Exchange =>
  LogCorrelation.exchange({ ids: logs.correlation, events: logs.events, records: sent?.logger })

/** What is closed side by side, so that the end takes as long as one of them needs, and not all. */
const sideBySide = Effect.map(
  Effect.flatMap(Effect.scope, (scope) => Scope.fork(scope, "parallel")),
  (all) =>
    <A, E>(self: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<A, E> =>
      Effect.flatMap(Scope.fork(all), (own) => Scope.provide(self, own))
)

/** Sends what waits of all that is delivered, and says what became of spans. */
const flushing = (sink: SpanSink, logs: Logs.Logs): SpanSink => ({
  ...sink,
  flush: Effect.map(Effect.all([sink.flush, logs.flush], { concurrency: "unbounded" }), ([spans]) => spans)
})

/** The loggers around the layer and the one that sends records, and where metrics are found. */
const provided = (logs: Logs.Logs | undefined, metrics: Metrics.Metrics | undefined) =>
  Effect.map(Logger.CurrentLoggers, (loggers): Context.Context<never> => {
    const empty = Context.empty()
    const logged =
      logs === undefined ? empty : Context.add(empty, Logger.CurrentLoggers, new Set([...loggers, logs.logger]))
    return metrics === undefined ? logged : Context.add(logged, Metric.MetricRegistry, metrics.registry)
  })

/** Opens all of it in a scope; with that it is flushed, within the shutdown timeout, and closed. */
export const make = Effect.fnUntraced(function* (
  settings: TracingConfig,
  books: SpanBooks.SpanBooks,
  plugins: Delivery.DeliveryPlugins,
  { givenUp, redaction }: Required<Pick<Delivery.Wiring, "givenUp" | "redaction">>
): Effect.fn.Return<Signals, TracingConfigError, Scope.Scope> {
  const beside = yield* sideBySide
  const logs =
    settings.logs.sent &&
    (yield* beside(Logs.make(settings, settings.logs.sent, Redacting.records(redaction, plugins.logFilter))))
  const keepsUnsampled = settings.tail.keep.length > 0 || (plugins.tailRules ?? []).length > 0
  const metrics = settings.metrics && (yield* Metrics.make(settings.metrics, { keepsUnsampled }))
  const wiring = {
    givenUp,
    redaction,
    observers: metrics?.observers ?? [],
    last: [...(logs?.stages ?? []), ...(metrics?.last ?? [])]
  }
  const delivery = yield* beside(Delivery.make(settings, books, plugins, wiring))
  if (settings.metrics?.sent && metrics) yield* beside(Metrics.send(settings, settings.metrics, metrics.registry))
  return {
    delivery: logs === undefined ? delivery : { ...delivery, sink: flushing(delivery.sink, logs) },
    loggers: exchange(settings, logs),
    provided: yield* provided(logs, metrics)
  }
})
