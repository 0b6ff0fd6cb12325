/**
 * Sends spans in OpenTelemetry's own protocol, through the exporters of its SDK.
 *
 * They retry and compress by themselves. Two things they read from the
 * environment on their own, besides what they are given here: certificates
 * (`OTEL_EXPORTER_OTLP_CERTIFICATE` and its siblings), and the headers of
 * `OTEL_EXPORTER_OTLP_HEADERS`, which are added where ours do not name them.
 */
import type { SpanExporter as OtelSpanExporter } from "@opentelemetry/sdk-trace-base"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { createRequire } from "node:module"
import type { SpanExporter } from "../model/SpanExporter.ts"
import { MissingPackageError } from "../model/TracingError.ts"
import * as OtelExporter from "./OtelExporter.ts"
import type { OtlpEndpoint, OtlpProtocol } from "./OtlpEndpoint.ts"

export interface OtlpSettings {
  readonly endpoint: OtlpEndpoint
  /** Sent with every export, names in lower case. */
  readonly headers: Redacted.Redacted<Readonly<Record<string, string>>>
  readonly compression: "gzip" | "none"
  /** How long one export with its retries may take. */
  readonly timeout: Duration.Duration
}

const packages: Readonly<Record<OtlpProtocol, string>> = {
  grpc: "@opentelemetry/exporter-trace-otlp-grpc",
  "http/protobuf": "@opentelemetry/exporter-trace-otlp-proto",
  "http/json": "@opentelemetry/exporter-trace-otlp-http"
}

/** gRPC's own headers. Found by way of the exporter, as only that package is ours to ask for. */
const metadata = (headers: Readonly<Record<string, string>>) => {
  const exporter = createRequire(import.meta.url).resolve(packages.grpc)
  const base = createRequire(exporter)("@opentelemetry/otlp-grpc-exporter-base") as {
    readonly createEmptyMetadata: () => { readonly set: (name: string, value: string | Buffer) => void }
  }
  const made = base.createEmptyMetadata()
  for (const [name, value] of Object.entries(headers)) {
    made.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value)
  }
  return made
}

/** All batches are answered or given up before the exporter is closed, so there is nothing worth a longer wait. */
const shutdownTimeout = "250 millis"

/** Each protocol is loaded when it is asked for: a process starts faster without the others. */
const load = async (settings: OtlpSettings): Promise<OtelSpanExporter> => {
  const headers = Redacted.value(settings.headers)
  const options = {
    url: Redacted.value(settings.endpoint.url),
    timeoutMillis: Duration.toMillis(settings.timeout),
    // The SDK's enum has the words themselves as its values
    compression: settings.compression as never
  }
  switch (settings.endpoint.protocol) {
    case "grpc": {
      const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-grpc")
      // Plain text or TLS follows from the scheme of the URL
      return new OTLPTraceExporter({ ...options, metadata: metadata(headers) as never })
    }
    case "http/protobuf": {
      const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto")
      return new OTLPTraceExporter({ ...options, headers })
    }
    case "http/json": {
      const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http")
      return new OTLPTraceExporter({ ...options, headers })
    }
  }
}

/** Opens the way to an OTLP receiver; fails at once when the protocol's package is not installed. */
export const make = (settings: OtlpSettings): Effect.Effect<SpanExporter, MissingPackageError, Scope.Scope> => {
  const packageName = packages[settings.endpoint.protocol]
  return Effect.tryPromise({
    try: () => load(settings),
    catch: (error) =>
      new MissingPackageError({
        packageName,
        advice:
          `The protocol ${settings.endpoint.protocol} needs it: npm install ${packageName}. Or choose another with ` +
          `TRACING_PROTOCOL. (${error instanceof Error ? error.message.split("\n")[0] : "It could not be loaded"})`
      })
  }).pipe(
    Effect.flatMap((exporter) =>
      OtelExporter.fromOtel(exporter, { endpoint: settings.endpoint.display, shutdownTimeout })
    )
  )
}
