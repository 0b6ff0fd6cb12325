/**
 * The way from the tracer to the exporters, put together from settings.
 */
import * as Otel from "@opentelemetry/api"
import { suppressTracing } from "@opentelemetry/core"
import type * as Sdk from "@opentelemetry/sdk-trace-base"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as EffectScope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as ConsoleExporter from "../export/ConsoleExporter.ts"
import { ExporterWatch } from "../export/ExporterWatch.ts"
import * as FanOut from "../export/FanOut.ts"
import * as Halving from "../export/Halving.ts"
import * as OtelExporter from "../export/OtelExporter.ts"
import * as OtlpExporter from "../export/OtlpExporter.ts"
import * as Retry from "../export/Retry.ts"
import * as SdkOtlpExporter from "../export/SdkOtlpExporter.ts"
import { toReadableSpan } from "../export/ReadableSpan.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { Scope } from "../model/SpanData.ts"
import type { SpanExporter } from "../model/SpanExporter.ts"
import type { SpanSink, Stage } from "../model/SpanSink.ts"
import * as Batching from "../pipeline/Batching.ts"
import * as PipelineMetrics from "../pipeline/PipelineMetrics.ts"
import type { QueueView } from "../pipeline/QueueView.ts"
import type { GoraxSpan } from "../tracer/GoraxSpan.ts"
import { passThrough } from "../tracer/GoraxTracer.ts"
import * as TlsFiles from "./TlsFiles.ts"
import type { TracingConfig } from "./TracingConfig.ts"
import type { TracingConfigError } from "./TracingConfigError.ts"
import * as UnheldClock from "./UnheldClock.ts"

/** Parts of the user's own. */
export interface DeliveryPlugins {
  /** Receive every batch beside the configured exporter: exporters of ours, or of the OpenTelemetry SDK. */
  readonly exporters?: ReadonlyArray<SpanExporter | Sdk.SpanExporter>
  /** Told of every span at its start and, after all stages, at its end. */
  readonly spanProcessors?: ReadonlyArray<Sdk.SpanProcessor>
  /** What spans pass through before they are batched, in the order they meet it. */
  readonly stages?: ReadonlyArray<Stage>
}

export interface Delivery {
  readonly sink: SpanSink
  readonly onStart: ((span: GoraxSpan) => void) | undefined
  /** The same for a span of OpenTelemetry's SDK. */
  readonly onForeignStart: ((span: Sdk.Span, parent: Otel.Context) => void) | undefined
  /** What is known of each exporter. */
  readonly exporters: ReadonlyArray<ExporterWatch>
  /** What can be seen of the queues in front of them: one for all, or one for each. */
  readonly queues: ReadonlyArray<QueueView>
}

/** The instrumentation scope of every span of Effect. */
export const scope: Scope = { name: "@gorax/tracing", version: "0.1.0" }

/** True on a terminal that shows colours; Node itself heeds `NO_COLOR`. */
const isColourful = (): boolean => process.stdout.isTTY && process.stdout.hasColors()

const userAgent = `gorax-tracing-OTLP-Exporter-JavaScript/${scope.version}`

/** An exporter, and what is seen of it. */
interface Watched {
  readonly exporter: SpanExporter
  readonly watch: ExporterWatch
}

const watched = (watch: ExporterWatch, exporter: SpanExporter): Watched => ({ exporter: watch.around(exporter), watch })

/** What OpenTelemetry calls an exporter of OTLP. */
const otlpTypes = {
  grpc: "otlp_grpc_span_exporter",
  "http/protobuf": "otlp_http_span_exporter",
  "http/json": "otlp_http_json_span_exporter"
} as const

/** What is too large is halved, and each half tried again by itself; each try is seen. */
const otlp = (settings: TracingConfig): Effect.Effect<Watched, TracingConfigError, EffectScope.Scope> =>
  TlsFiles.read(settings).pipe(
    Effect.flatMap((tls) => OtlpExporter.make({ settings: settings.otlp, tls, userAgent })),
    Effect.map((exporter) => {
      const { display, protocol } = settings.otlp.endpoint
      const watch = new ExporterWatch("otlp", otlpTypes[protocol], display)
      return { exporter: Halving.make(Retry.make(watch.around(exporter), settings.retry)), watch }
    })
  )

const configured = (
  settings: TracingConfig
): Effect.Effect<ReadonlyArray<Watched>, TracingConfigError, EffectScope.Scope> => {
  switch (settings.exporter) {
    case "otlp":
      return Effect.map(otlp(settings), (exporter) => [exporter])
    case "otlp-sdk": {
      const watch = new ExporterWatch("otlp-sdk", otlpTypes["http/json"], settings.otlp.endpoint.display)
      return Effect.map(SdkOtlpExporter.make(settings.otlp), (exporter) => [watched(watch, exporter)])
    }
    case "console": {
      const watch = new ExporterWatch("console", "console_span_exporter")
      return Effect.map(ConsoleExporter.make({ colour: isColourful() }), (exporter) => [watched(watch, exporter)])
    }
    case "none":
      return Effect.succeed([])
  }
}

const plugged = (exporter: SpanExporter | Sdk.SpanExporter): Effect.Effect<Watched, never, EffectScope.Scope> =>
  Effect.map("shutdown" in exporter ? OtelExporter.fromOtel(exporter) : Effect.succeed(exporter), (exporter) =>
    watched(new ExporterWatch("own", "own_span_exporter"), exporter)
  )

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

const evaluate = "~effect/Effect/evaluate"
const suppressed = suppressTracing(Otel.ROOT_CONTEXT)

/** Records nothing of what delivers, and keeps OpenTelemetry's instrumentation from recording it. */
const untraced: Tracer.Tracer = {
  ...passThrough,
  context: (primitive, fiber) => Otel.context.with(suppressed, () => primitive[evaluate](fiber))
}

/** For fibers that are delivery's own: what they do is not recorded, and their waiting keeps no process alive. */
export const alone = Effect.map(
  Clock.clockWith((clock) => Effect.succeed(UnheldClock.make(clock))),
  (clock) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      effect.pipe(Effect.provideService(Tracer.Tracer, untraced), Effect.provideService(Clock.Clock, clock))
)

/** Builds the pipeline in a scope: it is flushed, within the shutdown timeout, and closed with that scope. */
export const make = Effect.fnUntraced(function* (
  settings: TracingConfig,
  books: SpanBooks.SpanBooks,
  plugins: DeliveryPlugins
): Effect.fn.Return<Delivery, TracingConfigError, EffectScope.Scope> {
  const { exporters: ownExporters = [], spanProcessors = [], stages = [] } = plugins
  const all = [...(yield* configured(settings)), ...(yield* Effect.forEach(ownExporters, plugged))]
  const exporters = all.map(({ watch }) => watch)
  const queues: Array<QueueView> = []
  const exporterType = exporters.map(({ type }) => type).join("+")
  const processors = yield* Effect.forEach(spanProcessors, (processor) => OtelExporter.fromSpanProcessor(processor))
  const end =
    exporters.length === 0
      ? unbatched(books, processors.length > 0)
      : yield* Batching.make(PipelineMetrics.timed(FanOut.make(all.map(({ exporter }) => exporter)), exporterType, 0), {
          ...settings.batch,
          books,
          onQueue: (queue) => queues.push(queue),
          shutdownTimeout: settings.shutdownTimeout,
          untraced: yield* alone
        })
  yield* PipelineMetrics.publish(
    books,
    queues.map((queue) => ({ queue, exporterType }))
  )
  let sink = beside(end, processors)
  for (const stage of stages.toReversed()) sink = yield* stage(sink)
  const seen = { sink, exporters, queues }
  if (spanProcessors.length === 0) return { ...seen, onStart: undefined, onForeignStart: undefined }
  const onForeignStart = announce(spanProcessors)
  return { ...seen, onStart: (span) => onForeignStart(begun(span), Otel.context.active()), onForeignStart }
})
