/**
 * Metrics beside traces: of every run, with examples that lead to its trace, and on their way to an OTLP receiver.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as OtlpMetrics from "../export/OtlpMetrics.ts"
import * as OtlpSignal from "../export/OtlpSignal.ts"
import * as Retry from "../export/Retry.ts"
import * as ExemplarBoard from "../metrics/ExemplarBoard.ts"
import * as Readings from "../metrics/Readings.ts"
import * as RunMetrics from "../metrics/RunMetrics.ts"
import { WatchedRegistry } from "../metrics/WatchedRegistry.ts"
import type { Stage } from "../model/SpanSink.ts"
import * as BatchOutcome from "../pipeline/BatchOutcome.ts"
import { LossReport } from "../pipeline/LossReport.ts"
import * as Delivery from "./Delivery.ts"
import * as TlsFiles from "./TlsFiles.ts"
import type { MetricsSetting, TracingConfig } from "./TracingConfig.ts"
import type { TracingConfigError } from "./TracingConfigError.ts"

export interface Metrics {
  /** Where the program's metrics are found, with their examples. */
  readonly registry: Metric.MetricRegistry
  /** Measure the spans of all runs. */
  readonly observers: ReadonlyArray<Stage>
  /** See which spans are delivered. */
  readonly last: ReadonlyArray<Stage>
}

/** A span that is sampled, or not decided yet. */
const isSampled = (span: { readonly sampled: boolean }): boolean => span.sampled
const isSampledSpan = ({ traceFlags }: { readonly traceFlags: number }): boolean => (traceFlags & 1) !== 0

export interface MetricsOptions {
  /** True where a trace that was not sampled may be kept all the same. */
  readonly keepsUnsampled?: boolean
}

/** Measures, and finds examples, until the scope closes. */
export const make = Effect.fnUntraced(function* (
  { exemplars, series }: MetricsSetting,
  { keepsUnsampled = false }: MetricsOptions = {}
): Effect.fn.Return<Metrics, never, Scope.Scope> {
  const metrics = yield* Metric.MetricRegistry
  const random = yield* Random.Random
  const always = () => true
  const board = new ExemplarBoard.ExemplarBoard()
  const watched = new WatchedRegistry(metrics, board, {
    mayBeKept: keepsUnsampled ? always : isSampled,
    random: () => random.nextDoubleUnsafe()
  })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      watched.release()
      board.close()
    })
  )
  const shown = exemplars ? { board, registry: watched } : undefined
  return {
    registry: exemplars ? watched : metrics,
    observers: [RunMetrics.stage({ series, shown, mayBeKept: keepsUnsampled ? always : isSampledSpan })],
    last: exemplars ? [ExemplarBoard.witness(board)] : []
  }
})

/** Sends all of the program's metrics at intervals, and once more when the scope closes, within the shutdown timeout. */
export const send = Effect.fnUntraced(function* (
  settings: TracingConfig,
  { interval, otlp }: MetricsSetting,
  registry: Metric.MetricRegistry
): Effect.fn.Return<void, TracingConfigError, Scope.Scope> {
  const context = Context.add(yield* Effect.context(), Metric.MetricRegistry, registry)
  const since = yield* Clock.currentTimeNanos
  const untraced = yield* Delivery.alone
  const losses = new LossReport(undefined, "readings of metrics")
  const exporter = yield* OtlpSignal.make(
    {
      settings: otlp,
      tls: yield* TlsFiles.read(settings),
      userAgent: `gorax-tracing-OTLP-Exporter-JavaScript/${Delivery.scope.version}`,
      words: { setting: "TRACING_METRICS_ENDPOINT" }
    },
    OtlpMetrics.signal({ resource: { attributes: settings.resourceAttributes }, scope: Delivery.scope })
  )
  const trying = Retry.make(exporter, settings.retry)
  const note = (exit: BatchOutcome.ExportExit): void => {
    const { message, rejected } = BatchOutcome.fromExit(exit, 1)
    losses.add("rejected", rejected)
    if (message !== undefined) losses.lastError = message
  }
  // What did not arrive in time is in the next reading
  const sendOnce = Effect.flatMap(Clock.currentTimeNanos, (at) =>
    Effect.exit(trying.export([{ since, at, metrics: Readings.read(context) }]))
  ).pipe(Effect.map((exit) => (Exit.hasInterrupts(exit) ? undefined : note(exit))))
  const round = Effect.andThen(Effect.sleep(interval), Effect.timeoutOption(sendOnce, interval))
  yield* Effect.addFinalizer(() => untraced(losses.tell))
  yield* Effect.forkScoped(untraced(losses.run))
  yield* Effect.addFinalizer(() =>
    Effect.andThen(trying.ending ?? Effect.void, untraced(sendOnce)).pipe(
      Effect.interruptible,
      Effect.timeoutOption(settings.shutdownTimeout)
    )
  )
  yield* Effect.forkScoped(untraced(Effect.forever(round)))
})
