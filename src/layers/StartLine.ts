/**
 * The one line that says at start what tracing does.
 */
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import * as JaegerAgent from "../export/JaegerAgent.ts"
import type { Sampler } from "../model/Sampler.ts"
import * as Redaction from "../pipeline/Redaction.ts"
import type { ExporterName, TracingConfig } from "./TracingConfig.ts"

/** What is called how, and where it goes. */
const ways = (settings: TracingConfig): Readonly<Record<ExporterName, readonly [name: string, endpoint?: string]>> => {
  const { file, jaeger, jaegerAgent, otlp, zipkin } = settings
  return {
    otlp: [otlp.endpoint.protocol, otlp.endpoint.display],
    "otlp-sdk": ["otlp-sdk", otlp.endpoint.display],
    zipkin: ["zipkin", zipkin.endpoint.display],
    jaeger: ["jaeger", jaegerAgent === undefined ? jaeger.endpoint.display : JaegerAgent.display(jaegerAgent)],
    file: ["file", file?.path ?? ""],
    console: ["console"]
  }
}

/** Where an exporter sends spans to, without credentials. */
export const endpointOf = (name: ExporterName, settings: TracingConfig): string | undefined => ways(settings)[name][1]

const destination = (settings: TracingConfig): Readonly<Record<string, string>> => {
  const all = settings.exporters.map((exporter) => ways(settings)[exporter])
  const endpoints = all.map(([, endpoint]) => endpoint).filter((endpoint) => endpoint !== undefined)
  return {
    exporter: all.length === 0 ? "none" : all.map(([name]) => name).join(", "),
    ...(endpoints.length === 0 ? undefined : { endpoint: endpoints.join(", ") })
  }
}

const told = (settings: TracingConfig, sampler: Sampler): Readonly<Record<string, string>> => ({
  service: settings.serviceName,
  ...destination(settings),
  ...(settings.spool && { spool: settings.spool.directory }),
  ...(settings.logs.sent && { logs: settings.logs.sent.otlp.endpoint.display }),
  ...(settings.metrics?.sent && { metrics: settings.metrics.otlp.endpoint.display }),
  sampler: sampler.description,
  ...(settings.tail.keep.length > 0 && { tail: settings.tail.keep.join(", ") }),
  ...(settings.redaction.mode === "on" ? undefined : { redaction: settings.redaction.mode })
})

/** Says what is on and where spans go, without credentials; or, without a sampler, that tracing is off and what turns it on. */
export const log = (settings: TracingConfig, sampler?: Sampler): Effect.Effect<void> =>
  sampler !== undefined
    ? Effect.logInfo("Tracing is on").pipe(
        Effect.annotateLogs(Record.map(told(settings, sampler), Redaction.defaults.text))
      )
    : Effect.logInfo(offBecause(settings))

/** Why tracing is off, and what turns it on. */
export const offBecause = (settings: TracingConfig): string =>
  settings.sources.otelDisabled === undefined
    ? "Tracing is off. TRACING_ENABLED=true turns it on."
    : "Tracing is off, because OTEL_SDK_DISABLED is set."
