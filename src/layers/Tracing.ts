/**
 * Tracing as a layer: built in a scope, flushed and closed with it.
 */
import { OtelTracer, Resource } from "@effect/opentelemetry"
import type { TracerProvider } from "@opentelemetry/api"
import { resourceFromAttributes } from "@opentelemetry/resources"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import { CurrentPropagator } from "../model/References.ts"
import type * as References from "../model/References.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import * as GoraxTracer from "../tracer/GoraxTracer.ts"
import * as Ids from "../tracer/Ids.ts"
import { OpenSpans } from "../tracer/OpenSpans.ts"
import * as OtelContext from "../tracer/OtelContext.ts"
import * as SpanClock from "../tracer/SpanClock.ts"
import * as BridgeTracer from "./BridgeTracer.ts"
import * as ConfiguredSampler from "./ConfiguredSampler.ts"
import * as Crossing from "./Crossing.ts"
import * as Delivery from "./Delivery.ts"
import * as HealthFile from "./HealthFile.ts"
import * as LayerHealth from "./LayerHealth.ts"
import * as OtelGlobals from "./OtelGlobals.ts"
import * as ProcessEndings from "./ProcessEndings.ts"
import * as Redacting from "./Redacting.ts"
import { SamplingRules } from "./SamplingRules.ts"
import * as SecondSignal from "./SecondSignal.ts"
import * as Signals from "./Signals.ts"
import * as StartLine from "./StartLine.ts"
import * as TracingConfig from "./TracingConfig.ts"
import { TracingHealth } from "./TracingHealth.ts"
import { toTexts, type TracingOptions, type TracingPlugins } from "./TracingOptions.ts"

export type { TracingOptions, TracingPlugins } from "./TracingOptions.ts"

/** What a tracing layer gives besides spans: the resource, for OpenTelemetry loggers and metrics that share it. */
export type Tracing = Resource.Resource

const unrecorded = (settings: TracingConfig.TracingConfig, trusts?: References.TrustPolicy): Context.Context<Tracing> =>
  Context.add(
    Crossing.context(settings, trusts),
    Resource.Resource,
    resourceFromAttributes({ ...settings.resourceAttributes } as never)
  ).pipe(Context.add(TracingHealth, LayerHealth.off(settings, trusts)))

const build = Effect.fnUntraced(function* (given: TracingConfig.TracingConfig, plugins: TracingPlugins) {
  const books = SpanBooks.make()
  if (!given.enabled) {
    yield* StartLine.log(given)
    return Context.add(unrecorded(given, plugins.trusts), Tracer.Tracer, GoraxTracer.passThrough)
  }
  const { rules, sampler } = yield* ConfiguredSampler.make(given, books, plugins.sampler)
  yield* StartLine.log(given, sampler)
  const redaction = yield* Redacting.make(given.redaction, plugins.redactionRules ?? [], books)
  const settings = Redacting.settings(given, redaction)
  // Before what delivers, so that its last words are those of the end
  const file = yield* HealthFile.make(settings, yield* Delivery.alone)
  const secondSignal = yield* SecondSignal.make
  const { delivery, loggers, provided } = yield* Signals.make(settings, books, plugins, {
    redaction,
    givenUp: secondSignal.givenUp
  })
  yield* Effect.addFinalizer(() => secondSignal.listen)
  const health = yield* LayerHealth.make({
    settings,
    trusts: plugins.trusts,
    sampler,
    rules,
    books,
    delivery,
    alone: yield* Delivery.alone
  })
  yield* file.follow(health.snapshot)
  const openSpans = new OpenSpans()
  yield* ProcessEndings.watch({
    openSpans,
    settle: delivery.settle,
    flush: Effect.timeoutOption(delivery.sink.flush, settings.shutdownTimeout)
  })
  // Before the last flush: what runs in fibers that nobody interrupts is told all the same
  yield* Effect.addFinalizer(() =>
    Effect.clockWith((clock) => Effect.sync(() => openSpans.endAll(SpanClock.read(clock))))
  )
  const otelContext = settings.otelContext === "off" ? undefined : OtelContext.make(settings.otelContext)
  const tracerOptions: GoraxTracer.GoraxTracerOptions = {
    sink: delivery.sink,
    onStart: delivery.onStart,
    recordsUnsampled: delivery.recordsUnsampled,
    onRecordedRoot: delivery.onRecordedRoot,
    sampler,
    books,
    openSpans,
    otelContext,
    loggers,
    ids: Ids.secure(),
    limits: settings.spanLimits,
    resource: { attributes: settings.resourceAttributes },
    scope: Delivery.scope
  }
  const told = unrecorded(settings, plugins.trusts)
  const base = Context.merge(told, Redacting.context(told, redaction)).pipe(
    Context.add(TracingHealth, health),
    Context.add(SamplingRules, rules)
  )
  const context = Context.merge(base, provided)
  if (otelContext !== undefined) {
    const propagator = Context.get(context, CurrentPropagator)!
    const { onForeignStart } = delivery
    yield* OtelGlobals.register({ ...tracerOptions, otelContext, propagator, onForeignStart })
  }
  return Context.add(context, Tracer.Tracer, GoraxTracer.make(tracerOptions))
})

type TracingLayer<E> = Layer.Layer<Tracing, E>

/**
 * Tracing with settings made in code. On, unless a wrong setting fails the layer.
 *
 * ```ts
 * Tracing.layer({ serviceName: "orders", endpoint: "http://localhost:4318", sampleRate: 0.1 })
 * ```
 */
export const layer = (options: TracingOptions = {}): TracingLayer<TracingConfig.TracingConfigError> =>
  Layer.effectContext(
    Effect.flatMap(Effect.fromResult(TracingConfig.fromRecord(toTexts(options))), (settings) =>
      build(settings, options)
    )
  )

/** Tracing with settings from the current `ConfigProvider`, and parts of your own. Off unless `TRACING_ENABLED=true`. */
export const layerConfig = (plugins: TracingPlugins = {}): TracingLayer<Config.ConfigError> =>
  Layer.effectContext(Effect.flatMap(TracingConfig.config, (settings) => build(settings, plugins)))

/** No tracing: nothing is recorded or logged, and contexts that arrive are handed on unchanged. */
export const layerDisabled: TracingLayer<never> = Layer.succeedContext(
  unrecorded(TracingConfig.defaults).pipe(
    Context.add(TracingHealth, LayerHealth.disabled),
    Context.add(Tracer.Tracer, GoraxTracer.passThrough)
  )
)

/** What a bridge stands upon. */
export interface BridgeOptions {
  /** Makes the spans. Without it, the provider that is registered with OpenTelemetry's API. */
  readonly provider?: TracerProvider
}

/**
 * Sends the spans of Effect through an OpenTelemetry provider that the application runs already.
 *
 * `Traced.*` and `Effect.withSpan` open spans there, among those of OpenTelemetry's own instrumentation. The provider
 * samples, limits, processes and exports them; nothing of ours does. Of the settings only those hold that say what
 * crosses boundaries: `TRACING_PROPAGATORS`, `TRACING_PROPAGATE_*`, `TRACING_BAGGAGE_*`, `TRACING_TRUST*`,
 * `TRACING_HTTP_*`, `TRACING_ATTRIBUTE_PROFILE`. It is on wherever it is provided, whatever `TRACING_ENABLED` says, and
 * may be provided before the provider is registered.
 *
 * It costs more than {@link layer}: a span what the provider's span costs and Effect's own on top, and each primitive
 * inside a span an entry into the application's context manager. Samplers see no attributes, as the provider decides
 * before there are any.
 *
 * ```ts
 * program.pipe(Effect.provide(Tracing.layerBridge()))
 * ```
 */
export const layerBridge = (options: BridgeOptions = {}): Layer.Layer<OtelTracer.OtelTracer, Config.ConfigError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const settings = yield* TracingConfig.config
      const tracer = yield* BridgeTracer.tracerOf(options.provider, Delivery.scope)
      return Crossing.context(settings).pipe(
        Context.add(TracingHealth, LayerHealth.bridged(settings)),
        Context.add(OtelTracer.OtelTracer, tracer),
        Context.add(Tracer.Tracer, BridgeTracer.make(tracer, Signals.exchange(settings)))
      )
    })
  )
