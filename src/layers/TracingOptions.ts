/**
 * Settings made in code, and parts of the user's own: what `Tracing.layer` is given.
 */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import type * as References from "../model/References.ts"
import type { Sampler } from "../model/Sampler.ts"
import type { RedactionRule } from "../pipeline/Redaction.ts"
import type { Wish } from "../pipeline/TailRule.ts"
import type * as Propagator from "../propagation/Propagator.ts"
import type { SamplingRule } from "../sampling/SamplingRule.ts"
import type * as Delivery from "./Delivery.ts"
import type * as TracingConfig from "./TracingConfig.ts"

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

/** The variables that say the same: so there is one way to be wrong. */
export const toTexts = (options: TracingOptions): TracingConfig.SettingTexts => ({
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
