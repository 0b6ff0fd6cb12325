/**
 * OTLP through the http/json exporter of OpenTelemetry's SDK, for comparing with our own.
 *
 * It is its own master: it tries again by itself until the timeout, reads
 * `OTEL_EXPORTER_OTLP_*` from the environment besides what it is given, does
 * not say how many spans a receiver refused, and its timers may hold a
 * process back for as long as that timeout.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { SpanExporter } from "../model/SpanExporter.ts"
import * as OtelExporter from "./OtelExporter.ts"
import type { OtlpSettings } from "./OtlpTransport.ts"
import type { RotatingHeaders } from "./RotatingHeaders.ts"

/** All batches are answered or given up before it is closed, so there is nothing worth a longer wait. */
const shutdownTimeout = "250 millis"

/** Takes the settings of our own exporter; zstd, which it does not know, becomes gzip. */
export const make = (
  { compression, endpoint, headers, timeout }: OtlpSettings,
  rotating?: RotatingHeaders
): Effect.Effect<SpanExporter, never, Scope.Scope> =>
  // Loaded when it is asked for: a process starts faster without it
  Effect.flatMap(
    Effect.promise(() => import("@opentelemetry/exporter-trace-otlp-http")),
    ({ OTLPTraceExporter }) =>
      OtelExporter.fromOtel(
        new OTLPTraceExporter({
          url: Redacted.value(endpoint.url),
          headers:
            rotating === undefined
              ? Redacted.value(headers)
              : () => Effect.runPromise(Effect.map(rotating.current, (current) => ({ ...current }))),
          timeoutMillis: Duration.toMillis(timeout),
          // The SDK's enum has the words themselves as its values
          compression: (compression === "none" ? "none" : "gzip") as never
        }),
        { endpoint: endpoint.display, shutdownTimeout }
      )
  )
