import { assert, describe, it } from "@effect/vitest"
import { TracingConfig } from "@gorax/tracing"
import { Config, ConfigProvider, Duration, Effect, Redacted, Result } from "effect"
import * as fc from "fast-check"
import * as fs from "node:fs"
import * as Document from "../../scripts/configuration-doc.ts"
import * as SettingTable from "../../src/layers/SettingTable.ts"

type Texts = Readonly<Record<string, string>>

const read = (texts: Texts): TracingConfig.TracingConfig =>
  Result.getOrThrowWith(
    TracingConfig.fromRecord({ TRACING_ENABLED: "true", ...texts }),
    (error) => new Error(error.message)
  )

const problems = (texts: Texts): ReadonlyArray<TracingConfig.TracingConfigProblem> => {
  const result = TracingConfig.fromRecord({ TRACING_ENABLED: "true", ...texts })
  return Result.isFailure(result) ? result.failure.problems : []
}

const refusedKeys = (texts: Texts): ReadonlyArray<string> => problems(texts).map(({ key }) => key)

/** A setting of the result, durations in milliseconds and secrets opened. */
const plain = (value: unknown): unknown =>
  Duration.isDuration(value)
    ? Duration.toMillis(value)
    : Redacted.isRedacted(value)
      ? Redacted.value(value)
      : typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]))
        : value

const at = (config: TracingConfig.TracingConfig, path: string): unknown =>
  path.split(".").reduce((value: any, key) => value?.[key], plain(config))

/** Variables, a place in the settings, and what stands there. */
const accepted: ReadonlyArray<readonly [Texts, string, unknown]> = [
  [{}, "enabled", true],
  ...["true", "TRUE", "1", "yes", "on", " true "].map((text) => [{ TRACING_ENABLED: text }, "enabled", true] as const),
  ...["false", "False", "0", "no", "off"].map((text) => [{ TRACING_ENABLED: text }, "enabled", false] as const),
  [{ OTEL_SDK_DISABLED: "TRUE" }, "enabled", false],
  [{ OTEL_SDK_DISABLED: "false" }, "enabled", true],

  [{}, "serviceName", "unknown_service:node"],
  [{ TRACING_SERVICE_NAME: "a", OTEL_SERVICE_NAME: "b" }, "serviceName", "a"],
  [{ OTEL_SERVICE_NAME: "b", OTEL_RESOURCE_ATTRIBUTES: "service.name=c" }, "serviceName", "b"],
  [{ OTEL_RESOURCE_ATTRIBUTES: "service.name=c" }, "serviceName", "c"],
  [{ OTEL_SERVICE_NAME: "b", TRACING_RESOURCE_ATTRIBUTES: "service.name=d" }, "serviceName", "d"],
  [
    { TRACING_SERVICE_NAME: "a", OTEL_RESOURCE_ATTRIBUTES: "service.name=c" },
    "resourceAttributes",
    {
      "service.name": "a"
    }
  ],
  [
    { TRACING_SERVICE_VERSION: "1" },
    "resourceAttributes",
    { "service.name": "unknown_service:node", "service.version": "1" }
  ],
  [{ OTEL_RESOURCE_ATTRIBUTES: "service.version=2" }, "serviceVersion", "2"],
  [
    { OTEL_RESOURCE_ATTRIBUTES: "a=1,b=2%2C3,", TRACING_RESOURCE_ATTRIBUTES: "b = x=y , c=" },
    "resourceAttributes",
    { a: "1", b: "x=y", c: "", "service.name": "unknown_service:node" }
  ],

  [{}, "logs.correlation", true],
  [{}, "logs.events", false],
  [{}, "logs.sent", undefined],
  [{ OTEL_LOGS_EXPORTER: "console" }, "logs.sent", undefined],
  [{ OTEL_LOGS_EXPORTER: "otlp" }, "logs.sent.queueSize", 4096],
  [{ TRACING_LOGS: "otlp", OTEL_BLRP_MAX_QUEUE_SIZE: "100" }, "logs.sent.batchSize", 100],
  [{ TRACING_LOGS: "otlp" }, "logs.sent.interval", 1000],
  [{ TRACING_LOGS: "otlp", TRACING_HEADERS: "a=1" }, "logs.sent.otlp.headers", { a: "1" }],
  [{ TRACING_LOGS: "otlp", TRACING_HEADERS: "a=1", TRACING_LOGS_HEADERS: "b=2" }, "logs.sent.otlp.headers", { b: "2" }],
  [{ TRACING_LOGS: "otlp", OTEL_EXPORTER_OTLP_TRACES_HEADERS: "a=1" }, "logs.sent.otlp.headers", {}],
  [{ TRACING_LOGS: "otlp", OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }, "logs.sent.otlp.compression", "gzip"],
  [{ TRACING_LOGS: "otlp", TRACING_TIMEOUT: "7" }, "logs.sent.otlp.timeout", 7],
  [{}, "metrics", undefined],
  [{ OTEL_METRICS_EXPORTER: "none" }, "metrics", undefined],
  [{ TRACING_METRICS: "prometheus" }, "metrics.sent", false],
  [{ TRACING_METRICS: "otlp" }, "metrics.sent", true],
  [{ TRACING_METRICS: "otlp" }, "metrics.otlp.endpoint.display", "http://localhost:4318/v1/metrics"],
  [{ TRACING_METRICS: "otlp" }, "metrics.interval", 60_000],
  [{ TRACING_METRICS: "otlp", OTEL_METRICS_EXEMPLAR_FILTER: "always_off" }, "metrics.exemplars", false],

  [{}, "exporters", ["otlp"]],
  [{ TRACING_EXPORTER: "console" }, "exporters", ["console"]],
  [{ TRACING_EXPORTER_TYPE: "none" }, "exporters", []],
  [{ TRACING_EXPORTER: "console", TRACING_EXPORTER_TYPE: "CONSOLE" }, "exporters", ["console"]],
  [{ OTEL_TRACES_EXPORTER: "console" }, "exporters", ["console"]],
  [{ TRACING_EXPORTER: "none", OTEL_TRACES_EXPORTER: "zipkin" }, "exporters", []],
  [{ OTEL_TRACES_EXPORTER: "zipkin,jaeger" }, "exporters", ["zipkin", "jaeger"]],
  [{ TRACING_EXPORTER: " OTLP, console ,otlp" }, "exporters", ["otlp", "console"]],

  [{}, "zipkin.endpoint.url", "http://localhost:9411/api/v2/spans"],
  [{ TRACING_ZIPKIN_ENDPOINT: "zipkin:9411" }, "zipkin.endpoint.display", "https://zipkin:9411/api/v2/spans"],
  [{ OTEL_EXPORTER_ZIPKIN_ENDPOINT: "https://h/base/" }, "zipkin.endpoint.url", "https://h/base/api/v2/spans"],
  [{ TRACING_ZIPKIN_ENDPOINT: "http://u:p@h:9411" }, "zipkin.endpoint.display", "http://h:9411/api/v2/spans"],
  [{ TRACING_ZIPKIN_ENDPOINT: "http://u:p@h:9411" }, "zipkin.headers", { authorization: `Basic ${btoa("u:p")}` }],
  // Headers may be secrets of the OTLP receiver, and go nowhere else
  [{ TRACING_HEADERS: "api-key=secret" }, "zipkin.headers", {}],
  [{ TRACING_HEADERS: "api-key=secret" }, "jaeger.headers", {}],
  [{}, "headersFile", undefined],
  [{ TRACING_HEADERS_FILE: "/run/secrets/headers" }, "headersFile", "/run/secrets/headers"],
  [{ TRACING_TIMEOUT: "7" }, "zipkin.timeout", 7],
  [{ TRACING_TIMEOUT: "7", OTEL_EXPORTER_ZIPKIN_TIMEOUT: "9" }, "zipkin.timeout", 9],
  [{}, "jaeger.endpoint.url", "http://localhost:14268/api/traces"],
  [{ TRACING_JAEGER_ENDPOINT: "http://j:14268" }, "jaeger.endpoint.url", "http://j:14268/api/traces"],
  [{ OTEL_EXPORTER_JAEGER_ENDPOINT: "http://j:14268/api/traces" }, "jaeger.endpoint.url", "http://j:14268/api/traces"],
  [{}, "jaegerAgent", undefined],
  [{ TRACING_JAEGER_AGENT: "j" }, "jaegerAgent", { host: "j", port: 6831, packetSize: 65_000 }],
  [
    { TRACING_JAEGER_AGENT: "[::1]:7", TRACING_JAEGER_PACKET_SIZE: "1400" },
    "jaegerAgent",
    { host: "::1", port: 7, packetSize: 1400 }
  ],
  [
    { OTEL_EXPORTER_JAEGER_AGENT_HOST: "j", OTEL_EXPORTER_JAEGER_AGENT_PORT: "8" },
    "jaegerAgent",
    { host: "j", port: 8, packetSize: 65_000 }
  ],
  [{ OTEL_EXPORTER_JAEGER_AGENT_HOST: "j", TRACING_JAEGER_ENDPOINT: "http://j:1" }, "jaegerAgent", undefined],
  [
    { TRACING_JAEGER_AGENT: "j:9", OTEL_EXPORTER_JAEGER_ENDPOINT: "http://j:1", OTEL_EXPORTER_JAEGER_AGENT_PORT: "8" },
    "jaegerAgent.port",
    9
  ],
  [{ TRACING_FILE_PATH: "spans.jsonl" }, "file", undefined],
  [
    { TRACING_EXPORTER: "file", TRACING_FILE_PATH: "spans.jsonl", TRACING_FILE_MAX_FILES: "2" },
    "file",
    { path: "spans.jsonl", maxBytes: 100_000_000, maxFiles: 2 }
  ],
  [{}, "consoleFormat", "tree"],
  [{ TRACING_CONSOLE_FORMAT: "JSON" }, "consoleFormat", "json"],

  [{}, "otlp.endpoint.url", "http://localhost:4318/v1/traces"],
  [{}, "otlp.endpoint.protocol", "http/protobuf"],
  [{ TRACING_PROTOCOL: "grpc" }, "otlp.endpoint.url", "http://localhost:4317"],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "otlp.endpoint.url", "http://localhost:4317"],
  [{ TRACING_PROTOCOL: "http/json" }, "otlp.endpoint.protocol", "http/json"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318/base/" }, "otlp.endpoint.url", "http://c:4318/base/v1/traces"],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318/base" }, "otlp.endpoint.url", "http://c:4318/base"],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318" }, "otlp.endpoint.url", "http://c:4318/"],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b:4318/x" },
    "otlp.endpoint.url",
    "http://b:4318/x"
  ],
  [
    { TRACING_ENDPOINT: "http://c:4318", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://d:1/x" },
    "otlp.endpoint.url",
    "http://c:4318/v1/traces"
  ],
  // An OTEL_* protocol refines a TRACING_ENDPOINT, and does not overrule it
  [
    { TRACING_ENDPOINT: "localhost:4318", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    "otlp.endpoint.protocol",
    "http/protobuf"
  ],
  [{ TRACING_ENDPOINT: "localhost:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }, "otlp.endpoint.protocol", "grpc"],
  [
    { TRACING_ENDPOINT: "localhost:4318", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" },
    "otlp.endpoint.protocol",
    "http/json"
  ],
  [{ TRACING_ENDPOINT: "localhost:4318", TRACING_PROTOCOL: "grpc" }, "otlp.endpoint.protocol", "grpc"],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    "otlp.endpoint.protocol",
    "grpc"
  ],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json" },
    "otlp.endpoint.protocol",
    "http/json"
  ],
  [{ TRACING_ENDPOINT: "c:4317" }, "otlp.endpoint.insecure", false],
  [{ TRACING_ENDPOINT: "c:4317", TRACING_INSECURE: "yes" }, "otlp.endpoint.insecure", true],
  [{ TRACING_ENDPOINT: "c:4317", OTEL_EXPORTER_OTLP_INSECURE: "True" }, "otlp.endpoint.insecure", true],
  [{ TRACING_ENDPOINT: "https://c", OTEL_EXPORTER_OTLP_TRACES_INSECURE: "true" }, "otlp.endpoint.insecure", false],

  [{}, "otlp.headers", {}],
  [{ TRACING_HEADERS: "Api-Key=a%2Cb==,x= y " }, "otlp.headers", { "api-key": "a,b==", x: "y" }],
  [{ OTEL_EXPORTER_OTLP_HEADERS: "a=1", OTEL_EXPORTER_OTLP_TRACES_HEADERS: "b=2" }, "otlp.headers", { b: "2" }],
  [{ TRACING_HEADERS: "c=3", OTEL_EXPORTER_OTLP_HEADERS: "a=1" }, "otlp.headers", { c: "3" }],
  [{ TRACING_ENDPOINT: "http://u:p%40@h:4318" }, "otlp.headers", { authorization: `Basic ${btoa("u:p@")}` }],
  [
    { TRACING_ENDPOINT: "http://u:p@h:4318", TRACING_HEADERS: "Authorization=x" },
    "otlp.headers",
    { authorization: "x" }
  ],
  [{ TRACING_ENDPOINT: "http://u:p@h:4318" }, "otlp.endpoint.display", "http://h:4318/v1/traces"],
  [{}, "otlp.compression", "none"],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }, "otlp.compression", "gzip"],
  [{ TRACING_COMPRESSION: "none", OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "gzip" }, "otlp.compression", "none"],
  [{ TRACING_COMPRESSION: "zstd" }, "otlp.compression", "zstd"],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: "ZSTD" }, "otlp.compression", "zstd"],
  [{ TRACING_CERTIFICATE: "ca.pem", OTEL_EXPORTER_OTLP_CERTIFICATE: "b.pem" }, "tls.certificate", "ca.pem"],
  [{ OTEL_EXPORTER_OTLP_CERTIFICATE: "a", OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: "b" }, "tls.certificate", "b"],
  [
    { OTEL_EXPORTER_OTLP_CLIENT_KEY: "k.pem", OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: "c.pem" },
    "tls",
    { certificate: undefined, clientCertificate: "c.pem", clientKey: "k.pem" }
  ],
  [{}, "retry", { delay: 1000, maxDelay: 5000 }],
  [{ TRACING_RETRY_DELAY: "100", TRACING_RETRY_MAX_DELAY: "1 minute" }, "retry", { delay: 100, maxDelay: 60_000 }],
  [{ TRACING_EXPORTER: "otlp-sdk" }, "otlp.endpoint.protocol", "http/json"],
  [{ TRACING_EXPORTER: "otlp-sdk", TRACING_ENDPOINT: "localhost:4318" }, "otlp.endpoint.protocol", "http/json"],
  [{}, "otlp.timeout", 10_000],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "7" }, "otlp.timeout", 7],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "0" }, "otlp.timeout", 2_147_483_647],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "7", OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "8" }, "otlp.timeout", 8],

  [{}, "sampler", { kind: "parentbased_always_on", ratio: 1 }],
  [{ TRACING_SAMPLE_RATE: "0.25" }, "sampler", { kind: "parentbased_traceidratio", ratio: 0.25 }],
  [{ TRACING_SAMPLING_RATE: ".25" }, "sampler", { kind: "parentbased_traceidratio", ratio: 0.25 }],
  [{ TRACING_SAMPLE_RATE: "0.5", TRACING_SAMPLING_RATE: ".50" }, "sampler.ratio", 0.5],
  [{ TRACING_SAMPLE_RATE: "1e-3" }, "sampler.ratio", 0.001],
  [{ OTEL_TRACES_SAMPLER: "always_on" }, "sampler", { kind: "always_on", ratio: 1 }],
  [{ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, "sampler", { kind: "parentbased_always_off", ratio: 0 }],
  [
    { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" },
    "sampler",
    { kind: "traceidratio", ratio: 0.1 }
  ],
  [{ OTEL_TRACES_SAMPLER: "traceidratio" }, "sampler.ratio", 1],
  [{ OTEL_TRACES_SAMPLER: "always_on", OTEL_TRACES_SAMPLER_ARG: "not asked" }, "sampler.ratio", 1],
  [{ OTEL_TRACES_SAMPLER_ARG: "0.1" }, "sampler.ratio", 1],
  [{ TRACING_SAMPLE_RATE: "0.5", OTEL_TRACES_SAMPLER: "jaeger_remote" }, "sampler.ratio", 0.5],

  [
    {},
    "batch",
    {
      queueSize: 40_000,
      queueBytes: 50_000_000,
      drop: "newest",
      batchSize: 1024,
      concurrency: 4,
      interval: 5000,
      exportTimeout: 300_000
    }
  ],
  [{ TRACING_BATCH_DROP: "Oldest", TRACING_MAX_CONCURRENT_EXPORTS: "8" }, "batch.drop", "oldest"],
  [{ TRACING_SPOOL_MAX_BYTES: "1000000", TRACING_SPOOL_SYNC: "each" }, "spool", undefined],
  [
    { TRACING_SPOOL_DIR: "/var/spool/traces" },
    "spool",
    {
      directory: "/var/spool/traces",
      maxBytes: 512_000_000,
      maxAge: 259_200_000,
      segmentBytes: 4_194_304,
      sync: "none",
      key: undefined
    }
  ],
  [{ TRACING_SPOOL_DIR: "spool", TRACING_SPOOL_MAX_BYTES: "1000000" }, "spool.segmentBytes", 250_000],
  [{ TRACING_SPOOL_DIR: "spool", TRACING_SPOOL_SYNC: "Each" }, "spool.sync", "each"],
  [{ TRACING_SPOOL_DIR: "spool", TRACING_SPOOL_KEY: "5A".repeat(32) }, "spool.key", Buffer.alloc(32, 0x5a)],
  [
    { TRACING_SPOOL_DIR: "spool", TRACING_SPOOL_KEY: Buffer.alloc(32, 0x5a).toString("base64") },
    "spool.key",
    Buffer.alloc(32, 0x5a)
  ],
  [{ TRACING_EXPORTER: "console", TRACING_BATCH_TIMEOUT: "1000" }, "batch.interval", 1000],
  [{ TRACING_BATCH_QUEUE_SIZE: "100" }, "batch.batchSize", 100],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: "4096", OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "4096" }, "batch.batchSize", 4096],
  [{ OTEL_BSP_SCHEDULE_DELAY: "0" }, "batch.interval", 0],
  [{ TRACING_BATCH_TIMEOUT: "1.5 seconds" }, "batch.interval", 1500],
  [{ TRACING_BATCH_TIMEOUT: "250", OTEL_BSP_SCHEDULE_DELAY: "9" }, "batch.interval", 250],
  [{ OTEL_BSP_EXPORT_TIMEOUT: "40" }, "batch.exportTimeout", 40],
  [{ OTEL_BSP_EXPORT_TIMEOUT: "0" }, "batch.exportTimeout", 2_147_483_647],
  [{}, "shutdownTimeout", 2500],
  [{ TRACING_SHUTDOWN_TIMEOUT: "1 minute" }, "shutdownTimeout", 60_000],

  [{ TRACING_HEALTH_URL: "http://localhost:3000/health" }, "healthUrl", new URL("http://localhost:3000/health")],
  [{}, "propagators", ["tracecontext", "baggage"]],
  [{ TRACING_PROPAGATORS: "baggage" }, "propagators", ["baggage"]],
  [{ TRACING_PROPAGATORS: "none", OTEL_PROPAGATORS: "b3" }, "propagators", []],
  [{ OTEL_PROPAGATORS: " TraceContext , tracecontext" }, "propagators", ["tracecontext"]],
  [
    { TRACING_PROPAGATORS: "b3multi,B3,jaeger,xray,tracecontext" },
    "propagators",
    ["b3multi", "b3", "jaeger", "xray", "tracecontext"]
  ],
  [{ OTEL_PROPAGATORS: "b3" }, "propagators", ["b3"]],
  [{}, "baggage", { attributes: [], maxBytes: 8192 }],
  [{ TRACING_BAGGAGE_ATTRIBUTES: "Tier, region,Tier" }, "baggage.attributes", ["Tier", "region"]],
  [{ TRACING_BAGGAGE_ATTRIBUTES: "none" }, "baggage.attributes", []],
  [{ TRACING_BAGGAGE_MAX_BYTES: "0" }, "baggage.maxBytes", 0],
  [{}, "propagateTo", undefined],
  [
    { TRACING_PROPAGATE_TO: "API.example.com, *.example.org,localhost:80,[::1]" },
    "propagateTo",
    ["api.example.com", "*.example.org", "localhost:80", "[::1]"]
  ],
  [{ TRACING_PROPAGATE_TO: "none" }, "propagateTo", []],
  [{ TRACING_PROPAGATE_TO: "*" }, "propagateTo", ["*"]],
  [
    { TRACING_PROPAGATE_TO: "own,https://api.example.com,http://*.example.org:81,bücher.example" },
    "propagateTo",
    ["own", "https://api.example.com", "http://*.example.org:81", "bücher.example"]
  ],
  [{}, "propagateBaggage", undefined],
  [{ TRACING_PROPAGATE_BAGGAGE: "tier, Plan,tier" }, "propagateBaggage", ["tier", "Plan"]],
  [{ TRACING_PROPAGATE_BAGGAGE: "None" }, "propagateBaggage", []],

  [{}, "trust.kind", undefined],
  [{ TRACING_TRUST: "Public" }, "trust.kind", "public"],
  [{ TRACING_TRUST: "trusted", TRACING_TRUSTED_PEERS: "none" }, "trust.kind", "trusted"],
  [{ TRACING_TRUSTED_PEERS: "10.0.0.0/8" }, "trust.kind", "public"],
  [{ TRACING_TRUST_SECRET: "a-secret-of-services" }, "trust.kind", "public"],
  [{ TRACING_TRUST_SECRET: "a-secret-of-services" }, "trust.secret", "a-secret-of-services"],
  [{ TRACING_TRUST_SECRET: "a-secret-of-services" }, "trust.header", "x-tracing-trust"],
  [{ TRACING_TRUST_HEADER: "X-From-Inside" }, "trust.header", "x-from-inside"],
  [{ TRACING_TRUSTED_PEERS: "10.0.0.0/8, FD00::/8,192.0.2.7" }, "trust.peers", ["10.0.0.0/8", "fd00::/8", "192.0.2.7"]],
  [{ TRACING_TRUSTED_PROXIES: "127.0.0.1" }, "http.trustedProxies", ["127.0.0.1"]],
  [{ TRACING_HTTP_IGNORE: "/health,/internal/*" }, "http.ignore", ["/health", "/internal/*"]],
  [{ TRACING_HTTP_REQUEST_HEADERS: "X-Request-Id" }, "http.requestHeaders", ["x-request-id"]],
  [{ TRACING_HTTP_RESPONSE_HEADERS: "none" }, "http.responseHeaders", []],
  [{ TRACING_HTTP_BODY_SIZES: "yes" }, "http.bodySizes", true],
  [{ TRACING_HTTP_SERVER_TIMING: "true" }, "http.serverTiming", true],
  [{}, "maxSpansPerSecond", undefined],
  [{ TRACING_MAX_SPANS_PER_SECOND: "500" }, "maxSpansPerSecond", 500],
  [{}, "tail.keep", []],
  [{ TRACING_TAIL_SAMPLING: "off" }, "tail.keep", []],
  [{ TRACING_TAIL_SAMPLING: "Failures, retries" }, "tail.keep", ["failures", "retries"]],
  [{ TRACING_TAIL_SAMPLING: "failures" }, "tail.slowest", 0],
  [{ TRACING_TAIL_SAMPLING: "slow" }, "tail.slowest", 0.01],
  [{ TRACING_TAIL_SAMPLING: "slow", TRACING_TAIL_SLOWEST: "0.05" }, "tail.slowest", 0.05],
  [{ TRACING_TAIL_SAMPLING: "slow", TRACING_TAIL_SLOWER_THAN: "2 seconds" }, "tail.slowest", 0],
  [{ TRACING_TAIL_SAMPLING: "slow", TRACING_TAIL_SLOWER_THAN: "2 seconds" }, "tail.slowerThan", 2000],
  // It says what is slow, for when it is asked for
  [{ TRACING_TAIL_SLOWER_THAN: "2 seconds" }, "tail.keep", []],
  [{ TRACING_TAIL_SHARE: "0.1" }, "tail.share", 0.1],
  [{}, "tail.maxPerSecond", undefined],
  [{ TRACING_TAIL_MAX_PER_SECOND: "5" }, "tail.maxPerSecond", 5],
  [{}, "tail.maxSpans", 50_000],
  [{ TRACING_TAIL_MAX_BYTES: "1000" }, "tail.maxBytes", 1000],
  [{ TRACING_TAIL_MAX_TRACES: "7" }, "tail.maxTraces", 7],
  [{}, "tail.maxSpansPerTrace", 10_000],
  [{ TRACING_TAIL_MAX_SPANS: "500" }, "tail.maxSpansPerTrace", 500],
  [{ TRACING_TAIL_MAX_TRACE_SPANS: "50000" }, "tail.maxSpansPerTrace", 50_000],
  [{}, "sampling.rules", []],
  [
    { TRACING_SAMPLING_RULES: '[{"name":"acme","match":{"tenant":"acme"},"action":{"ratio":0.5}}]' },
    "sampling.rules",
    [{ name: "acme", match: { tenant: "acme" }, action: { ratio: 0.5 } }]
  ],
  [{}, "sampling.rulesFile", undefined],
  [{ TRACING_SAMPLING_RULES_FILE: "rules.json" }, "sampling.rulesFile", "rules.json"],
  [{}, "sampling.rulesInterval", 5000],
  [{ TRACING_SAMPLING_RULES_INTERVAL: "1 second" }, "sampling.rulesInterval", 1000],
  [{}, "sampling.perTenant", undefined],
  [{ TRACING_SAMPLING_PER_TENANT: "0.5" }, "sampling.perTenant", 0.5],
  [{}, "sampling.tenants", 1000],
  [{ TRACING_SAMPLING_TENANTS: "50" }, "sampling.tenants", 50],
  [{}, "otelContext", "auto"],
  [{ TRACING_OTEL_CONTEXT: "off" }, "otelContext", "off"],

  [{}, "attributeProfile", "gorax"],
  [{ TRACING_ATTRIBUTE_PROFILE: "semconv" }, "attributeProfile", "semconv"],
  [{ OTEL_SEMCONV_STABILITY_OPT_IN: "http" }, "attributeProfile", "semconv"],
  [{ OTEL_SEMCONV_STABILITY_OPT_IN: "database, http" }, "attributeProfile", "semconv"],
  [{ OTEL_SEMCONV_STABILITY_OPT_IN: "http/dup" }, "attributeProfile", "gorax"],
  [{ OTEL_SEMCONV_STABILITY_OPT_IN: "http,http/dup" }, "attributeProfile", "gorax"],
  [{ OTEL_SEMCONV_STABILITY_OPT_IN: "database" }, "attributeProfile", "gorax"],
  [{ TRACING_ATTRIBUTE_PROFILE: "gorax", OTEL_SEMCONV_STABILITY_OPT_IN: "http" }, "attributeProfile", "gorax"],
  [{}, "redaction", { mode: "on", keys: [], patterns: {}, allow: undefined, personal: [], hashKey: undefined }],
  [{ TRACING_REDACTION: "Strict" }, "redaction.mode", "strict"],
  [{ TRACING_REDACT_KEYS: "iban, patient.name" }, "redaction.keys", ["iban", "patient.name"]],
  [
    { TRACING_REDACT_PATTERNS: "employee=EMP-\\d{6}  order=O=\\d+" },
    "redaction.patterns",
    { employee: "EMP-\\d{6}", order: "O=\\d+" }
  ],
  [{ TRACING_REDACT_ALLOW: "own,order.*" }, "redaction.allow", ["own", "order.*"]],
  [{ TRACING_REDACT_ALLOW: "none" }, "redaction.allow", []],
  [{ TRACING_REDACT_PERSONAL: "email,phone" }, "redaction.personal", ["email", "phone"]],
  [{ TRACING_REDACT_HASH_KEY: "5A".repeat(32) }, "redaction.hashKey", Buffer.alloc(32, 0x5a)],
  [
    {},
    "spanLimits",
    {
      attributes: 128,
      attributeLength: 16_384,
      events: 128,
      attributesPerEvent: 128,
      links: 128,
      attributesPerLink: 128
    }
  ],
  [{ OTEL_ATTRIBUTE_COUNT_LIMIT: "3" }, "spanLimits.attributes", 3],
  [{ OTEL_ATTRIBUTE_COUNT_LIMIT: "3", OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "0" }, "spanLimits.attributes", 0],
  [{ OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "9" }, "spanLimits.attributeLength", 9],
  [{ OTEL_SPAN_EVENT_COUNT_LIMIT: "1", OTEL_SPAN_LINK_COUNT_LIMIT: "2" }, "spanLimits.events", 1],
  [{ OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: "1" }, "spanLimits.attributesPerEvent", 1],
  [{ OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: "2" }, "spanLimits.attributesPerLink", 2]
]

/** Texts that a variable never takes. */
const refused: Readonly<Record<string, ReadonlyArray<string>>> = {
  TRACING_ENABLED: ["maybe", "2", "truely"],
  TRACING_LOG_CORRELATION: ["maybe"],
  TRACING_LOG_EVENTS: ["sometimes"],
  TRACING_LOGS: ["console", "loki"],
  OTEL_LOGS_EXPORTER: ["loki"],
  TRACING_EXCEPTIONS: ["spans", "logs", "both"],
  TRACING_LOGS_QUEUE_SIZE: ["0"],
  OTEL_BLRP_MAX_QUEUE_SIZE: ["-1"],
  TRACING_LOGS_QUEUE_BYTES: ["0", "1 MB"],
  TRACING_LOGS_BATCH_SIZE: ["0", "50001"],
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: ["50001"],
  TRACING_LOGS_BATCH_TIMEOUT: ["-1"],
  OTEL_BLRP_SCHEDULE_DELAY: ["soon"],
  TRACING_LOGS_ENDPOINT: ["ftp://host"],
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: ["//"],
  TRACING_LOGS_PROTOCOL: ["http"],
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: ["thrift"],
  TRACING_LOGS_HEADERS: ["secret"],
  OTEL_EXPORTER_OTLP_LOGS_HEADERS: ["a=%0a"],
  TRACING_LOGS_COMPRESSION: ["br"],
  OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: ["snappy"],
  TRACING_LOGS_TIMEOUT: ["0"],
  OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: ["-1"],
  TRACING_METRICS: ["on", "statsd"],
  OTEL_METRICS_EXPORTER: ["statsd"],
  TRACING_METRICS_INTERVAL: ["0"],
  OTEL_METRIC_EXPORT_INTERVAL: ["never"],
  TRACING_METRICS_EXEMPLARS: ["some"],
  OTEL_METRICS_EXEMPLAR_FILTER: ["always_on"],
  TRACING_METRICS_SERIES: ["1", "many"],
  TRACING_METRICS_ENDPOINT: ["ftp://host"],
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: ["//"],
  TRACING_METRICS_PROTOCOL: ["http"],
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: ["thrift"],
  TRACING_METRICS_HEADERS: ["secret"],
  OTEL_EXPORTER_OTLP_METRICS_HEADERS: ["a=%0a"],
  TRACING_METRICS_COMPRESSION: ["br"],
  OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: ["snappy"],
  TRACING_METRICS_TIMEOUT: ["0"],
  OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: ["-1"],
  OTEL_SDK_DISABLED: ["1", "yes"],
  TRACING_RESOURCE_ATTRIBUTES: ["a", "=b", "a=%zz", "a=1,b"],
  OTEL_RESOURCE_ATTRIBUTES: ["a", "%=b"],
  TRACING_EXPORTER: ["prometheus", "otlp,consul", "none,otlp", ",", "otlp,otlp-sdk"],
  TRACING_EXPORTER_TYPE: ["tempo"],
  OTEL_TRACES_EXPORTER: ["otlp;zipkin"],
  TRACING_ZIPKIN_ENDPOINT: ["ftp://host", "zipkin:0"],
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: ["//"],
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: ["-1"],
  TRACING_JAEGER_ENDPOINT: ["udp://host"],
  OTEL_EXPORTER_JAEGER_ENDPOINT: ["a b"],
  TRACING_JAEGER_AGENT: ["http://agent", "agent:0", "agent:65536", "agent:port", "::1"],
  OTEL_EXPORTER_JAEGER_AGENT_HOST: ["a b"],
  OTEL_EXPORTER_JAEGER_AGENT_PORT: ["0", "99999"],
  TRACING_JAEGER_PACKET_SIZE: ["999", "65508"],
  TRACING_FILE_MAX_BYTES: ["0", "1 MB"],
  TRACING_FILE_MAX_FILES: ["0"],
  TRACING_CONSOLE_FORMAT: ["yaml"],
  TRACING_ENDPOINT: ["ftp://host", "http://", "host:port", "a b", "localhost:0", "localhost:99999", "host:4317/path"],
  OTEL_EXPORTER_OTLP_ENDPOINT: ["ftp://host"],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ["//"],
  TRACING_PROTOCOL: ["http", "thrift"],
  OTEL_EXPORTER_OTLP_PROTOCOL: ["http"],
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ["http"],
  TRACING_INSECURE: ["perhaps"],
  OTEL_EXPORTER_OTLP_INSECURE: ["1"],
  OTEL_EXPORTER_OTLP_TRACES_INSECURE: ["1"],
  TRACING_HEADERS: ["secret", "a b=1", "a=\u0000", "a=%0a", "a=ü"],
  OTEL_EXPORTER_OTLP_HEADERS: ["secret"],
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: ["secret"],
  TRACING_COMPRESSION: ["br"],
  OTEL_EXPORTER_OTLP_COMPRESSION: ["snappy"],
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: ["x"],
  TRACING_CLIENT_CERTIFICATE: ["cert.pem"],
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: ["cert.pem"],
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: ["cert.pem"],
  TRACING_CLIENT_KEY: ["key.pem"],
  OTEL_EXPORTER_OTLP_CLIENT_KEY: ["key.pem"],
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: ["key.pem"],
  TRACING_TAIL_SAMPLING: ["on", "failures,everything", "off,errors", ","],
  TRACING_TAIL_SLOWER_THAN: ["0", "long"],
  TRACING_TAIL_SLOWEST: ["1%", "2"],
  TRACING_TAIL_SHARE: ["-1", "all"],
  TRACING_TAIL_MAX_PER_SECOND: ["0", "2.5"],
  TRACING_TAIL_MAX_SPANS: ["0", "many"],
  TRACING_TAIL_MAX_BYTES: ["0", "50 MB"],
  TRACING_TAIL_MAX_TRACES: ["0"],
  TRACING_TAIL_MAX_TRACE_SPANS: ["0", "50001"],
  TRACING_RETRY_DELAY: ["0", "soon", "6 seconds"],
  TRACING_RETRY_MAX_DELAY: ["0", "never", "999"],
  TRACING_TIMEOUT: ["0", "-1", "soon", "Infinity", "3000000000", "30 days"],
  OTEL_EXPORTER_OTLP_TIMEOUT: ["-1", "soon"],
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: ["-1"],
  TRACING_SAMPLE_RATE: ["1.01", "-0.1", "10%", "NaN", "0x1", "Infinity"],
  TRACING_SAMPLING_RATE: ["2"],
  OTEL_TRACES_SAMPLER: ["jaeger_remote", "sometimes"],
  TRACING_BATCH_QUEUE_SIZE: ["0", "-1", "1.5", "many", "99999999999999999999"],
  OTEL_BSP_MAX_QUEUE_SIZE: ["0"],
  TRACING_BATCH_QUEUE_BYTES: ["0", "10 MB"],
  TRACING_BATCH_DROP: ["both"],
  TRACING_MAX_CONCURRENT_EXPORTS: ["0", "65", "many"],
  TRACING_BATCH_SIZE: ["0", "50001"],
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: ["50001", "x"],
  TRACING_BATCH_TIMEOUT: ["-1", "5 parsecs"],
  OTEL_BSP_SCHEDULE_DELAY: ["-1"],
  TRACING_BATCH_EXPORT_TIMEOUT: ["0"],
  OTEL_BSP_EXPORT_TIMEOUT: ["-1"],
  TRACING_SHUTDOWN_TIMEOUT: ["0", "never"],
  TRACING_PROPAGATORS: ["zipkin", "tracecontext,ottrace", "none,baggage", ","],
  OTEL_PROPAGATORS: ["ottrace"],
  TRACING_BAGGAGE_ATTRIBUTES: ["a b", "tier,é", "none,tier", ","],
  TRACING_BAGGAGE_MAX_BYTES: ["-1", "8k", "8193"],
  TRACING_PROPAGATE_TO: [
    "a/b",
    "a b",
    "*.",
    "*x",
    "a.*.com",
    "https://host/path",
    "ftp://host",
    "host:99999",
    "host:0",
    "host?x=1",
    "*.10.0.0.1",
    "10.0.0.0/8",
    "a..b",
    ".example.com",
    "[::1",
    "1.2.3.999",
    "none,api.example.com/"
  ],
  TRACING_PROPAGATE_BAGGAGE: ["a b", "a=b", "a;b", "é"],
  TRACING_TRUST: ["yes", "private"],
  TRACING_TRUSTED_PEERS: ["10.0.0.1/8", "10.0.0.0/33", "localhost", "10.0.0", "::1/129"],
  TRACING_TRUST_SECRET: ["short"],
  TRACING_TRUST_HEADER: ["x y", "x:"],
  TRACING_TRUSTED_PROXIES: ["*", "10.0.0.0/"],
  TRACING_HTTP_IGNORE: ["health", "/a?b", "/a*b", "/a b"],
  TRACING_HTTP_REQUEST_HEADERS: ["x y", "x:1"],
  TRACING_HTTP_RESPONSE_HEADERS: ["é"],
  TRACING_HTTP_BODY_SIZES: ["big"],
  TRACING_HTTP_SERVER_TIMING: ["maybe"],
  TRACING_SAMPLING_RULES: ["keep everything"],
  TRACING_MAX_SPANS_PER_SECOND: ["0", "-1", "1.5", "many"],
  TRACING_SAMPLING_RULES_INTERVAL: ["0", "often"],
  TRACING_SAMPLING_PER_TENANT: ["0", "-1", "many", "1e400"],
  TRACING_SAMPLING_TENANTS: ["0", "1.5", "1000001"],
  TRACING_OTEL_CONTEXT: ["true"],
  TRACING_ATTRIBUTE_PROFILE: ["both"],
  TRACING_REDACTION: ["true", "maybe"],
  TRACING_REDACT_KEYS: ["a b", "none,iban", "a.*"],
  TRACING_REDACT_PATTERNS: ["EMP-\\d{6}", "Employee=x", "a=b c", "9=x"],
  TRACING_REDACT_ALLOW: ["a*b", "*"],
  TRACING_REDACT_PERSONAL: ["name"],
  TRACING_REDACT_HASH_KEY: ["canary", "5a".repeat(31)],
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: ["-1", "1.5"],
  OTEL_ATTRIBUTE_COUNT_LIMIT: ["x"],
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: ["x"],
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: ["-1"],
  OTEL_SPAN_EVENT_COUNT_LIMIT: ["x"],
  OTEL_SPAN_LINK_COUNT_LIMIT: ["x"],
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: ["x"],
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: ["x"],
  TRACING_SPOOL_MAX_BYTES: ["x", "0", "262143"],
  TRACING_SPOOL_MAX_AGE: ["x", "0", "-1", "30 days"],
  TRACING_SPOOL_SEGMENT_BYTES: ["x", "65535", "67108865"],
  TRACING_SPOOL_SYNC: ["x", "always"],
  TRACING_HEALTH_URL: ["canary", "localhost:3000/health", "ftp://host/"],
  TRACING_SPOOL_KEY: ["canary", "5a".repeat(31), "5a".repeat(33), "é".repeat(43)]
}

/** These take every text; the ratio is judged only where a sampler asks for it, a file only when it is read. */
const neverRefused = [
  "TRACING_SERVICE_NAME",
  "OTEL_SERVICE_NAME",
  "TRACING_SERVICE_VERSION",
  "TRACING_SPOOL_DIR",
  "TRACING_SAMPLING_RULES_FILE",
  "OTEL_SEMCONV_STABILITY_OPT_IN",
  "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN",
  "OTEL_TRACES_SAMPLER_ARG",
  "TRACING_FILE_PATH",
  "TRACING_HEADERS_FILE",
  "TRACING_CERTIFICATE",
  "OTEL_EXPORTER_OTLP_CERTIFICATE",
  "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE"
]

describe("TracingConfig", () => {
  it.each(accepted)("%j sets %s to %j", (texts, path, expected) => {
    assert.deepStrictEqual(at(read(texts), path), expected)
  })

  it.each(Object.entries(refused))("%s refuses %j, and says its name, its rule and the value", (key, texts) => {
    const row = Object.values(SettingTable.table).find((row) =>
      [row.key, ...row.aliases, ...row.otel.map((source) => source.key)].includes(key)
    )!
    for (const text of texts) {
      const found = problems({ [key]: text })
      assert.deepStrictEqual(
        found.map((problem) => problem.key),
        [key],
        text
      )
      assert.isAbove(found[0]!.rule.length, 5)
      if (row.secret) assert.strictEqual(found[0]!.value, "hidden, as it may be a secret")
      else assert.strictEqual(found[0]!.value, JSON.stringify(text))
    }
  })

  it("every variable of the table is judged by these tests", () => {
    assert.sameMembers([...Object.keys(refused), ...neverRefused], [...SettingTable.keys])
    assert.strictEqual(new Set(SettingTable.keys).size, SettingTable.keys.length)
  })

  it("an empty or blank variable is an unset one", () => {
    for (const text of ["", "  ", "\t"]) {
      const all = Object.fromEntries(SettingTable.keys.map((key) => [key, text]))
      assert.deepStrictEqual(TracingConfig.fromRecord(all), Result.succeed(TracingConfig.defaults))
    }
  })

  it("nothing but TRACING_ENABLED turns tracing on", () => {
    const texts = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://h:4318",
      OTEL_SDK_DISABLED: "false",
      TRACING_ENDPOINT: "h:4317"
    }
    assert.isFalse(Result.getOrThrow(TracingConfig.fromRecord(texts)).enabled)
    assert.isFalse(TracingConfig.defaults.enabled)
  })

  it("a program that does not trace is not stopped by OTEL_* variables meant for others, only by its own", () => {
    const off = { OTEL_PROPAGATORS: "ottrace", OTEL_TRACES_EXPORTER: "zipkin", OTEL_SDK_DISABLED: "1" }
    assert.isTrue(Result.isSuccess(TracingConfig.fromRecord(off)))
    assert.deepStrictEqual(refusedKeys({ TRACING_ENABLED: "false", TRACING_SAMPLE_RATE: "x", ...off }), [
      "TRACING_SAMPLE_RATE"
    ])
    assert.deepStrictEqual(refusedKeys({ ...off, TRACING_ENABLED: "nearly" }), ["TRACING_ENABLED"])
  })

  it("the file exporter needs a name, and Jaeger one way or the other", () => {
    assert.deepStrictEqual(refusedKeys({ TRACING_EXPORTER: "file" }), ["TRACING_EXPORTER"])
    assert.deepStrictEqual(refusedKeys({ TRACING_JAEGER_AGENT: "j", TRACING_JAEGER_ENDPOINT: "http://j:1" }), [
      "TRACING_JAEGER_AGENT"
    ])
  })

  it("two names of one setting that disagree are an error", () => {
    assert.deepStrictEqual(problems({ TRACING_SAMPLE_RATE: "0.1", TRACING_SAMPLING_RATE: "0.2" }), [
      { key: "TRACING_SAMPLING_RATE", rule: 'the same as TRACING_SAMPLE_RATE ("0.1")', value: '"0.2"' }
    ])
    assert.deepStrictEqual(refusedKeys({ TRACING_EXPORTER: "none", TRACING_EXPORTER_TYPE: "otlp" }), [
      "TRACING_EXPORTER_TYPE"
    ])
  })

  it("OpenTelemetry's own exporter speaks http/json and nothing else", () => {
    assert.deepStrictEqual(refusedKeys({ TRACING_EXPORTER: "otlp-sdk", TRACING_PROTOCOL: "grpc" }), [
      "TRACING_PROTOCOL"
    ])
  })

  it("a file of the spool is no more than a quarter of it", () => {
    assert.deepStrictEqual(
      problems({ TRACING_SPOOL_MAX_BYTES: "400000", TRACING_SPOOL_SEGMENT_BYTES: "100001" }).map(({ rule }) => rule),
      ["no more than 100000, a quarter of TRACING_SPOOL_MAX_BYTES"]
    )
  })

  it("what slow means is said only where slow runs are kept", () => {
    const failures = { TRACING_TAIL_SAMPLING: "failures" }
    assert.deepStrictEqual(
      problems({ ...failures, TRACING_TAIL_SLOWER_THAN: "1 second", TRACING_TAIL_SLOWEST: "0.1" }).map(
        ({ key, rule }) => [key, rule]
      ),
      [
        ["TRACING_TAIL_SLOWER_THAN", "unset, or slow among TRACING_TAIL_SAMPLING"],
        ["TRACING_TAIL_SLOWEST", "unset, or slow among TRACING_TAIL_SAMPLING"]
      ]
    )
    assert.deepStrictEqual(
      problems({ TRACING_TAIL_MAX_SPANS: "100", TRACING_TAIL_MAX_TRACE_SPANS: "101" }).map(({ rule }) => rule),
      ["no more than TRACING_TAIL_MAX_SPANS, 100"]
    )
  })

  it("the ratio of a sampler is judged where the sampler takes one", () => {
    assert.deepStrictEqual(
      refusedKeys({ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" }),
      ["OTEL_TRACES_SAMPLER_ARG"]
    )
  })

  it("every setting knows the variable that supplied it", () => {
    const { sources } = read({
      TRACING_SAMPLING_RATE: "0.5",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://h:4318",
      OTEL_BSP_MAX_QUEUE_SIZE: "1000"
    })
    assert.deepStrictEqual(sources, {
      enabled: "TRACING_ENABLED",
      sampleRate: "TRACING_SAMPLING_RATE",
      endpoint: "OTEL_EXPORTER_OTLP_ENDPOINT",
      queueSize: "OTEL_BSP_MAX_QUEUE_SIZE"
    })
  })

  it.effect("says everything that is wrong at once, and is a ConfigError like any other", () =>
    Effect.gen(function* () {
      const error = yield* TracingConfig.config
        .parse(
          ConfigProvider.fromEnvRecord({
            TRACING_ENABLED: "true",
            TRACING_SAMPLE_RATE: "1.5",
            TRACING_BATCH_SIZE: "60000",
            TRACING_HEADERS: "canary",
            TRACING_ENDPOINT: "http://user:canary@[bad"
          })
        )
        .pipe(Effect.flip)
      assert.instanceOf(error, Config.ConfigError)
      assert.instanceOf(error, TracingConfig.TracingConfigError)
      assert.strictEqual(error._tag, "ConfigError")
      assert.strictEqual(
        error.message,
        `4 settings of tracing are not usable:
  TRACING_ENDPOINT must be host:port, or a URL that starts with http:// or https://; it is "http://REDACTED@[bad"
  TRACING_HEADERS must be name=value pairs of HTTP headers, separated by commas, with percent-encoded special characters; it is hidden, as it may be a secret
  TRACING_SAMPLE_RATE must be a number from 0 to 1; it is "1.5"
  TRACING_BATCH_SIZE must be no more than the queue size, 40000 (TRACING_BATCH_QUEUE_SIZE); it is "60000"`
      )
      assert.notInclude(error.toString() + String(error.cause), "canary")
    })
  )

  it("credentials are in no text of the settings", () => {
    const config = read({
      TRACING_ENDPOINT: "https://user:canary@host/base?key=canary",
      TRACING_HEADERS: "authorization=canary"
    })
    assert.strictEqual(config.otlp.endpoint.display, "https://host/base/v1/traces")
    assert.strictEqual(Redacted.value(config.otlp.endpoint.url), "https://host/base/v1/traces?key=canary")
    assert.notInclude(JSON.stringify(config), "canary")
  })

  it.effect("reads whatever provider is given: environment, nested objects of one level, numbers and booleans", () =>
    Effect.gen(function* () {
      const fromEnv = yield* TracingConfig.config.parse(
        ConfigProvider.fromEnv({ env: { TRACING_ENABLED: "true", TRACING_ENABLED_X: "1", TRACING_SERVICE_NAME: "a" } })
      )
      assert.strictEqual(fromEnv.serviceName, "a")
      const fromObject = yield* TracingConfig.config.pipe(
        Effect.provideService(
          ConfigProvider.ConfigProvider,
          ConfigProvider.fromUnknown({ TRACING_ENABLED: true, TRACING_BATCH_SIZE: 7 })
        )
      )
      assert.strictEqual(fromObject.batch.batchSize, 7)
      const nested = yield* TracingConfig.config
        .pipe(Config.nested("app"))
        .parse(ConfigProvider.fromUnknown({ app: { TRACING_ENABLED: "on" } }))
      assert.isTrue(nested.enabled)
    })
  )

  it.effect("a list where a text belongs is refused, and a provider that fails is passed on", () =>
    Effect.gen(function* () {
      const list = yield* TracingConfig.config
        .parse(ConfigProvider.fromUnknown({ TRACING_PROPAGATORS: ["baggage"], TRACING_SAMPLE_RATE: "2" }))
        .pipe(Effect.flip)
      assert.deepStrictEqual(list instanceof TracingConfig.TracingConfigError && list.problems.map(({ key }) => key), [
        "TRACING_PROPAGATORS",
        "TRACING_SAMPLE_RATE"
      ])
      const broken = yield* TracingConfig.config
        .parse(ConfigProvider.make(() => Effect.fail(new ConfigProvider.SourceError({ message: "disk on fire" }))))
        .pipe(Effect.flip)
      assert.include(broken.message, "disk on fire")
    })
  )

  it("no text crashes any variable, and what is refused names that variable", () => {
    const words = [
      ...new Set([...accepted.flatMap(([texts]) => Object.values(texts)), ...Object.values(refused).flat()])
    ]
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(...words),
      fc.tuple(fc.constantFrom(...words), fc.string()).map((parts) => parts.join(""))
    )
    fc.assert(
      fc.property(fc.constantFrom(...SettingTable.keys), text, (key, value) => {
        const found = problems({ [key]: value })
        return found.every((problem) => problem.key === key && problem.rule !== "")
      }),
      { numRuns: 5000 }
    )
  })

  it("no combination of texts crashes", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...SettingTable.keys), fc.string()), (texts) => {
        TracingConfig.fromRecord(texts)
      }),
      { numRuns: 1000 }
    )
  })

  it("docs/configuration.md is what the table says (else run scripts/configuration-doc.ts)", () => {
    assert.strictEqual(fs.readFileSync(Document.file, "utf8"), Document.render())
  })
})
