import { assert, describe, it } from "@effect/vitest"
import { TracingConfig } from "@gorax/tracing"
import { Result } from "effect"
import * as fc from "fast-check"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import * as SettingTable from "../../src/layers/SettingTable.ts"

/**
 * Values that the specification of OpenTelemetry gives a meaning, for each of its variables that we read.
 *
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
const booleans = ["true", "True", "TRUE", "false", "FALSE", " true "]
const counts = ["0", "1", "128", "2147483647"]
const sizes = ["1", "512", "2147483647"]
const timeouts = ["0", "1", "10000", "2147483647"]
const endpoints = [
  "http://localhost:4318",
  "https://api.example.com:443/base/",
  "http://[::1]:4318",
  "http://u:p@h:1/v1/traces"
]
const pairs = ["a=1", "a=1,b=2", " a = 1 , b = 2 ", "a=%20%C3%BC%2C%3D", "a=", "key=value=more", "a=1,", ","]
const headers = ["api-key=1", "A=1,b=2", "a=%20x", "authorization=Basic%20dTpw", "a="]
const files = ["/etc/ssl/ca.pem", "./ca.pem"]
const protocols = ["grpc", "http/protobuf", "http/json"]
const compressions = ["gzip", "none"]

const samples: Readonly<Record<string, ReadonlyArray<string>>> = {
  OTEL_SDK_DISABLED: booleans,
  OTEL_SERVICE_NAME: ["orders", "Aufträge", "a b", "0"],
  OTEL_RESOURCE_ATTRIBUTES: pairs,
  OTEL_TRACES_EXPORTER: ["otlp", "console", "none", "OTLP"],
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoints,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoints,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocols,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocols,
  OTEL_EXPORTER_OTLP_INSECURE: booleans,
  OTEL_EXPORTER_OTLP_TRACES_INSECURE: booleans,
  OTEL_EXPORTER_OTLP_HEADERS: headers,
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: headers,
  OTEL_EXPORTER_OTLP_COMPRESSION: compressions,
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: compressions,
  OTEL_EXPORTER_OTLP_TIMEOUT: timeouts,
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: timeouts,
  OTEL_EXPORTER_OTLP_CERTIFICATE: files,
  OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: files,
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: files,
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: files,
  OTEL_EXPORTER_OTLP_CLIENT_KEY: files,
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: files,
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: ["http://localhost:9411/api/v2/spans", "https://zipkin.example.com/api/v2/spans"],
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: timeouts,
  OTEL_EXPORTER_JAEGER_ENDPOINT: ["http://localhost:14250", "http://localhost:14268/api/traces"],
  OTEL_EXPORTER_JAEGER_AGENT_HOST: ["localhost", "10.0.0.7"],
  OTEL_EXPORTER_JAEGER_AGENT_PORT: ["6831"],
  OTEL_TRACES_SAMPLER: [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
    "ALWAYS_ON"
  ],
  OTEL_TRACES_SAMPLER_ARG: ["0", "1", "0.25", "1.0", "1e-4"],
  OTEL_BSP_MAX_QUEUE_SIZE: sizes,
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: ["1", "512", "2048"],
  OTEL_BSP_SCHEDULE_DELAY: timeouts,
  OTEL_BSP_EXPORT_TIMEOUT: timeouts,
  OTEL_PROPAGATORS: ["tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "none", "tracecontext,baggage,b3"],
  OTEL_SEMCONV_STABILITY_OPT_IN: ["http", "http/dup", "http,database", "database/dup", "anything"],
  OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: ["logs", "logs/dup", "anything"],
  OTEL_LOGS_EXPORTER: ["otlp", "console", "none", "OTLP"],
  OTEL_BLRP_MAX_QUEUE_SIZE: sizes,
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: ["1", "512", "2048"],
  OTEL_BLRP_SCHEDULE_DELAY: timeouts,
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoints,
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: protocols,
  OTEL_EXPORTER_OTLP_LOGS_HEADERS: headers,
  OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: compressions,
  OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: timeouts,
  OTEL_METRICS_EXPORTER: ["otlp", "prometheus", "console", "none"],
  OTEL_METRIC_EXPORT_INTERVAL: ["1", "60000"],
  OTEL_METRICS_EXEMPLAR_FILTER: ["trace_based", "always_off"],
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoints,
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: protocols,
  OTEL_EXPORTER_OTLP_METRICS_HEADERS: headers,
  OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: compressions,
  OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: timeouts,
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: counts,
  OTEL_ATTRIBUTE_COUNT_LIMIT: counts,
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: counts,
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: counts,
  OTEL_SPAN_EVENT_COUNT_LIMIT: counts,
  OTEL_SPAN_LINK_COUNT_LIMIT: counts,
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: counts,
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: counts
}

/** Values the specification knows and we cannot do: said at start, never passed over. */
const unable: Readonly<Record<string, ReadonlyArray<string>>> = {
  OTEL_TRACES_SAMPLER: ["jaeger_remote", "parentbased_jaeger_remote", "xray"],
  OTEL_PROPAGATORS: ["ottrace"],
  OTEL_METRICS_EXEMPLAR_FILTER: ["always_on"]
}

/** A certificate says who we are only with its key, and a key with its certificate. */
const beside = (key: string): Readonly<Record<string, string>> =>
  key.endsWith("_CLIENT_KEY")
    ? { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "client.pem" }
    : key.endsWith("_CLIENT_CERTIFICATE")
      ? { OTEL_EXPORTER_OTLP_CLIENT_KEY: "key.pem" }
      : {}

const read = (texts: Readonly<Record<string, string>>) =>
  TracingConfig.fromRecord({ TRACING_ENABLED: "true", ...texts })

const otelKeys = SettingTable.keys.filter((key) => key.startsWith("OTEL_"))

describe("every variable of the table", () => {
  it.each(otelKeys)("%s takes what the specification gives a meaning", (key) => {
    assert.isDefined(samples[key], `${key} needs samples of the specification's values`)
    for (const text of samples[key] ?? []) {
      const result = read({ ...beside(key), [key]: text })
      assert.isTrue(
        Result.isSuccess(result),
        `${key}=${text}: ${Result.isFailure(result) ? result.failure.message : ""}`
      )
    }
  })

  it.each(Object.entries(unable))("%s says that it cannot do %j, by name", (key, texts) => {
    for (const text of texts) {
      const result = read({ [key]: text })
      assert.isTrue(Result.isFailure(result) && result.failure.message.includes(`"${text}"`))
    }
  })

  it("works or says why not, whatever stands in it, and shows no secret", () => {
    const secrets = Object.values(SettingTable.table)
      .filter((row) => row.secret)
      .flatMap((row) => [row.key, ...row.aliases, ...row.otel.map((source) => source.key)])
    assert.include(secrets, "TRACING_HEADERS")
    const text = fc
      .tuple(fc.string({ unit: "binary" }), fc.string())
      .map(([before, after]) => `${before}canary${after}`)
    fc.assert(
      fc.property(fc.constantFrom(...secrets), text, (key, value) => {
        const result = read({ [key]: value })
        assert.notInclude(
          Result.isFailure(result) ? String(result.failure) + JSON.stringify(result.failure) : "",
          "canary"
        )
      }),
      { numRuns: 2000 }
    )
    fc.assert(
      fc.property(fc.constantFrom(...SettingTable.keys), fc.string({ unit: "binary" }), (key, value) => {
        const result = read({ [key]: value })
        if (Result.isFailure(result)) assert.instanceOf(result.failure, TracingConfig.TracingConfigError)
      }),
      { numRuns: 2000 }
    )
  })

  it("secrets in resource attributes and endpoints are masked, too", () => {
    for (const texts of [
      { TRACING_RESOURCE_ATTRIBUTES: "password=canary,oops" },
      { OTEL_RESOURCE_ATTRIBUTES: "api_key=canary,oops" },
      { TRACING_ENDPOINT: "ftp://user:canary@host" },
      { OTEL_EXPORTER_OTLP_ENDPOINT: "user:canary@[bad" }
    ]) {
      const result = read(texts)
      assert.isTrue(Result.isFailure(result) && !String(result.failure).includes("canary"), JSON.stringify(texts))
    }
  })
})

describe("a program with three wrong settings", () => {
  it("ends before it begins, and prints what an operator needs: each variable, its rule, its value", async () => {
    const program = `
      import { NodeRuntime } from "@effect/platform-node"
      import { Console, Effect } from "effect"
      import { TracingLive } from "@gorax/tracing"
      NodeRuntime.runMain(Console.log("ran").pipe(Effect.provide(TracingLive)))`
    const env = {
      PATH: process.env["PATH"],
      TRACING_ENABLED: "true",
      TRACING_SAMPLE_RATE: "150%",
      TRACING_HEADERS: "canary-secret",
      OTEL_BSP_SCHEDULE_DELAY: "soon"
    }
    const ended = await promisify(execFile)(
      process.execPath,
      ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program],
      { env }
    ).then(
      () => assert.fail("the program ran"),
      (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => error
    )
    const printed = ended.stdout + ended.stderr
    assert.strictEqual(ended.code, 1)
    assert.notInclude(printed, "canary-secret")
    assert.notInclude(printed, "ran\n")
    assert.include(printed, "3 settings of tracing are not usable:")
    for (const line of [
      `TRACING_HEADERS must be name=value pairs of HTTP headers`,
      `TRACING_SAMPLE_RATE must be a number from 0 to 1; it is "150%"`,
      `OTEL_BSP_SCHEDULE_DELAY must be milliseconds, 0 or more, or a duration such as "5 seconds"; it is "soon"`
    ]) {
      assert.include(printed, line)
    }
  })
})
