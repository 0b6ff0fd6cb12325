/**
 * Where spans go besides OTLP: Zipkin, Jaeger and files, read from their settings.
 */
import type * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { FileExporterOptions } from "../export/FileExporter.ts"
import type { JaegerAgentOptions } from "../export/JaegerAgent.ts"
import * as JaegerExporter from "../export/JaegerExporter.ts"
import * as OtlpEndpoint from "../export/OtlpEndpoint.ts"
import type { OtlpSettings } from "../export/OtlpTransport.ts"
import * as ZipkinExporter from "../export/ZipkinExporter.ts"
import type { SettingReading } from "./SettingReading.ts"
import * as SettingTable from "./SettingTable.ts"

/** A server with a format of its own. `TRACING_HEADERS` are meant for OTLP, and may be secrets. */
const foreign = (
  reading: SettingReading,
  setting: "zipkinEndpoint" | "jaegerEndpoint",
  fallback: string,
  path: string,
  timeout: Duration.Duration
): OtlpSettings => {
  const read = (text: string) => OtlpEndpoint.fromText(text, { protocol: "http/json", path })
  const found = read(reading.get(setting) ?? fallback)
  if (Result.isFailure(found)) reading.refuse(setting, found.failure)
  const to = Result.getOrElse(found, () => Result.getOrThrow(read(fallback)))
  return {
    endpoint: to,
    headers: Redacted.make(to.authorization === undefined ? {} : { authorization: Redacted.value(to.authorization) }),
    compression: "none",
    timeout
  }
}

const onlyTraces = /\/v1\/traces\/?(?=$|\?)/

/** Where spans go unless that is said of spans alone; then what is said of all telemetry. */
const sharedEndpoint = (reading: SettingReading): string | undefined =>
  isOfTraces(reading, "endpoint")
    ? reading.text("OTEL_EXPORTER_OTLP_ENDPOINT")
    : reading.get("endpoint")?.replace(onlyTraces, "")

const isOfTraces = (reading: SettingReading, setting: SettingTable.Setting): boolean =>
  reading.sources[setting]?.startsWith("OTEL_EXPORTER_OTLP_TRACES_") === true

/** The same for another setting; one of OpenTelemetry's for spans alone stands aside. */
const shared = <S extends "protocol" | "headers" | "compression">(
  reading: SettingReading,
  setting: S
): SettingTable.SettingValue<S> => {
  type Value = SettingTable.SettingValue<S>
  if (!isOfTraces(reading, setting)) return reading.get(setting)
  const row = SettingTable.table[setting] as unknown as SettingTable.SettingRow<Value>
  const text = reading.text(`OTEL_EXPORTER_OTLP_${setting.toUpperCase()}`)
  return (text === undefined ? undefined : row.rule.parse(text)) ?? row.fallback
}

/** An endpoint of its own speaks for itself; else it is the protocol of spans. */
const protocolOf = (reading: SettingReading, own: string | undefined, traces: OtlpSettings) => {
  if (own?.startsWith("TRACING_") === true) return undefined
  return own === undefined && !isOfTraces(reading, "endpoint") && !isOfTraces(reading, "protocol")
    ? traces.endpoint.protocol
    : shared(reading, "protocol")
}

/** Where log records, or metrics, go, and how: as spans do, where nothing else is said. */
export const signal = (reading: SettingReading, which: "logs" | "metrics", traces: OtlpSettings): OtlpSettings => {
  const setting = `${which}Endpoint` as const
  const written = reading.get(setting)
  const asked = reading.get(`${which}Protocol`) ?? protocolOf(reading, reading.sources[setting], traces)
  const text =
    written ?? sharedEndpoint(reading) ?? (asked === "grpc" ? "http://localhost:4317" : "http://localhost:4318")
  const found = OtlpEndpoint.fromText(text, {
    protocol: asked,
    insecure: reading.get("insecure"),
    exact: reading.sources[setting]?.startsWith("OTEL_") === true,
    path: `/v1/${which}`
  })
  // An endpoint of spans is judged there
  if (Result.isFailure(found) && written !== undefined) reading.refuse(setting, found.failure)
  const endpoint = Result.getOrElse(found, () => traces.endpoint)
  const headers = reading.get(`${which}Headers`) ?? shared(reading, "headers")
  const authorization = endpoint.authorization && { authorization: Redacted.value(endpoint.authorization) }
  return {
    endpoint,
    headers: Redacted.make({ ...authorization, ...headers }),
    compression: reading.get(`${which}Compression`) ?? shared(reading, "compression"),
    timeout: reading.get(`${which}Timeout`) ?? traces.timeout
  }
}

export const zipkin = (reading: SettingReading, timeout: Duration.Duration): OtlpSettings =>
  foreign(
    reading,
    "zipkinEndpoint",
    SettingTable.table.zipkinEndpoint.fallback,
    ZipkinExporter.path,
    reading.get("zipkinTimeout") ?? timeout
  )

export const jaeger = (reading: SettingReading, timeout: Duration.Duration): OtlpSettings =>
  foreign(reading, "jaegerEndpoint", SettingTable.table.jaegerEndpoint.shown, JaegerExporter.path, timeout)

export const jaegerAgent = (reading: SettingReading): JaegerAgentOptions | undefined => {
  const written = reading.get("jaegerAgent")
  const packetSize = reading.get("jaegerPacketSize")
  const otelPort = reading.get("otelJaegerAgentPort")
  const { jaegerAgent: agent, jaegerEndpoint: endpoint } = reading.sources
  if (agent === "TRACING_JAEGER_AGENT" && endpoint === "TRACING_JAEGER_ENDPOINT") {
    reading.refuse("jaegerAgent", "unset where TRACING_JAEGER_ENDPOINT is set: spans go one way or the other")
  }
  // Of two that are not both ours, the one that is counts; among OpenTelemetry's, the endpoint, as it says more
  if (written === undefined || (endpoint !== undefined && agent !== "TRACING_JAEGER_AGENT")) return undefined
  const port = agent === "OTEL_EXPORTER_JAEGER_AGENT_HOST" ? otelPort : written.port
  return { host: written.host, port, packetSize }
}

export const file = (
  reading: SettingReading,
  names: ReadonlyArray<SettingTable.ExporterName>
): FileExporterOptions | undefined => {
  const path = reading.get("filePath")
  const maxBytes = reading.get("fileMaxBytes")
  const maxFiles = reading.get("fileMaxFiles")
  if (!names.includes("file")) return undefined
  if (path === undefined) reading.refuse("exporters", "set together with TRACING_FILE_PATH where it names file")
  return { path: path ?? "", maxBytes, maxFiles }
}
