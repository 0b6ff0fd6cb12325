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
