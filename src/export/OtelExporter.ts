/**
 * Lets any exporter or processor written for OpenTelemetry's SDK serve in our pipeline.
 */
import { type ExportResult, ExportResultCode } from "@opentelemetry/core"
import type { SpanExporter as OtelSpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace-base"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import type { SpanExporter } from "../model/SpanExporter.ts"
import type { SpanSink } from "../model/SpanSink.ts"
import { ExportError } from "../model/TracingError.ts"
import { toReadableSpan } from "./ReadableSpan.ts"
import * as Untraced from "./Untraced.ts"

export interface OtelExporterOptions {
  /** How errors call the destination; the exporter's class by default. Without credentials. */
  readonly endpoint?: string
  /** How long the exporter's own shutdown may take; 1 second by default. */
  readonly shutdownTimeout?: Duration.Input
}

/** Waits for a promise of foreign code, and no longer than it may take. It never fails. */
const settled = (run: () => Promise<unknown> | undefined, timeout: Duration.Input): Effect.Effect<boolean> =>
  Effect.tryPromise(async () => Untraced.run(run)).pipe(
    Effect.as(true),
    Effect.orElseSucceed(() => false),
    Effect.interruptible,
    Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.succeed(false) })
  )

const unreachable =
  /^(ECONN|EAI_|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|EPIPE|ETIMEDOUT|ERR_SSL|ERR_TLS|EPROTO|CERT_|UNABLE_|DEPTH_|SELF_)/
const grpcUnavailable = 14
const grpcDeadlineExceeded = 4

/** What went wrong, in our words. Reads Node's error codes, HTTP statuses and gRPC's, which are below 17. */
const toExportError = (error: unknown, endpoint: string): ExportError => {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown }
  const text = typeof message === "string" && message !== "" ? message : String(code ?? "no reason given")
  const said = SensitiveKeys.redactText(text.replace(/\.? *Resolution note:[ .]*$/, ""), 200)
  if (code === grpcDeadlineExceeded || /timed? ?out/i.test(said)) {
    return new ExportError({
      reason: "TimedOut",
      endpoint,
      advice: `No answer in time (${said}). Is the destination overloaded?`
    })
  }
  if (
    code === grpcUnavailable ||
    (typeof code === "string" && unreachable.test(code)) ||
    /retryable status/.test(said)
  ) {
    return new ExportError({
      reason: "Unreachable",
      endpoint,
      advice: `${said}. Does something listen there, and does it expect ${
        endpoint.startsWith("https:") ? "TLS? For plain text write http:// or set TRACING_INSECURE=true" : "plain text"
      }?`
    })
  }
  return new ExportError({
    reason: "Rejected",
    endpoint,
    advice:
      code === 401 || code === 403 || code === 16 || code === 7
        ? `${said}. Are the credentials in TRACING_HEADERS right?`
        : code === 404 || code === 405 || code === 12
          ? `${said}. Is this the path and protocol of an OTLP receiver?`
          : said
  })
}

const send = (exporter: OtelSpanExporter, endpoint: string): SpanExporter => ({
  export: (spans) =>
    spans.length === 0
      ? Effect.void
      : Effect.callback<void, ExportError>((resume) => {
          const finish = (result: ExportResult) =>
            resume(
              result.code === ExportResultCode.SUCCESS
                ? Effect.void
                : Effect.fail(toExportError(result.error, endpoint))
            )
          const started = Result.try(() => Untraced.run(() => exporter.export(spans.map(toReadableSpan), finish)))
          if (Result.isFailure(started)) resume(Effect.fail(toExportError(started.failure, endpoint)))
        })
})

/** Takes over an OpenTelemetry exporter: spans go out through it, and it is shut down with the scope. */
export const fromOtel = (
  exporter: OtelSpanExporter,
  options: OtelExporterOptions = {}
): Effect.Effect<SpanExporter, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.succeed(send(exporter, options.endpoint ?? exporter.constructor.name)), () =>
    settled(() => exporter.shutdown(), options.shutdownTimeout ?? "1 second")
  )

/**
 * Takes over an OpenTelemetry processor as the end of a pipeline; it is shut down with the scope.
 *
 * It is told of spans when they end, so its `onStart` is never called. What
 * it throws is swallowed, as `push` may not throw. It says only whether a
 * flush went well, so a flush counts all spans since the last as one.
 */
export const fromSpanProcessor = (
  processor: SpanProcessor,
  options: Pick<OtelExporterOptions, "shutdownTimeout"> = {}
): Effect.Effect<SpanSink, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync((): SpanSink => {
      let waiting = 0
      return {
        push: (span) => {
          waiting++
          Result.try(() => Untraced.run(() => processor.onEnd(toReadableSpan(span))))
        },
        flush: Effect.suspend(() => {
          const count = waiting
          return settled(() => processor.forceFlush(), "30 seconds").pipe(
            Effect.map((done) => {
              if (done) waiting -= count
              return done ? { exported: count, left: 0 } : { exported: 0, left: count }
            })
          )
        })
      }
    }),
    () => settled(() => processor.shutdown(), options.shutdownTimeout ?? "1 second")
  )
