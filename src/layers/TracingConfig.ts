/**
 * All settings of tracing, read from variables through Effect's `ConfigProvider`.
 *
 * `TRACING_*` wins over the `OTEL_*` variable of equal meaning, which has the
 * meaning of the OpenTelemetry specification. An empty variable is an unset
 * one. A setting that is not usable is an error at start, all of them at once;
 * there is no quiet default. Where tracing is off, `OTEL_*` variables are not
 * judged: they may be meant for something else, and nothing here uses them.
 *
 * @see docs/configuration.md
 */
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { FileExporterOptions } from "../export/FileExporter.ts"
import type { JaegerAgentOptions } from "../export/JaegerAgent.ts"
import * as OtlpEndpoint from "../export/OtlpEndpoint.ts"
import type { OtlpSettings } from "../export/OtlpTransport.ts"
import * as Keys from "../model/AttributeKeys.ts"
import type { Attributes } from "../model/Attributes.ts"
import type { Profile } from "../model/References.ts"
import type { SpanLimits } from "../model/SpanLimits.ts"
import type * as Batching from "../pipeline/Batching.ts"
import * as DestinationSettings from "./DestinationSettings.ts"
import * as SamplingSettings from "./SamplingSettings.ts"
import { SettingReading, type SettingTexts } from "./SettingReading.ts"
import * as SettingTable from "./SettingTable.ts"
import * as SignalSettings from "./SignalSettings.ts"
import { TracingConfigError, type TracingConfigProblem } from "./TracingConfigError.ts"

export type { ExporterName } from "./SettingTable.ts"
export type { SamplerSetting, SamplingSetting, TailSetting } from "./SamplingSettings.ts"
export type { SettingTexts } from "./SettingReading.ts"
export type { SentLogsSetting, LogsSetting, MetricsSetting } from "./SignalSettings.ts"
export { TracingConfigError, type TracingConfigProblem } from "./TracingConfigError.ts"

/** Whose trace context is continued. */
export interface TrustSetting {
  /** `undefined` where nobody has said; everybody's is continued then. */
  readonly kind: "trusted" | "public" | undefined
  readonly peers: ReadonlyArray<string>
  readonly header: string
  readonly secret: Redacted.Redacted | undefined
}

/** What is removed from all that leaves. */
export interface RedactionSetting {
  readonly mode: "on" | "strict" | "off"
  readonly keys: ReadonlyArray<string>
  /** By name. Whether they are patterns is known when the layer is built. */
  readonly patterns: Readonly<Record<string, string>>
  readonly allow: ReadonlyArray<string> | undefined
  readonly personal: ReadonlyArray<"email" | "phone">
  readonly hashKey: Redacted.Redacted<Uint8Array> | undefined
}

/** What HTTP spans say beyond what is asked of all of them. */
export interface HttpSetting {
  readonly ignore: ReadonlyArray<string>
  readonly requestHeaders: ReadonlyArray<string>
  readonly responseHeaders: ReadonlyArray<string>
  readonly bodySizes: boolean
  readonly serverTiming: boolean
  readonly trustedProxies: ReadonlyArray<string>
}

export interface TracingConfig {
  readonly enabled: boolean
  readonly serviceName: string
  readonly serviceVersion: string | undefined
  /** Everything said about this process, its service name and version among it. */
  readonly resourceAttributes: Attributes
  /** Every destination of spans, each once; none at all when contexts are only handed on. */
  readonly exporters: ReadonlyArray<SettingTable.ExporterName>
  /** Where and how OTLP goes; `otlp.endpoint.display` is the endpoint without its credentials. */
  readonly otlp: OtlpSettings
  /** The name of a file with headers for OTLP that may change; it is read when the layer is built, and again. */
  readonly headersFile: string | undefined
  /** Where and how Zipkin's JSON goes. Headers, TLS and timeout as for OTLP, less what is OTLP's own. */
  readonly zipkin: OtlpSettings
  /** Where Jaeger's Thrift goes: over HTTP, unless there is an agent. */
  readonly jaeger: OtlpSettings
  readonly jaegerAgent: JaegerAgentOptions | undefined
  /** `undefined` when nothing is written to a file. */
  readonly file: FileExporterOptions | undefined
  readonly consoleFormat: "tree" | "json"
  /** Names of PEM files; they are read when the layer is built. */
  readonly tls: {
    readonly certificate: string | undefined
    readonly clientCertificate: string | undefined
    readonly clientKey: string | undefined
  }
  readonly retry: { readonly delay: Duration.Duration; readonly maxDelay: Duration.Duration }
  readonly sampler: SamplingSettings.SamplerSetting
  readonly sampling: SamplingSettings.SamplingSetting
  /** Recorded spans a second at most; `undefined` is as many as there are. */
  readonly maxSpansPerSecond: number | undefined
  readonly tail: SamplingSettings.TailSetting
  readonly batch: {
    readonly queueSize: number
    readonly queueBytes: number
    readonly drop: Batching.BatchingOptions["drop"]
    readonly batchSize: number
    readonly concurrency: number
    readonly interval: Duration.Duration
    readonly exportTimeout: Duration.Duration
  }
  /** `undefined` when spans wait in memory alone. */
  readonly spool:
    | {
        readonly directory: string
        readonly maxBytes: number
        readonly maxAge: Duration.Duration
        readonly segmentBytes: number
        readonly sync: "none" | "interval" | "each"
        readonly key: Redacted.Redacted<Uint8Array> | undefined
      }
    | undefined
  readonly shutdownTimeout: Duration.Duration
  /** Where tools ask a running program how it is doing. */
  readonly healthUrl: Redacted.Redacted<URL> | undefined
  /** Names of propagators, in the order they are asked. */
  readonly propagators: SettingTable.SettingValue<"propagators">
  readonly baggage: {
    /** Entries that become attributes of spans. */
    readonly attributes: ReadonlyArray<string>
    /** The longest `baggage` header that goes out. */
    readonly maxBytes: number
  }
  /** Hosts that may be handed the trace context; `undefined` is hosts of one's own network. */
  readonly propagateTo: ReadonlyArray<string> | undefined
  /** Baggage that may go with it; `undefined` is all of it in one's own network, and none beyond. */
  readonly propagateBaggage: ReadonlyArray<string> | undefined
  readonly trust: TrustSetting
  readonly http: HttpSetting
  readonly otelContext: "auto" | "on" | "off"
  readonly logs: SignalSettings.LogsSetting
  /** `undefined` when nothing is measured. */
  readonly metrics: SignalSettings.MetricsSetting | undefined
  readonly attributeProfile: Profile
  readonly redaction: RedactionSetting
  readonly spanLimits: SpanLimits
  /** The variable that supplied each setting; a setting that is not here has its default. */
  readonly sources: Readonly<Partial<Record<SettingTable.Setting, string>>>
}

/** What was asked for; the SDK's exporter speaks one protocol, whatever the endpoint looks like. */
const protocol = (reading: SettingReading, throughSdk: boolean) => {
  const asked = reading.get("protocol")
  if (!throughSdk) return asked
  if (asked !== undefined && asked !== "http/json")
    reading.refuse("protocol", "http/json for TRACING_EXPORTER=otlp-sdk")
  return "http/json"
}

const endpoint = (reading: SettingReading, throughSdk: boolean): OtlpEndpoint.OtlpEndpoint => {
  const written = reading.get("endpoint")
  const asked = protocol(reading, throughSdk)
  const insecure = reading.get("insecure")
  const text = written ?? (asked === "grpc" ? "http://localhost:4317" : "http://localhost:4318")
  const spoken = OtlpEndpoint.protocolOf(text)
  const overruled =
    !throughSdk &&
    reading.sources.endpoint === "TRACING_ENDPOINT" &&
    reading.sources.protocol !== "TRACING_PROTOCOL" &&
    (spoken === "grpc") !== (asked === "grpc")
  const found = OtlpEndpoint.fromText(text, {
    protocol: overruled ? spoken : asked,
    insecure,
    exact: reading.sources.endpoint === "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
  })
  if (overruled) delete reading.sources.protocol
  if (Result.isSuccess(found)) return found.success
  reading.refuse("endpoint", found.failure)
  return Result.getOrThrow(OtlpEndpoint.fromText("http://localhost:4318"))
}

const exporters = (reading: SettingReading): TracingConfig["exporters"] => {
  const names = reading.get("exporters")
  if (names.includes("otlp") && names.includes("otlp-sdk")) {
    reading.refuse("exporters", "without either otlp or otlp-sdk: both send to TRACING_ENDPOINT")
  }
  return names
}

const otlp = (reading: SettingReading, throughSdk: boolean, timeout: Duration.Duration): OtlpSettings => {
  const to = endpoint(reading, throughSdk)
  const authorization = to.authorization && { authorization: Redacted.value(to.authorization) }
  return {
    endpoint: to,
    headers: Redacted.make({ ...authorization, ...reading.get("headers") }),
    compression: reading.get("compression"),
    timeout
  }
}

const tls = (reading: SettingReading): TracingConfig["tls"] => {
  const files = {
    certificate: reading.get("certificate"),
    clientCertificate: reading.get("clientCertificate"),
    clientKey: reading.get("clientKey")
  }
  const { clientCertificate, clientKey } = SettingTable.table
  if (files.clientKey !== undefined && files.clientCertificate === undefined) {
    reading.refuse("clientKey", `set together with ${clientCertificate.key}`)
  }
  if (files.clientKey === undefined && files.clientCertificate !== undefined) {
    reading.refuse("clientCertificate", `set together with ${clientKey.key}`)
  }
  return files
}

const retry = (reading: SettingReading): TracingConfig["retry"] => {
  const delay = reading.get("retryDelay")
  const maxDelay = reading.get("retryMaxDelay")
  if (Duration.isLessThan(maxDelay, delay)) {
    const which = reading.sources.retryMaxDelay === undefined ? "retryDelay" : "retryMaxDelay"
    const bound = which === "retryDelay" ? "no more than TRACING_RETRY_MAX_DELAY" : "no less than TRACING_RETRY_DELAY"
    reading.refuse(which, `${bound}, ${Duration.format(which === "retryDelay" ? maxDelay : delay)}`)
  }
  return { delay, maxDelay }
}

const trust = (reading: SettingReading): TrustSetting => {
  const said = reading.get("trust")
  const peers = reading.get("trustedPeers")
  const secret = reading.get("trustSecret")
  if (said === "trusted") {
    const rule = `unset where ${SettingTable.table.trust.key} is trusted, as everybody is`
    if (peers.length > 0) reading.refuse("trustedPeers", rule)
    if (secret !== undefined) reading.refuse("trustSecret", rule)
  }
  return {
    kind: said ?? (peers.length > 0 || secret !== undefined ? "public" : undefined),
    peers,
    header: reading.get("trustHeader"),
    secret: secret === undefined ? undefined : Redacted.make(secret)
  }
}

const http = (reading: SettingReading): HttpSetting => ({
  ignore: reading.get("httpIgnore"),
  requestHeaders: reading.get("httpRequestHeaders"),
  responseHeaders: reading.get("httpResponseHeaders"),
  bodySizes: reading.get("httpBodySizes"),
  serverTiming: reading.get("httpServerTiming"),
  trustedProxies: reading.get("trustedProxies")
})

const redaction = (reading: SettingReading): RedactionSetting => ({
  mode: reading.get("redaction"),
  keys: reading.get("redactKeys"),
  patterns: reading.get("redactPatterns"),
  allow: reading.get("redactAllow"),
  personal: reading.get("redactPersonal"),
  hashKey: reading.get("redactHashKey")
})

const batch = (reading: SettingReading): TracingConfig["batch"] => {
  const queueSize = reading.get("queueSize")
  const batchSize = reading.get("batchSize") ?? Math.min(1024, queueSize)
  if (batchSize > queueSize) {
    reading.refuse("batchSize", `no more than the queue size, ${queueSize} (${SettingTable.table.queueSize.key})`)
  }
  return {
    queueSize,
    queueBytes: reading.get("queueBytes"),
    drop: reading.get("drop"),
    batchSize: Math.min(batchSize, queueSize),
    concurrency: reading.get("concurrency"),
    interval: reading.get("interval") ?? Duration.seconds(5),
    exportTimeout: reading.get("exportTimeout")
  }
}

const spool = (reading: SettingReading): TracingConfig["spool"] => {
  const directory = reading.get("spoolDirectory")
  const maxBytes = reading.get("spoolMaxBytes")
  const largest = Math.floor(maxBytes / 4)
  const segmentBytes = reading.get("spoolSegmentBytes") ?? Math.min(4_194_304, largest)
  if (segmentBytes > largest) {
    reading.refuse("spoolSegmentBytes", `no more than ${largest}, a quarter of ${SettingTable.table.spoolMaxBytes.key}`)
  }
  const settings = {
    maxBytes,
    maxAge: reading.get("spoolMaxAge"),
    segmentBytes,
    sync: reading.get("spoolSync"),
    key: reading.get("spoolKey")
  }
  return directory === undefined ? undefined : { directory, ...settings }
}

const read = (reading: SettingReading): TracingConfig => {
  const own = reading.get("resourceAttributes") as Readonly<Record<string, string>>
  const otel = reading.get("otelResourceAttributes") as Readonly<Record<string, string>>
  const serviceName =
    reading.get("serviceName") ??
    own[Keys.serviceName] ??
    reading.get("otelServiceName") ??
    otel[Keys.serviceName] ??
    SettingTable.table.serviceName.shown
  const serviceVersion = reading.get("serviceVersion") ?? own[Keys.serviceVersion] ?? otel[Keys.serviceVersion]
  const enabled = reading.get("enabled")
  const names = exporters(reading)
  const timeout = reading.get("timeout")
  const traces = otlp(reading, names.includes("otlp-sdk"), timeout)
  return {
    enabled: !reading.get("otelDisabled") && enabled,
    serviceName,
    serviceVersion,
    resourceAttributes: {
      ...otel,
      ...own,
      [Keys.serviceName]: serviceName,
      ...(serviceVersion === undefined ? undefined : { [Keys.serviceVersion]: serviceVersion })
    },
    exporters: names,
    otlp: traces,
    headersFile: reading.get("headersFile"),
    zipkin: DestinationSettings.zipkin(reading, timeout),
    jaeger: DestinationSettings.jaeger(reading, timeout),
    jaegerAgent: DestinationSettings.jaegerAgent(reading),
    file: DestinationSettings.file(reading, names),
    consoleFormat: reading.get("consoleFormat"),
    tls: tls(reading),
    retry: retry(reading),
    sampler: SamplingSettings.sampler(reading),
    sampling: SamplingSettings.sampling(reading),
    maxSpansPerSecond: reading.get("maxSpansPerSecond"),
    tail: SamplingSettings.tail(reading),
    batch: batch(reading),
    spool: spool(reading),
    shutdownTimeout: reading.get("shutdownTimeout"),
    healthUrl: reading.get("healthUrl"),
    propagators: reading.get("propagators"),
    baggage: { attributes: reading.get("baggageAttributes"), maxBytes: reading.get("baggageMaxBytes") },
    propagateTo: reading.get("propagateTo"),
    propagateBaggage: reading.get("propagateBaggage"),
    trust: trust(reading),
    http: http(reading),
    otelContext: reading.get("otelContext"),
    logs: SignalSettings.logs(reading, traces),
    metrics: SignalSettings.metrics(reading, traces),
    attributeProfile: reading.get("attributeProfile"),
    redaction: redaction(reading),
    spanLimits: {
      attributes: reading.get("spanAttributes"),
      attributeLength: reading.get("attributeLength"),
      events: reading.get("spanEvents"),
      attributesPerEvent: reading.get("eventAttributes"),
      links: reading.get("spanLinks"),
      attributesPerLink: reading.get("linkAttributes")
    },
    sources: reading.sources
  }
}

const judged = (reading: SettingReading, problems: ReadonlyArray<TracingConfigProblem> = []) => {
  const settings = read(reading)
  const all = [...problems, ...reading.problems]
  const count = settings.enabled ? all : all.filter(({ key }) => key.startsWith("TRACING_"))
  return count.length === 0 ? Result.succeed(settings) : Result.fail(new TracingConfigError(count))
}

/** The settings that these variables spell. Total: no text is too strange to be refused with a reason. */
export const fromRecord = (texts: SettingTexts): Result.Result<TracingConfig, TracingConfigError> =>
  judged(new SettingReading(texts))

/** The settings of an empty environment: tracing is off. */
export const defaults: TracingConfig = Result.getOrThrow(fromRecord({}))

/** `Config.String` takes a list or an object for an absent text; here they are seen, and refused. */
const textOrStructure = Schema.Union([
  Schema.String,
  Schema.Array(Schema.String),
  Schema.Record(Schema.String, Schema.String)
])

/** A variable's text if it is set; anything but a text is structure. */
const variable = (key: string) =>
  Config.option(Config.schema(textOrStructure, key)).pipe(
    Config.map(Option.getOrUndefined),
    Config.orElse(({ cause }): Config.Config<object> =>
      cause._tag === "SourceError" ? Config.fail(cause) : Config.succeed({})
    )
  )

const variables = Config.all(Object.fromEntries(SettingTable.keys.map((key) => [key, variable(key)]))).pipe(
  Config.map((values) => {
    const strange = Object.keys(values).filter((key) => typeof values[key] === "object")
    const texts = Object.fromEntries(Object.entries(values).filter((entry) => typeof entry[1] === "string"))
    return {
      texts: texts as SettingTexts,
      problems: strange.map((key) => ({ key, rule: "one line of text", value: "a list or an object" }))
    }
  })
)

/** Reads all settings from the current `ConfigProvider`; fails with a `TracingConfigError`. */
export const config: Config.Config<TracingConfig> = variables.pipe(
  Config.mapEffect(({ problems, texts }) => Effect.fromResult(judged(new SettingReading(texts), problems)))
)

/** The settings as far as they can be used, and everything that is wrong with them. */
export interface ExaminedConfig {
  readonly texts: SettingTexts
  /** With the default in the place of what cannot be used. */
  readonly settings: TracingConfig
  /** Those too that count only where tracing is on. */
  readonly problems: ReadonlyArray<TracingConfigProblem>
}

/** For who looks into settings instead of using them: reads on where something is wrong. */
export const examine: Config.Config<ExaminedConfig> = Config.map(variables, ({ problems, texts }) => {
  const reading = new SettingReading(texts)
  const settings = read(reading)
  return { texts, settings, problems: [...problems, ...reading.problems] }
})
