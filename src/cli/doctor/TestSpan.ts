/**
 * One span, sent by the exporter that the program would use, once: what a destination makes of it.
 *
 * It appears in the backend under the program's service, by the name of
 * {@link name}, and says nothing but that.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { randomBytes } from "node:crypto"
import * as JaegerExporter from "../../export/JaegerExporter.ts"
import * as OtlpExporter from "../../export/OtlpExporter.ts"
import type { OtlpTransportOptions } from "../../export/OtlpTransport.ts"
import * as SdkOtlpExporter from "../../export/SdkOtlpExporter.ts"
import * as ZipkinExporter from "../../export/ZipkinExporter.ts"
import * as Keys from "../../model/AttributeKeys.ts"
import * as SpanContext from "../../model/SpanContext.ts"
import type { SpanData } from "../../model/SpanData.ts"
import type { SpanExporter } from "../../model/SpanExporter.ts"
import { ExportError } from "../../model/TracingError.ts"
import * as Delivery from "../../layers/Delivery.ts"
import * as SpanForm from "../../pipeline/SpanForm.ts"
import type { Finding, Step } from "./Check.ts"
import * as Credentials from "./Credentials.ts"
import type { Destination } from "./Destination.ts"
import type { Setup } from "./Setup.ts"

export const name = "gorax-tracing doctor"

const longest = Duration.seconds(4)

/** The span: a millisecond of now. */
export const make = (setup: Setup, now: number): SpanData => ({
  traceId: randomBytes(16).toString("hex"),
  spanId: randomBytes(8).toString("hex"),
  traceFlags: SpanContext.sampledFlag | SpanContext.randomFlag,
  traceState: "",
  parentSpanId: undefined,
  parentIsRemote: false,
  name,
  kind: "internal",
  startTime: BigInt(now - 1) * 1_000_000n,
  endTime: BigInt(now) * 1_000_000n,
  attributes: new Map([[Keys.component, "doctor"]]),
  droppedAttributes: 0,
  events: [],
  droppedEvents: 0,
  links: [],
  droppedLinks: 0,
  statusCode: "unset",
  statusMessage: "",
  resource: { attributes: setup.settings.resourceAttributes },
  scope: Delivery.scope
})

const exporterOf = (destination: Destination): Effect.Effect<SpanExporter, never, Scope.Scope> => {
  const { settings, tls } = destination
  const options: OtlpTransportOptions = {
    settings: { ...settings, timeout: Duration.min(settings.timeout, longest) },
    tls,
    userAgent: `gorax-tracing-doctor/${Delivery.scope.version}`
  }
  switch (destination.name) {
    case "otlp":
      return Effect.map(OtlpExporter.make(options), SpanForm.late)
    case "otlp-sdk":
      return SdkOtlpExporter.make(options.settings)
    case "zipkin":
      return ZipkinExporter.make(options)
    case "jaeger":
      return JaegerExporter.overHttp(options)
  }
}

const check = "destination.test-span"

const summaryOf = ({ reason }: ExportError, { display }: Destination): string =>
  ({
    Rejected: `${display} refuses spans`,
    TimedOut: `${display} did not answer in time`,
    TooLarge: `${display} takes not even one span`,
    Unreachable: `The connection with ${display} breaks`
  })[reason]

const isDenial = /^(HTTP status (401|403)|gRPC status (16|7))\b/

const refusal = (destination: Destination, tried: string, error: ExportError): Finding =>
  isDenial.test(error.advice)
    ? Credentials.refused(destination, tried, error.advice)
    : {
        check,
        severity: "problem",
        summary: summaryOf(error, destination),
        tried,
        seen: error.advice,
        advice:
          error.retryable === true
            ? "It may be better in a moment: the program itself would try again. If it stays so, look at the receiver's log."
            : "This is for good: the program itself would not try again. The receiver's log may say more."
      }

/** Sends it. What was accepted is handed on. */
export const send = Effect.fnUntraced(function* (
  setup: Setup,
  destination: Destination
): Effect.fn.Return<Step<SpanData>> {
  const span = make(setup, yield* Clock.currentTimeMillis)
  const sent = yield* Effect.scoped(
    Effect.flatMap(exporterOf(destination), (exporter) => exporter.export([span]))
  ).pipe(
    Effect.timeoutOrElse({
      duration: Duration.sum(longest, Duration.millis(500)),
      orElse: () =>
        Effect.fail(
          new ExportError({ reason: "TimedOut", endpoint: destination.display, advice: "No answer.", retryable: true })
        )
    }),
    Effect.result
  )
  const tried = `to send a test span to ${destination.display} with the exporter ${destination.name}`
  if (Result.isFailure(sent)) return { found: [refusal(destination, tried, sent.failure)], next: undefined }
  if (sent.success !== undefined) {
    const finding: Finding = {
      check,
      severity: "problem",
      summary: `${destination.display} answers that all is well, and does not take the span`,
      tried,
      seen: `${sent.success.rejected} span rejected: ${sent.success.message}`,
      advice:
        "What it says is all that is known. Limits and quotas of the receiver, or of the tenant, are the usual cause."
    }
    return { found: [finding], next: undefined }
  }
  const taken: Finding = {
    check,
    severity: "ok",
    summary: `${destination.display} takes spans`,
    tried,
    seen: `taken: trace ${span.traceId}`
  }
  return { found: [taken], next: span }
})
