/**
 * Tracing as a layer: built in a scope, flushed and closed with it.
 */
import { OtelTracer, Resource } from "@effect/opentelemetry"
import type { TracerProvider } from "@opentelemetry/api"
import { resourceFromAttributes } from "@opentelemetry/resources"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { CurrentPropagator } from "../model/References.ts"
import type * as References from "../model/References.ts"
import type { Sampler } from "../model/Sampler.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { Resource as SpanResource } from "../model/SpanData.ts"
import type { RedactionRule } from "../pipeline/Redaction.ts"
import type { Wish } from "../pipeline/TailRule.ts"
import type * as Propagator from "../propagation/Propagator.ts"
import type { SamplingRule } from "../sampling/SamplingRule.ts"
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

/** What code adds to the settings: parts of your own, plugged into the pipeline. */
export interface TracingPlugins extends Delivery.DeliveryPlugins {
  /** Decides instead of the configured sampler, its rules and its limit for each tenant. */
  readonly sampler?: Sampler
  /** Says whose trace context is continued, besides those that `TRACING_TRUST*` names. */
  readonly trusts?: References.TrustPolicy
  /** What is masked besides what `TRACING_REDACT*` says. */
  readonly redactionRules?: ReadonlyArray<RedactionRule>
}

/** The settings that code most often makes itself. Each is the variable of the same name, and judged like it. */
export interface TracingOptions extends TracingPlugins {
  readonly serviceName?: string
  readonly serviceVersion?: string
  /** `localhost:4317`, `http://collector:4318`, `https://host/base`. */
  readonly endpoint?: string
  readonly protocol?: "grpc" | "http/protobuf" | "http/json"
  /** Where spans go, several at once if you like. */
  readonly exporter?: TracingConfig.ExporterName | "none" | ReadonlyArray<TracingConfig.ExporterName>
  /** The share of traces that is recorded, from 0 to 1. */
  readonly sampleRate?: number
  /** Rules that decide before the rate does, where a trace begins. */
  readonly samplingRules?: ReadonlyArray<SamplingRule>
  /** How many traces may begin in a second for each tenant. */
  readonly tracesPerSecondPerTenant?: number
  /** How many spans a second are recorded at most. */
  readonly maxSpansPerSecond?: number
  /** Which runs are kept although sampling left them out: `["failures", "slow"]`. */
  readonly tailSampling?: ReadonlyArray<Wish>
  /** What counts as slow. */
  readonly tailSlowerThan?: Duration.Input
  /** How long an ended span waits for others at most. */
  readonly batchTimeout?: Duration.Input
  /** How long the end of the program waits for spans to be delivered. */
  readonly shutdownTimeout?: Duration.Input
  /** A folder in which ended spans are kept until they have arrived. */
  readonly spoolDirectory?: string
  /** The formats of contexts: all are written, the first found is read. */
  readonly propagators?: ReadonlyArray<keyof typeof Propagator.named>
  /** Entries of the baggage that become attributes of every span opened under them. */
  readonly baggageAttributes?: ReadonlyArray<string>
  /** Log lines and metrics that are delivered, beside spans. */
  readonly logs?: "none" | "otlp"
  readonly metrics?: "off" | "prometheus" | "otlp"
  readonly attributeProfile?: References.Profile
  /** Whose trace context is continued: everybody's, or nobody's but of those whom `trusts` names. */
  readonly trust?: "trusted" | "public"
  /** Hosts that are handed the trace context: `["own", "https://api.example.com"]`. */
  readonly propagateTo?: ReadonlyArray<string>
  /** Baggage that goes with it, by name: `["tier"]`. */
  readonly propagateBaggage?: ReadonlyArray<string>
  readonly otelContext?: "auto" | "on" | "off"
  /** Whether secrets are masked in all that leaves, or nothing passes but what `redactAllow` names. */
  readonly redaction?: "on" | "strict" | "off"
  /** Further keys whose values are secrets. */
  readonly redactKeys?: ReadonlyArray<string>
  /** Further secrets by their looks: patterns of RE2 by name. They hold no white space but as `\\s`. */
  readonly redactPatterns?: Readonly<Record<string, string>>
  /** Keys that pass: `["own", "order.*"]`. */
  readonly redactAllow?: ReadonlyArray<string>
  readonly redactPersonal?: ReadonlyArray<"email" | "phone">
  /** 32 bytes, in hexadecimal digits or base64: adds a keyed hash to each mask. */
  readonly redactHashKey?: Redacted.Redacted
}

/** What a tracing layer gives besides spans: the resource, for OpenTelemetry loggers and metrics that share it. */
export type Tracing = Resource.Resource

const millis = (duration: Duration.Input | undefined): string | undefined =>
  duration === undefined ? undefined : String(Duration.toMillis(duration))

const numeral = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value))

/** No name at all is `none`, as an empty text would be no setting. */
const listed = (names: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof names === "object" ? names.join(",") || "none" : names

const patternsOf = (patterns: Readonly<Record<string, string>> | undefined): string | undefined =>
  patterns &&
  Object.entries(patterns)
    .map(([name, pattern]) => `${name}=${pattern}`)
    .join(" ")

const toTexts = (options: TracingOptions): TracingConfig.SettingTexts => ({
  TRACING_ENABLED: "true",
  TRACING_SERVICE_NAME: options.serviceName,
  TRACING_SERVICE_VERSION: options.serviceVersion,
  TRACING_ENDPOINT: options.endpoint,
  TRACING_PROTOCOL: options.protocol,
  TRACING_EXPORTER: listed(options.exporter),
  TRACING_SAMPLE_RATE: numeral(options.sampleRate),
  TRACING_SAMPLING_RULES: options.samplingRules && JSON.stringify(options.samplingRules),
  TRACING_SAMPLING_PER_TENANT: numeral(options.tracesPerSecondPerTenant),
  TRACING_MAX_SPANS_PER_SECOND: numeral(options.maxSpansPerSecond),
  TRACING_TAIL_SAMPLING: options.tailSampling?.join(",") || undefined,
  TRACING_TAIL_SLOWER_THAN: millis(options.tailSlowerThan),
  TRACING_TRUST: options.trust,
  TRACING_PROPAGATE_TO: listed(options.propagateTo),
  TRACING_PROPAGATE_BAGGAGE: listed(options.propagateBaggage),
  TRACING_BATCH_TIMEOUT: millis(options.batchTimeout),
  TRACING_SHUTDOWN_TIMEOUT: millis(options.shutdownTimeout),
  TRACING_SPOOL_DIR: options.spoolDirectory,
  TRACING_PROPAGATORS: listed(options.propagators),
  TRACING_BAGGAGE_ATTRIBUTES: listed(options.baggageAttributes),
  TRACING_LOGS: options.logs,
  TRACING_METRICS: options.metrics,
  TRACING_ATTRIBUTE_PROFILE: options.attributeProfile,
  TRACING_OTEL_CONTEXT: options.otelContext,
  TRACING_REDACTION: options.redaction,
  TRACING_REDACT_KEYS: listed(options.redactKeys),
  TRACING_REDACT_PATTERNS: patternsOf(options.redactPatterns),
  TRACING_REDACT_ALLOW: listed(options.redactAllow),
  TRACING_REDACT_PERSONAL: listed(options.redactPersonal),
  TRACING_REDACT_HASH_KEY: options.redactHashKey && Redacted.value(options.redactHashKey)
})

const resourceOf = ({ resourceAttributes }: TracingConfig.TracingConfig): SpanResource => ({
  attributes: resourceAttributes
})

const unrecorded = (
  settings: TracingConfig.TracingConfig,
  trusts?: References.TrustPolicy,
  { attributes } = resourceOf(settings)
): Context.Context<Tracing> =>
  Context.add(
    Crossing.context(settings, trusts),
    Resource.Resource,
    resourceFromAttributes({ ...attributes } as never)
  ).pipe(Context.add(TracingHealth, LayerHealth.off(settings, trusts)))

const build = Effect.fnUntraced(function* (settings: TracingConfig.TracingConfig, plugins: TracingPlugins) {
  const books = SpanBooks.make()
  if (!settings.enabled) {
    yield* StartLine.log(settings)
    return Context.add(unrecorded(settings, plugins.trusts), Tracer.Tracer, GoraxTracer.passThrough)
  }
  const { rules, sampler } = yield* ConfiguredSampler.make(settings, books, plugins.sampler)
  yield* StartLine.log(settings, sampler)
  const redaction = yield* Redacting.make(settings.redaction, plugins.redactionRules ?? [], books)
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
  const resource = redaction.resource(resourceOf(settings))
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
    resource,
    scope: Delivery.scope
  }
  const told = unrecorded(settings, plugins.trusts, resource)
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
