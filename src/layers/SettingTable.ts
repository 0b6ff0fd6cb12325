/**
 * Every setting of tracing, one row each.
 *
 * The rows are all there is: `TracingConfig` reads them, `docs/configuration.md`
 * is written from them, and nothing else knows the name of a variable.
 */
import * as Duration from "effect/Duration"
import { compressions } from "../export/OtlpCompression.ts"
import { protocols } from "../export/OtlpEndpoint.ts"
import * as SpanLimits from "../model/SpanLimits.ts"
import { type Wish, wishes } from "../pipeline/TailRule.ts"
import * as Rule from "./SettingRule.ts"
import type { HostAndPort, SettingRule } from "./SettingRule.ts"

/** An `OTEL_*` variable of equal meaning, read by its own rule. */
export interface OtelSource<out A> {
  readonly key: string
  readonly rule: SettingRule<A>
}

export interface SettingRow<out A> {
  readonly key: string
  /** Other names of the same setting. What they say must agree. */
  readonly aliases: ReadonlyArray<string>
  readonly rule: SettingRule<A>
  /** Asked in this order when neither key nor alias is set. */
  readonly otel: ReadonlyArray<OtelSource<A>>
  readonly fallback: A
  /** The fallback in words, where its value does not speak for itself. */
  readonly shown: string
  readonly doc: string
  /** True when no value may ever be shown. */
  readonly secret: boolean
}

const row = <A, const Fallback = A>(options: {
  readonly key: string
  readonly aliases?: ReadonlyArray<string>
  readonly rule: SettingRule<A>
  /** A bare name is read by the row's own rule. */
  readonly otel?: ReadonlyArray<string | OtelSource<A>>
  readonly fallback: Fallback
  readonly shown?: string
  readonly doc: string
  readonly secret?: boolean
}): SettingRow<A | Fallback> => ({
  aliases: [],
  shown: Duration.isDuration(options.fallback)
    ? String(Duration.toMillis(options.fallback))
    : options.fallback === undefined
      ? ""
      : String(options.fallback),
  secret: false,
  ...options,
  otel: (options.otel ?? []).map((source) =>
    typeof source === "string" ? { key: source, rule: options.rule } : source
  )
})

/** How telemetry that is no span is sent, where that differs from how spans are. */
const signal = (signal: "LOGS" | "METRICS", path: string) => ({
  endpoint: row({
    key: `TRACING_${signal}_ENDPOINT`,
    rule: Rule.text,
    otel: [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`],
    fallback: undefined,
    shown: "TRACING_ENDPOINT",
    doc: `Where \`TRACING_${signal}=otlp\` sends to, if not where spans go. For http, \`${path}\` takes the place of \`/v1/traces\`, or is added where it is missing, except to \`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT\`.`
  }),
  protocol: row({
    key: `TRACING_${signal}_PROTOCOL`,
    rule: Rule.oneOf(...protocols),
    otel: [`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`],
    fallback: undefined,
    shown: "by the endpoint",
    doc: "As `TRACING_PROTOCOL`."
  }),
  headers: row({
    key: `TRACING_${signal}_HEADERS`,
    rule: Rule.headers,
    otel: [`OTEL_EXPORTER_OTLP_${signal}_HEADERS`],
    fallback: undefined,
    shown: "TRACING_HEADERS",
    secret: true,
    doc: "As `TRACING_HEADERS`, and instead of them. Never shown."
  }),
  compression: row({
    key: `TRACING_${signal}_COMPRESSION`,
    rule: Rule.oneOf(...compressions, "none"),
    otel: [`OTEL_EXPORTER_OTLP_${signal}_COMPRESSION`],
    fallback: undefined,
    shown: "TRACING_COMPRESSION",
    doc: "As `TRACING_COMPRESSION`."
  }),
  timeout: row({
    key: `TRACING_${signal}_TIMEOUT`,
    rule: Rule.duration,
    otel: [{ key: `OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`, rule: Rule.otelTimeout }],
    fallback: undefined,
    shown: "TRACING_TIMEOUT",
    doc: "As `TRACING_TIMEOUT`."
  })
})

const logsSignal = signal("LOGS", "/v1/logs")
const metricsSignal = signal("METRICS", "/v1/metrics")

const exporterNames = ["otlp", "otlp-sdk", "zipkin", "jaeger", "file", "console"] as const

export type ExporterName = (typeof exporterNames)[number]

const optIn = Rule.map(
  Rule.map(Rule.text, (text) =>
    text
      .toLowerCase()
      .split(",")
      .map((entry) => entry.trim())
  ),
  (entries) => (entries.includes("http") && !entries.includes("http/dup") ? "semconv" : "gorax")
)

/** Effect's own loggers write to the console. */
const logsExporter = Rule.map(Rule.oneOf("none", "otlp", "console"), (name) => (name === "otlp" ? "otlp" : "none"))

const metricsExporter = Rule.map(Rule.oneOf("none", "otlp", "prometheus", "console"), (name) =>
  name === "none" || name === "console" ? "off" : name
)

const exemplarFilter = Rule.map(Rule.oneOf("trace_based", "always_off"), (filter) => filter === "trace_based")

const exceptionOptIn = Rule.map(
  Rule.map(Rule.text, (text) =>
    text
      .toLowerCase()
      .split(",")
      .map((entry) => entry.trim())
  ),
  (entries) => (entries.includes("logs/dup") ? "both" : entries.includes("logs") ? "logs" : "events")
)

const jaegerAgentPort = 6831

export const table = {
  // On and off
  enabled: row({
    key: "TRACING_ENABLED",
    rule: Rule.boolean,
    fallback: false,
    doc: "Turns tracing on. No other variable does, and `OTEL_*` alone never will."
  }),
  otelDisabled: row({
    key: "OTEL_SDK_DISABLED",
    rule: Rule.otelBoolean,
    fallback: false,
    doc: "`true` turns tracing off even where `TRACING_ENABLED` is true: the one `OTEL_*` variable that wins, because it is set to stop things."
  }),

  // Who is speaking
  serviceName: row({
    key: "TRACING_SERVICE_NAME",
    rule: Rule.text,
    fallback: undefined,
    shown: "unknown_service:node",
    doc: "The name under which this process appears. Unset, `service.name` of `TRACING_RESOURCE_ATTRIBUTES`, then `OTEL_SERVICE_NAME`, then `service.name` of `OTEL_RESOURCE_ATTRIBUTES`."
  }),
  otelServiceName: row({
    key: "OTEL_SERVICE_NAME",
    rule: Rule.text,
    fallback: undefined,
    doc: "As in the specification; see `TRACING_SERVICE_NAME`."
  }),
  serviceVersion: row({
    key: "TRACING_SERVICE_VERSION",
    rule: Rule.text,
    fallback: undefined,
    doc: "The version of this service. Unset, `service.version` of the resource attributes."
  }),
  resourceAttributes: row({
    key: "TRACING_RESOURCE_ATTRIBUTES",
    rule: Rule.attributes,
    fallback: {},
    shown: "",
    doc: "What else is true of this process: `key=value,key=value`, percent-encoded."
  }),
  otelResourceAttributes: row({
    key: "OTEL_RESOURCE_ATTRIBUTES",
    rule: Rule.attributes,
    fallback: {},
    shown: "",
    doc: "Added to `TRACING_RESOURCE_ATTRIBUTES`, which wins key by key."
  }),

  // Where spans go
  exporters: row<ReadonlyArray<ExporterName>>({
    key: "TRACING_EXPORTER",
    aliases: ["TRACING_EXPORTER_TYPE"],
    rule: Rule.someOf(...exporterNames),
    otel: ["OTEL_TRACES_EXPORTER"],
    fallback: ["otlp"],
    doc: "Where spans go, several at once if you like: `otlp,console`. `otlp`, `zipkin` and `jaeger` send them, each to its own endpoint; `file` appends them to a file; `console` shows them; `none` only hands contexts on. `otlp-sdk` sends them through the http/json exporter of OpenTelemetry's SDK, with its own retries and its own reading of `OTEL_EXPORTER_OTLP_*`: to see whether a fault lies on our side."
  }),
  endpoint: row({
    key: "TRACING_ENDPOINT",
    rule: Rule.text,
    otel: ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"],
    fallback: undefined,
    shown: "http://localhost:4318 (gRPC: http://localhost:4317)",
    doc: "`localhost:4317`, `http://collector:4318`, `https://host/base` or `tempo.example:443`. For http, `/v1/traces` is added where it is missing, except to `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`. May hold `user:password@`, which is never shown."
  }),
  protocol: row({
    key: "TRACING_PROTOCOL",
    rule: Rule.oneOf(...protocols),
    otel: ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"],
    fallback: undefined,
    shown: "by the endpoint",
    doc: "How spans are written. By the endpoint means: port 4317, and no scheme with a port other than 4318, is `grpc`; all else is `http/protobuf`. An `OTEL_*` protocol does not turn a `TRACING_ENDPOINT` from http to gRPC or back."
  }),
  insecure: row({
    key: "TRACING_INSECURE",
    rule: Rule.boolean,
    otel: [
      { key: "OTEL_EXPORTER_OTLP_TRACES_INSECURE", rule: Rule.otelBoolean },
      { key: "OTEL_EXPORTER_OTLP_INSECURE", rule: Rule.otelBoolean }
    ],
    fallback: undefined,
    shown: "true for this machine, else false",
    doc: "Plain text instead of TLS, for an endpoint without a scheme. `http://` and `https://` decide for themselves; port 443 is TLS."
  }),
  headers: row({
    key: "TRACING_HEADERS",
    rule: Rule.headers,
    otel: ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"],
    fallback: {},
    shown: "",
    secret: true,
    doc: "Sent with every export over OTLP: `name=value,name=value`, percent-encoded. Never shown."
  }),
  headersFile: row({
    key: "TRACING_HEADERS_FILE",
    rule: Rule.text,
    fallback: undefined,
    doc: "A file with more of them, for tokens that change: lines in the form of `TRACING_HEADERS`, which it wins over name by name. Looked at again before a request, once a second at most, and at once when they are refused (401, 403)."
  }),
  compression: row({
    key: "TRACING_COMPRESSION",
    rule: Rule.oneOf(...compressions, "none"),
    otel: ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"],
    fallback: "none",
    doc: "How requests are compressed. Every receiver knows `gzip`; `zstd` is smaller and cheaper where it is known."
  }),
  certificate: row({
    key: "TRACING_CERTIFICATE",
    rule: Rule.text,
    otel: ["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"],
    fallback: undefined,
    shown: "the authorities that Node knows",
    doc: "A PEM file with the authorities that may vouch for a receiver, of any exporter, instead of those that Node knows."
  }),
  clientCertificate: row({
    key: "TRACING_CLIENT_CERTIFICATE",
    rule: Rule.text,
    otel: ["OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"],
    fallback: undefined,
    doc: "A PEM file with the certificate that this process shows the receiver. Needs `TRACING_CLIENT_KEY`."
  }),
  clientKey: row({
    key: "TRACING_CLIENT_KEY",
    rule: Rule.text,
    otel: ["OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_CLIENT_KEY"],
    fallback: undefined,
    doc: "A PEM file with the key of `TRACING_CLIENT_CERTIFICATE`."
  }),
  timeout: row({
    key: "TRACING_TIMEOUT",
    rule: Rule.duration,
    otel: [
      { key: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", rule: Rule.otelTimeout },
      { key: "OTEL_EXPORTER_OTLP_TIMEOUT", rule: Rule.otelTimeout }
    ],
    fallback: Duration.seconds(10),
    doc: "How long one request may take, from connecting to the end of the answer, whatever exporter makes it. What takes longer is tried again."
  }),
  zipkinEndpoint: row({
    key: "TRACING_ZIPKIN_ENDPOINT",
    rule: Rule.text,
    otel: ["OTEL_EXPORTER_ZIPKIN_ENDPOINT"],
    fallback: "http://localhost:9411/api/v2/spans",
    doc: "Where `zipkin` sends spans. `/api/v2/spans` is added where it is missing. May hold `user:password@`, which is never shown."
  }),
  zipkinTimeout: row({
    key: "OTEL_EXPORTER_ZIPKIN_TIMEOUT",
    rule: Rule.otelTimeout,
    fallback: undefined,
    shown: "TRACING_TIMEOUT",
    doc: "As in the specification: how long one request to Zipkin may take."
  }),
  jaegerEndpoint: row({
    key: "TRACING_JAEGER_ENDPOINT",
    rule: Rule.text,
    otel: ["OTEL_EXPORTER_JAEGER_ENDPOINT"],
    fallback: undefined,
    shown: "http://localhost:14268/api/traces",
    doc: "Where `jaeger` sends spans over HTTP: the Thrift receiver of a collector. `/api/traces` is added where it is missing. May hold `user:password@`, which is never shown."
  }),
  jaegerAgent: row<HostAndPort, undefined>({
    key: "TRACING_JAEGER_AGENT",
    rule: Rule.hostAndPort(jaegerAgentPort),
    otel: ["OTEL_EXPORTER_JAEGER_AGENT_HOST"],
    fallback: undefined,
    doc: "Sends spans to a Jaeger agent over UDP instead: `host:6831`. Nobody answers there, so nothing is tried again that gets lost on the way."
  }),
  otelJaegerAgentPort: row({
    key: "OTEL_EXPORTER_JAEGER_AGENT_PORT",
    rule: Rule.integer(1, 65_535),
    fallback: jaegerAgentPort,
    doc: "The port that belongs to `OTEL_EXPORTER_JAEGER_AGENT_HOST`."
  }),
  jaegerPacketSize: row({
    key: "TRACING_JAEGER_PACKET_SIZE",
    rule: Rule.integer(1000, 65_507),
    fallback: 65_000,
    doc: "No packet to an agent has more bytes. A span that does not fit into one is counted as lost."
  }),
  filePath: row({
    key: "TRACING_FILE_PATH",
    rule: Rule.text,
    fallback: undefined,
    doc: "The file that `file` appends to: OTLP as JSON, a request a line, readable by its owner alone. One process, one file."
  }),
  fileMaxBytes: row({
    key: "TRACING_FILE_MAX_BYTES",
    rule: Rule.integer(1),
    fallback: 100_000_000,
    doc: "Before it grows beyond this it is moved to `.1`, and another begun."
  }),
  fileMaxFiles: row({
    key: "TRACING_FILE_MAX_FILES",
    rule: Rule.integer(1, 1000),
    fallback: 5,
    doc: "How many such files there are at most; the oldest is removed."
  }),
  consoleFormat: row({
    key: "TRACING_CONSOLE_FORMAT",
    rule: Rule.oneOf("tree", "json"),
    fallback: "tree",
    doc: "How `console` shows spans: drawn as trees for people, or as OTLP in JSON, one span a line, for programs."
  }),
  retryDelay: row({
    key: "TRACING_RETRY_DELAY",
    rule: Rule.duration,
    fallback: Duration.seconds(1),
    doc: "The wait before what failed is tried again. Each further failure doubles it, less a jitter of up to half."
  }),
  retryMaxDelay: row({
    key: "TRACING_RETRY_MAX_DELAY",
    rule: Rule.duration,
    fallback: Duration.seconds(5),
    doc: "No such wait is longer, so nothing arrives later than this after an outage. Not less than `TRACING_RETRY_DELAY`. Where a receiver asks for more (`Retry-After`, `RetryInfo`) it gets it, up to 5 minutes."
  }),

  // Which spans
  sampleRate: row({
    key: "TRACING_SAMPLE_RATE",
    aliases: ["TRACING_SAMPLING_RATE"],
    rule: Rule.ratio,
    fallback: undefined,
    shown: "1",
    doc: "The share of traces that is recorded, from 0 to 1. A trace that began elsewhere keeps the decision it came with."
  }),
  otelSampler: row({
    key: "OTEL_TRACES_SAMPLER",
    rule: Rule.oneOf(
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio"
    ),
    fallback: "parentbased_always_on",
    doc: "As in the specification, where `TRACING_SAMPLE_RATE` is unset."
  }),
  otelSamplerRatio: row({
    key: "OTEL_TRACES_SAMPLER_ARG",
    rule: Rule.ratio,
    fallback: 1,
    doc: "The ratio of `traceidratio` and `parentbased_traceidratio`; the other samplers take none."
  }),
  maxSpansPerSecond: row({
    key: "TRACING_MAX_SPANS_PER_SECOND",
    rule: Rule.integer(1),
    fallback: undefined,
    shown: "no limit",
    doc: "How many spans a second are recorded, whatever the sampler says. A trace that begins above it is left out whole, and counted."
  }),
  tailSampling: row<ReadonlyArray<Wish>>({
    key: "TRACING_TAIL_SAMPLING",
    rule: Rule.offOrSome(...wishes),
    fallback: [],
    shown: "off",
    doc: "Which runs are kept although sampling left them out, decided when they are over: see [tail-sampling.md](tail-sampling.md). `failures` are runs that failed, `errors` those with an error anywhere in them, `retries` those in which the last try failed, `interrupted` those that were cut off, `slow` those that took longer than the next two settings say."
  }),
  tailSlowerThan: row({
    key: "TRACING_TAIL_SLOWER_THAN",
    rule: Rule.duration,
    fallback: undefined,
    shown: "no limit",
    doc: "Runs that take longer are `slow`."
  }),
  tailSlowest: row({
    key: "TRACING_TAIL_SLOWEST",
    rule: Rule.ratio,
    fallback: undefined,
    shown: "0.01 where TRACING_TAIL_SLOWER_THAN is unset, else 0",
    doc: "The slowest share of the runs of each operation is `slow`, by those before it: `0.01` is what takes longer than the 99th percentile."
  }),
  tailShare: row({
    key: "TRACING_TAIL_SHARE",
    rule: Rule.ratio,
    fallback: 0,
    doc: "The share of all other runs that is kept, from 0 to 1; the same ones in every process. Only with `TRACING_TAIL_SAMPLING`."
  }),
  tailMaxPerSecond: row({
    key: "TRACING_TAIL_MAX_PER_SECOND",
    rule: Rule.integer(1),
    fallback: undefined,
    shown: "no limit",
    doc: "How many runs a second are kept so. One that comes on top is let go whole, and counted. `TRACING_MAX_SPANS_PER_SECOND` has no say in them."
  }),
  tailMaxSpans: row({
    key: "TRACING_TAIL_MAX_SPANS",
    rule: Rule.integer(1),
    fallback: 50_000,
    doc: "How many ended spans of undecided runs are remembered. The run that began first makes room, whole, and its spans are counted as dropped."
  }),
  tailMaxBytes: row({
    key: "TRACING_TAIL_MAX_BYTES",
    rule: Rule.integer(1),
    fallback: 50_000_000,
    doc: "How many bytes they may take, by estimate; whichever bound is met first counts."
  }),
  tailMaxTraces: row({
    key: "TRACING_TAIL_MAX_TRACES",
    rule: Rule.integer(1),
    fallback: 10_000,
    doc: "How many runs may be undecided, and of how many it is remembered that they were kept, for spans that come later."
  }),
  tailMaxTraceSpans: row({
    key: "TRACING_TAIL_MAX_TRACE_SPANS",
    rule: Rule.integer(1),
    fallback: undefined,
    shown: "10000, or TRACING_TAIL_MAX_SPANS if that is less",
    doc: "How many spans of one run are remembered; not more than `TRACING_TAIL_MAX_SPANS`. Further ones are dropped, and the local root says how many."
  }),

  samplingRules: row({
    key: "TRACING_SAMPLING_RULES",
    rule: Rule.text,
    fallback: undefined,
    doc: "Rules in JSON that decide before the rate does, where a trace begins; the first that matches counts: see [sampling.md](sampling.md)."
  }),
  samplingRulesFile: row({
    key: "TRACING_SAMPLING_RULES_FILE",
    rule: Rule.text,
    fallback: undefined,
    doc: "A file with such rules instead. It is looked at while the program runs: rules that are changed hold from then on, and those that are not usable change nothing and are said."
  }),
  samplingRulesInterval: row({
    key: "TRACING_SAMPLING_RULES_INTERVAL",
    rule: Rule.duration,
    fallback: Duration.seconds(5),
    doc: "How often it is looked at."
  }),
  samplingPerTenant: row({
    key: "TRACING_SAMPLING_PER_TENANT",
    rule: Rule.perSecond,
    fallback: undefined,
    shown: "no limit",
    doc: "How many traces may begin in a second for each tenant, of those that rules and rate chose. Spans that name no tenant are not limited."
  }),
  samplingTenants: row({
    key: "TRACING_SAMPLING_TENANTS",
    rule: Rule.integer(1, 1_000_000),
    fallback: 1000,
    doc: "How many tenants have such a limit of their own at a time; those that come on top while all are busy share one."
  }),

  // How they travel
  queueSize: row({
    key: "TRACING_BATCH_QUEUE_SIZE",
    rule: Rule.integer(1),
    otel: ["OTEL_BSP_MAX_QUEUE_SIZE"],
    fallback: 40_000,
    doc: "How many ended spans may wait: at about 235 bytes each as protobuf, 10 MB while a receiver is away, and forty seconds of a process that makes a thousand a second. What comes on top is dropped and counted."
  }),
  queueBytes: row({
    key: "TRACING_BATCH_QUEUE_BYTES",
    rule: Rule.integer(1),
    fallback: 50_000_000,
    doc: "How many bytes they may take, by estimate; whichever bound is met first counts."
  }),
  drop: row({
    key: "TRACING_BATCH_DROP",
    rule: Rule.oneOf("newest", "oldest", "trace", "priority"),
    fallback: "newest",
    doc: "What is dropped when no more may wait: the span that comes on top; the batch that has waited longest; the whole `trace` of the span that comes on top; or by `priority`, so that failed spans are kept longest, and then those with which a trace enters the process. The last two need twice the memory, as spans wait as they are and not as bytes."
  }),
  batchSize: row({
    key: "TRACING_BATCH_SIZE",
    rule: Rule.integer(1),
    otel: ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"],
    fallback: undefined,
    shown: "1024, or the queue size if that is less",
    doc: "How many spans one request carries at most; not more than the queue size. As protobuf, fewer once they take two mebibytes."
  }),
  concurrency: row({
    key: "TRACING_MAX_CONCURRENT_EXPORTS",
    rule: Rule.integer(1, 64),
    fallback: 4,
    doc: "How many batches may be on their way at once. More than one are only while one is not enough."
  }),
  interval: row({
    key: "TRACING_BATCH_TIMEOUT",
    rule: Rule.delay,
    otel: ["OTEL_BSP_SCHEDULE_DELAY"],
    fallback: undefined,
    shown: "5000, for `console` 200",
    doc: "How long an ended span waits for others at most."
  }),
  exportTimeout: row({
    key: "TRACING_BATCH_EXPORT_TIMEOUT",
    rule: Rule.duration,
    otel: [{ key: "OTEL_BSP_EXPORT_TIMEOUT", rule: Rule.otelTimeout }],
    fallback: Duration.minutes(5),
    doc: "After this long a batch on its way is given up, however often it was tried. What waits behind it is not."
  }),
  shutdownTimeout: row({
    key: "TRACING_SHUTDOWN_TIMEOUT",
    rule: Rule.duration,
    fallback: Duration.millis(2500),
    doc: "How long the end of the program waits for spans to be delivered, retries included. Where nobody listens it does not wait."
  }),

  // What survives the process
  spoolDirectory: row({
    key: "TRACING_SPOOL_DIR",
    rule: Rule.text,
    fallback: undefined,
    doc: "A folder in which ended spans are kept until they have arrived, so that a killed process or a long outage loses none: see [spool.md](spool.md). Made where it is not there; must belong to the user of this process and be writable by nobody else. Unset, spans wait in memory alone."
  }),
  spoolMaxBytes: row({
    key: "TRACING_SPOOL_MAX_BYTES",
    rule: Rule.integer(262_144),
    fallback: 512_000_000,
    doc: "How many bytes the spans of one process may take there: at about 350 each, more than a million spans. The oldest are dropped for what comes on top, and counted."
  }),
  spoolMaxAge: row({
    key: "TRACING_SPOOL_MAX_AGE",
    rule: Rule.duration,
    fallback: Duration.hours(72),
    doc: "Spans that have waited there for so long are dropped and counted."
  }),
  spoolSegmentBytes: row({
    key: "TRACING_SPOOL_SEGMENT_BYTES",
    rule: Rule.integer(65_536, 67_108_864),
    fallback: undefined,
    shown: "4194304, or a quarter of TRACING_SPOOL_MAX_BYTES if that is less",
    doc: "How large one file becomes. Spans are dropped a file at a time; not more than a quarter of `TRACING_SPOOL_MAX_BYTES`."
  }),
  spoolSync: row({
    key: "TRACING_SPOOL_SYNC",
    rule: Rule.oneOf("none", "interval", "each"),
    fallback: "none",
    doc: "When the disk itself has what is written. `none` leaves it to the system and survives the end of any process, not of the machine; `interval` loses a second of spans with the machine; `each` none, and every span waits for the disk."
  }),
  spoolKey: row({
    key: "TRACING_SPOOL_KEY",
    rule: Rule.key,
    fallback: undefined,
    secret: true,
    doc: "Encrypts what is written there (AES-256-GCM): 32 bytes as 64 hexadecimal digits or in base64, as `openssl rand -hex 32` makes them. Never shown."
  }),

  // For tools
  healthUrl: row({
    key: "TRACING_HEALTH_URL",
    rule: Rule.httpUrl,
    fallback: undefined,
    doc: "Where a running program answers with its `TracingHealth.snapshot` as JSON. Read by `gorax-tracing doctor` and `gorax-tracing explain` alone. May hold `user:password@`, which is never shown."
  }),

  // Across boundaries
  propagators: row({
    key: "TRACING_PROPAGATORS",
    rule: Rule.someOf("tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray"),
    otel: ["OTEL_PROPAGATORS"],
    fallback: ["tracecontext", "baggage"],
    shown: "tracecontext,baggage",
    doc: "The formats of contexts: all of them are written, and the first that is found in this order is read. `none` for no propagation at all."
  }),
  baggageAttributes: row({
    key: "TRACING_BAGGAGE_ATTRIBUTES",
    rule: Rule.names,
    fallback: [],
    shown: "none",
    doc: "Entries of the baggage that become attributes, of the same name, of every span opened under them: `tier,region`. What arrives in baggage was written by whoever sent it."
  }),
  baggageMaxBytes: row({
    key: "TRACING_BAGGAGE_MAX_BYTES",
    rule: Rule.integer(0, 8192),
    fallback: 8192,
    doc: "How long the `baggage` header may be that goes out. Entries that do not fit stay behind. The specification has everybody hand on 8192 bytes: with less, something that others count on may be missing."
  }),
  propagateTo: row({
    key: "TRACING_PROPAGATE_TO",
    rule: Rule.hosts,
    fallback: undefined,
    shown: "own",
    doc: "Hosts that are handed the trace context with a request. A host stands for all its ports and schemes, `*.example.com` for all hosts below it, `own` for loopback and private addresses, names without a dot and names under `internal`, `local` and `svc`. Asked again for every redirect."
  }),
  propagateBaggage: row({
    key: "TRACING_PROPAGATE_BAGGAGE",
    rule: Rule.baggageNames,
    fallback: undefined,
    shown: "all of it in one's own network, none beyond",
    doc: "The entries of baggage that go with a request, to hosts that may have the context."
  }),
  trust: row({
    key: "TRACING_TRUST",
    rule: Rule.oneOf("trusted", "public"),
    fallback: undefined,
    shown: "trusted; public where peers or a secret are named",
    doc: "`trusted` continues the trace of whoever sends a request. `public` begins a new one, sampled by our own rules and linked to the sender's; its tracestate and baggage are dropped."
  }),
  trustedPeers: row({
    key: "TRACING_TRUSTED_PEERS",
    rule: Rule.networks,
    fallback: [],
    shown: "none",
    doc: "Networks whose requests are continued although `TRACING_TRUST` is `public`. What counts is the address at the other end of the connection, which is a proxy's where there is one."
  }),
  trustSecret: row({
    key: "TRACING_TRUST_SECRET",
    rule: Rule.secret,
    fallback: undefined,
    secret: true,
    doc: "Requests that hold this in the header of `TRACING_TRUST_HEADER` are continued although `TRACING_TRUST` is `public`. Never shown."
  }),
  trustHeader: row({
    key: "TRACING_TRUST_HEADER",
    rule: Rule.headerName,
    fallback: "x-tracing-trust",
    doc: "The header that `TRACING_TRUST_SECRET` is looked for in."
  }),
  trustedProxies: row({
    key: "TRACING_TRUSTED_PROXIES",
    rule: Rule.networks,
    fallback: [],
    shown: "none",
    doc: "Networks of proxies that are believed when `Forwarded` or `X-Forwarded-*` says who the client is, and how it called the server."
  }),
  otelContext: row({
    key: "TRACING_OTEL_CONTEXT",
    rule: Rule.oneOf("auto", "on", "off"),
    fallback: "auto",
    doc: "Whether code that uses OpenTelemetry itself sees the current span: `auto` begins when such code shows up."
  }),

  // What log lines say
  logCorrelation: row({
    key: "TRACING_LOG_CORRELATION",
    rule: Rule.boolean,
    fallback: true,
    doc: "Every log line inside a span says `trace_id`, `span_id` and `trace_flags`, and tenant and execution where its span knows them: see [correlation.md](correlation.md)."
  }),
  logEvents: row({
    key: "TRACING_LOG_EVENTS",
    rule: Rule.boolean,
    fallback: false,
    doc: "Makes each log line an event of the span it was written in, as Effect does by itself. Twice the data, and what is in a line leaves with the span."
  }),

  logs: row({
    key: "TRACING_LOGS",
    rule: Rule.oneOf("none", "otlp"),
    otel: [{ key: "OTEL_LOGS_EXPORTER", rule: logsExporter }],
    fallback: "none",
    doc: "`otlp` sends every log line as a record of OpenTelemetry's logs, too, with the resource of spans and the context of its span. The console is what Effect's own loggers are for, so `OTEL_LOGS_EXPORTER=console` is `none`."
  }),
  exceptions: row({
    key: "TRACING_EXCEPTIONS",
    rule: Rule.oneOf("events", "logs", "both"),
    otel: [{ key: "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", rule: exceptionOptIn }],
    fallback: "events",
    doc: "Where exceptions of spans are told: as events of the span, as log records, or both. Log records need `TRACING_LOGS=otlp`; without it they stay events, and to ask for them by this name is an error. `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN=logs` means `logs`, `logs/dup` means `both`."
  }),
  logsQueueSize: row({
    key: "TRACING_LOGS_QUEUE_SIZE",
    rule: Rule.integer(1),
    otel: ["OTEL_BLRP_MAX_QUEUE_SIZE"],
    fallback: 4096,
    doc: "How many records may wait. What comes on top is dropped and counted."
  }),
  logsQueueBytes: row({
    key: "TRACING_LOGS_QUEUE_BYTES",
    rule: Rule.integer(1),
    fallback: 20_000_000,
    doc: "How many bytes they may take, by estimate; whichever bound is met first counts."
  }),
  logsBatchSize: row({
    key: "TRACING_LOGS_BATCH_SIZE",
    rule: Rule.integer(1),
    otel: ["OTEL_BLRP_MAX_EXPORT_BATCH_SIZE"],
    fallback: undefined,
    shown: "512, or the queue size if that is less",
    doc: "How many records one request carries at most; not more than the queue size."
  }),
  logsInterval: row({
    key: "TRACING_LOGS_BATCH_TIMEOUT",
    rule: Rule.delay,
    otel: ["OTEL_BLRP_SCHEDULE_DELAY"],
    fallback: Duration.seconds(1),
    doc: "How long a record waits for others at most."
  }),
  logsEndpoint: logsSignal.endpoint,
  logsProtocol: logsSignal.protocol,
  logsHeaders: logsSignal.headers,
  logsCompression: logsSignal.compression,
  logsTimeout: logsSignal.timeout,

  // Metrics
  metrics: row({
    key: "TRACING_METRICS",
    rule: Rule.oneOf("off", "prometheus", "otlp"),
    otel: [{ key: "OTEL_METRICS_EXPORTER", rule: metricsExporter }],
    fallback: "off",
    doc: "Measures every run of a workflow and of a step, sampled or not, and finds exemplars for these and the program's own metrics. `prometheus` lets `TracingMetrics` serve them; `otlp` sends them as well. What is sent or served are all of the program's Effect metrics. See [correlation.md](correlation.md)."
  }),
  metricsInterval: row({
    key: "TRACING_METRICS_INTERVAL",
    rule: Rule.duration,
    otel: ["OTEL_METRIC_EXPORT_INTERVAL"],
    fallback: Duration.minutes(1),
    doc: "How often metrics are sent."
  }),
  metricsExemplars: row({
    key: "TRACING_METRICS_EXEMPLARS",
    rule: Rule.boolean,
    otel: [{ key: "OTEL_METRICS_EXEMPLAR_FILTER", rule: exemplarFilter }],
    fallback: true,
    doc: "Metrics name traces that are kept as examples of what they measured. `OTEL_METRICS_EXEMPLAR_FILTER=trace_based` means `true`, `always_off` means `false`."
  }),
  metricsSeries: row({
    key: "TRACING_METRICS_SERIES",
    rule: Rule.integer(2, 100_000),
    fallback: 2000,
    doc: 'How many combinations of workflow, step, tenant and error each metric of runs tells apart. What comes on top is counted together, as `otel.metric.overflow="true"`.'
  }),
  metricsEndpoint: metricsSignal.endpoint,
  metricsProtocol: metricsSignal.protocol,
  metricsHeaders: metricsSignal.headers,
  metricsCompression: metricsSignal.compression,
  metricsTimeout: metricsSignal.timeout,

  // What spans hold
  attributeProfile: row({
    key: "TRACING_ATTRIBUTE_PROFILE",
    rule: Rule.oneOf("gorax", "semconv"),
    otel: [{ key: "OTEL_SEMCONV_STABILITY_OPT_IN", rule: optIn }],
    fallback: "gorax",
    doc: "`gorax` writes the platform's old HTTP keys beside the stable ones, `semconv` the stable ones alone. `OTEL_SEMCONV_STABILITY_OPT_IN=http` means `semconv`, `http/dup` means `gorax`."
  }),
  httpIgnore: row({
    key: "TRACING_HTTP_IGNORE",
    rule: Rule.paths,
    fallback: [],
    shown: "none",
    doc: "Paths whose requests are left out, with all that happens below them: `/health`, `/internal/*`."
  }),
  httpRequestHeaders: row({
    key: "TRACING_HTTP_REQUEST_HEADERS",
    rule: Rule.headerNames,
    fallback: [],
    shown: "none",
    doc: "Request headers that HTTP spans write down, as `http.request.header.<name>`. Headers that hold secrets are masked even here."
  }),
  httpResponseHeaders: row({
    key: "TRACING_HTTP_RESPONSE_HEADERS",
    rule: Rule.headerNames,
    fallback: [],
    shown: "none",
    doc: "Response headers that HTTP spans write down, as `http.response.header.<name>`."
  }),
  httpBodySizes: row({
    key: "TRACING_HTTP_BODY_SIZES",
    rule: Rule.boolean,
    fallback: false,
    doc: "Writes `http.request.body.size` and `http.response.body.size`, where they are known without counting."
  }),
  httpServerTiming: row({
    key: "TRACING_HTTP_SERVER_TIMING",
    rule: Rule.boolean,
    fallback: false,
    doc: 'Answers with `Server-Timing: traceparent;desc="…"`, by which a browser finds the trace of its request.'
  }),
  // What is removed from them
  redaction: row({
    key: "TRACING_REDACTION",
    rule: Rule.oneOf("on", "strict", "off"),
    fallback: "on",
    doc: "`on` masks secrets in all that leaves: what stands under the name of one, and what looks like one. `strict` lets nothing pass but what `TRACING_REDACT_ALLOW` names. `off` leaves attributes as they are set; see [redaction.md](redaction.md)."
  }),
  redactKeys: row({
    key: "TRACING_REDACT_KEYS",
    rule: Rule.keyNames,
    fallback: [],
    shown: "none",
    doc: "Further keys whose values are secrets, in attributes, texts and URLs: `iban,patient_name`. Case and separators do not matter."
  }),
  redactPatterns: row({
    key: "TRACING_REDACT_PATTERNS",
    rule: Rule.patterns,
    fallback: {},
    shown: "none",
    doc: "Further secrets by their looks, as `name=pattern`, separated by spaces: `employee=EMP-\\d{6}`. The syntax is [RE2's](https://github.com/google/re2/wiki/Syntax), in which no pattern is slow."
  }),
  redactAllow: row<ReadonlyArray<string>, undefined>({
    key: "TRACING_REDACT_ALLOW",
    rule: Rule.attributeKeys,
    fallback: undefined,
    shown: "none; for `strict` own",
    doc: "Keys of attributes that pass although they are called like a secret, or, for `strict`, that pass at all: `session.id,order.*`. `own` stands for those that this package writes and nobody else puts text into. What looks like a secret is masked even there."
  }),
  redactPersonal: row({
    key: "TRACING_REDACT_PERSONAL",
    rule: Rule.someOf("email", "phone"),
    fallback: [],
    shown: "none",
    doc: "What of people is masked as well, by its looks: `email`, `phone` (international, with a plus), or both."
  }),
  redactHashKey: row({
    key: "TRACING_REDACT_HASH_KEY",
    rule: Rule.key,
    fallback: undefined,
    secret: true,
    doc: "Adds a keyed hash to every mask, by which equal secrets are seen to be equal: 32 bytes as 64 hexadecimal digits or in base64. Never shown."
  }),

  // How much they hold
  spanAttributes: row({
    key: "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    rule: Rule.integer(0),
    otel: ["OTEL_ATTRIBUTE_COUNT_LIMIT"],
    fallback: 128,
    doc: "Attributes of one span."
  }),
  attributeLength: row({
    key: "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    rule: Rule.integer(0),
    otel: ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"],
    fallback: SpanLimits.defaults.attributeLength,
    doc: "Characters of one attribute's text; what is longer is cut. The specification has no limit where none is set."
  }),
  spanEvents: row({
    key: "OTEL_SPAN_EVENT_COUNT_LIMIT",
    rule: Rule.integer(0),
    fallback: 128,
    doc: "Events of one span."
  }),
  spanLinks: row({
    key: "OTEL_SPAN_LINK_COUNT_LIMIT",
    rule: Rule.integer(0),
    fallback: 128,
    doc: "Links of one span."
  }),
  eventAttributes: row({
    key: "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    rule: Rule.integer(0),
    fallback: 128,
    doc: "Attributes of one event."
  }),
  linkAttributes: row({
    key: "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    rule: Rule.integer(0),
    fallback: 128,
    doc: "Attributes of one link."
  })
}

export type Setting = keyof typeof table

export type SettingValue<S extends Setting> = (typeof table)[S] extends SettingRow<infer A> ? A : never

/** Every variable that is read, in the order of the table. */
export const keys: ReadonlyArray<string> = Object.values(table).flatMap((entry) => [
  entry.key,
  ...entry.aliases,
  ...entry.otel.map((source) => source.key)
])
