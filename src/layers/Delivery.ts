/**
 * The way from the tracer to the exporters, put together from settings.
 */
import * as Otel from "@opentelemetry/api"
import type * as Sdk from "@opentelemetry/sdk-trace-base"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Result from "effect/Result"
import type * as EffectScope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as Abandonment from "../export/Abandonment.ts"
import { ExporterWatch } from "../export/ExporterWatch.ts"
import * as OtelExporter from "../export/OtelExporter.ts"
import { toReadableSpan } from "../export/ReadableSpan.ts"
import type { LogFilter } from "../model/LogRecord.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { Scope } from "../model/SpanData.ts"
import type { SpanExporter } from "../model/SpanExporter.ts"
import type { SpanSink, Stage } from "../model/SpanSink.ts"
import * as Destinations from "../pipeline/Destinations.ts"
import * as LettingGo from "../pipeline/LettingGo.ts"
import * as PipelineMetrics from "../pipeline/PipelineMetrics.ts"
import * as Redaction from "../pipeline/Redaction.ts"
import type { QueueView } from "../pipeline/QueueView.ts"
import * as TailRule from "../pipeline/TailRule.ts"
import * as TailSampling from "../pipeline/TailSampling.ts"
import type { TailView } from "../pipeline/TailView.ts"
import { TokenBucket } from "../sampling/TokenBucket.ts"
import type { GoraxSpan } from "../tracer/GoraxSpan.ts"
import { passThrough } from "../tracer/GoraxTracer.ts"
import * as Exporters from "./Exporters.ts"
import type { OwnHeaders } from "./OwnHeaders.ts"
import type { TracingConfig } from "./TracingConfig.ts"
import type { TracingConfigError } from "./TracingConfigError.ts"
import * as UnheldClock from "./UnheldClock.ts"
import * as UntracedExporter from "./UntracedExporter.ts"

/** Parts of the user's own. */
export interface DeliveryPlugins {
  /** Receive every span beside the configured exporters, each in batches of its own: exporters of ours, or of the OpenTelemetry SDK. */
  readonly exporters?: ReadonlyArray<SpanExporter | Sdk.SpanExporter>
  /** Told of every span at its start and, after all stages and without its secrets, at its end. */
  readonly spanProcessors?: ReadonlyArray<Sdk.SpanProcessor>
  /**
   * Headers for OTLP that change, as tokens do, besides `TRACING_HEADERS`: asked for before a request, once a second at
   * most, and at once when they are refused (401, 403). Where it fails the last good ones stay in use.
   */
  readonly headers?: OwnHeaders
  /** What spans pass through before secrets are removed from them and they are batched, in the order they meet it. */
  readonly stages?: ReadonlyArray<Stage>
  /** Sees every log record before it waits to be sent, to change it or leave it out. */
  readonly logFilter?: LogFilter
  /** Have runs kept that sampling left out, beside `TRACING_TAIL_*` and before it; each is asked when a run is over. */
  readonly tailRules?: ReadonlyArray<TailRule.TailRule>
}

export interface Delivery {
  readonly sink: SpanSink
  /** True where some stage wants to see the spans of unsampled traces too; those nobody keeps are let go behind it. */
  readonly recordsUnsampled: boolean
  /** Told of the local roots among them. */
  readonly onRecordedRoot: ((traceId: string, spanId: string) => void) | undefined
  /** Hands on, before it returns, what a stage still holds: the process is about to be gone. */
  readonly settle: () => void
  /** What can be seen of tail sampling, where that is on. */
  readonly tail: TailView | undefined
  readonly onStart: ((span: GoraxSpan) => void) | undefined
  /** The same for a span of OpenTelemetry's SDK. */
  readonly onForeignStart: ((span: Sdk.Span, parent: Otel.Context) => void) | undefined
  /** What is known of each exporter. */
  readonly exporters: ReadonlyArray<ExporterWatch>
  /** What can be seen of the queues in front of them: one for all, or one for each. */
  readonly queues: ReadonlyArray<QueueView>
}

/** Of this package. */
export const version = "0.1.0"

/** The instrumentation scope of every span of Effect. */
export const scope: Scope = { name: "@gorax/tracing", version }

const plugged = (
  exporter: SpanExporter | Sdk.SpanExporter
): Effect.Effect<Exporters.Watched, never, EffectScope.Scope> =>
  Effect.map("shutdown" in exporter ? OtelExporter.fromOtel(exporter) : Effect.succeed(exporter), (exporter) => {
    const watch = new ExporterWatch("own", "own_span_exporter")
    return {
      watch,
      destination: { name: "an exporter of your own", exporter: UntracedExporter.make(watch.around(exporter)) }
    }
  })

/** Where spans end that nobody batches: processors have taken them, or nobody wanted them. */
const unbatched = (books: SpanBooks.SpanBooks, taken: boolean): SpanSink => ({
  push() {
    if (taken) books.exported++
    else SpanBooks.drop(books, "no_exporter")
  },
  flush: Effect.succeed({ exported: 0, left: 0 })
})

const beside = (sink: SpanSink, others: ReadonlyArray<SpanSink>): SpanSink =>
  others.length === 0
    ? sink
    : {
        push(span) {
          sink.push(span)
          for (const other of others) other.push(span)
        },
        flush: Effect.tap(sink.flush, () => Effect.forEach(others, (other) => other.flush, { discard: true }))
      }

/** A span that has just begun, with all that a processor may read of it and write to it. */
const begun = (span: GoraxSpan): Sdk.Span =>
  new Proxy(span.span, {
    get(api, key) {
      const value: unknown = Reflect.get(key in api ? api : toReadableSpan(span), key)
      return typeof value === "function" ? value.bind(api) : value
    }
  }) as unknown as Sdk.Span

/** Tells processors of a span that has begun; what they throw is theirs. */
const announce =
  (processors: ReadonlyArray<Sdk.SpanProcessor>) =>
  (span: Sdk.Span, parent: Otel.Context): void => {
    for (const processor of processors) Result.try(() => processor.onStart(span, parent))
  }

/** For fibers that are delivery's own: what they do is not recorded, and their waiting keeps no process alive. */
export const alone = Effect.map(
  Clock.clockWith((clock) => Effect.succeed(UnheldClock.make(clock))),
  (clock) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      effect.pipe(Effect.provideService(Tracer.Tracer, passThrough), Effect.provideService(Clock.Clock, clock))
)

/** Batches what is to be exported; with a spool, from the disk. Nobody who has none loads it. */
const batched = Effect.fnUntraced(function* (
  settings: TracingConfig,
  books: SpanBooks.SpanBooks,
  destinations: ReadonlyArray<Destinations.Destination>,
  onQueue: (queue: QueueView) => void
): Effect.fn.Return<SpanSink, TracingConfigError, EffectScope.Scope> {
  const { batch, shutdownTimeout } = settings
  const untraced = yield* alone
  const options = { ...batch, books, shutdownTimeout, untraced, onQueue }
  if (settings.spool === undefined) return yield* Destinations.make(destinations, options)
  const SpooledDelivery = yield* Effect.promise(() => import("./SpooledDelivery.ts"))
  return yield* SpooledDelivery.make(settings.spool, destinations, options)
})

/** Tail sampling, where settings or rules of the user's ask for it. */
const tailSampling = Effect.fnUntraced(function* (
  { tail }: TracingConfig,
  books: SpanBooks.SpanBooks,
  ownRules: ReadonlyArray<TailRule.TailRule>
) {
  if (tail.keep.length === 0 && ownRules.length === 0) return undefined
  const clock = yield* Clock.Clock
  const slowerThan = tail.slowerThan && Duration.toMillis(tail.slowerThan)
  return TailSampling.make({
    ...tail,
    books,
    untraced: yield* alone,
    rules: [...ownRules, ...TailRule.fromOptions({ ...tail, slowerThan })],
    certainRules: TailRule.certainFrom({ ...tail, slowerThan }),
    slowest: tail.slowest > 0 ? tail.slowest : undefined,
    keptRate: tail.maxPerSecond === undefined ? undefined : new TokenBucket(tail.maxPerSecond, clock)
  })
})

/** What the layer adds to its pipeline. */
export interface Wiring {
  /** Stages that spans of all traces meet first, the unsampled ones among them. */
  readonly observers?: ReadonlyArray<Stage>
  /** Removes secrets; by the defaults, where nothing else is said. */
  readonly redaction?: Redaction.Redaction
  /** Stages that meet what is really delivered, without its secrets. */
  readonly last?: ReadonlyArray<Stage>
  /** Opened when nobody wants to wait for an answer any more. */
  readonly givenUp?: Latch.Latch
}

/**
 * Builds the pipeline in a scope: it is flushed, within the shutdown timeout or until it is given up, and closed with that
 * scope.
 */
export const make = Effect.fnUntraced(function* (
  settings: TracingConfig,
  books: SpanBooks.SpanBooks,
  plugins: DeliveryPlugins,
  { givenUp = Latch.makeUnsafe(), last = [], observers = [], redaction = Redaction.defaults }: Wiring = {}
): Effect.fn.Return<Delivery, TracingConfigError, EffectScope.Scope> {
  const { exporters: ownExporters = [], headers, spanProcessors = [], stages = [], tailRules = [] } = plugins
  const watched = [
    ...(yield* Exporters.make(settings, version, headers)),
    ...(yield* Effect.forEach(ownExporters, plugged))
  ]
  const exporters = watched.map(({ watch }) => watch)
  const destinations = watched.map(({ destination, watch }, index): Destinations.Destination => ({
    ...destination,
    exporter: Abandonment.make(PipelineMetrics.timed(destination.exporter, watch.type, index), givenUp)
  }))
  const processors = yield* Effect.forEach(spanProcessors, (processor) => OtelExporter.fromSpanProcessor(processor))
  const queues: Array<QueueView> = []
  const end =
    destinations.length === 0
      ? unbatched(books, processors.length > 0)
      : yield* batched(settings, books, destinations, (queue) => queues.push(queue))
  const tail = yield* tailSampling(settings, books, tailRules)
  yield* PipelineMetrics.publish(
    books,
    queues.map((queue, index) => ({ queue, exporterType: exporters[index]!.type })),
    tail?.view
  )
  let sink = beside(end, processors)
  const early = tail === undefined ? observers : [...observers, tail.stage]
  const recordsUnsampled = early.length > 0
  const letting = recordsUnsampled ? [LettingGo.stage(books)] : []
  // Secrets are removed behind all that judge spans by what they hold, before all that keep or send them
  const way = [...early, ...letting, ...stages, redaction.stage, ...last]
  for (const stage of way.toReversed()) sink = yield* stage(sink)
  const seen = {
    sink,
    recordsUnsampled,
    onRecordedRoot: tail?.begin,
    settle: () => tail?.settle(),
    tail: tail?.view,
    exporters,
    queues
  }
  if (spanProcessors.length === 0) return { ...seen, onStart: undefined, onForeignStart: undefined }
  const onForeignStart = announce(spanProcessors)
  return { ...seen, onStart: (span) => onForeignStart(begun(span), Otel.context.active()), onForeignStart }
})
