/**
 * Spans as the body of an OTLP request, in either encoding.
 *
 * Both are made from what `model/Otlp` says a span is; protobuf is written
 * from the span itself, as it is the path that busy processes take.
 *
 * Total: a span that cannot be read, or whose ids no receiver would accept, is
 * left out and told to the caller. The others of its batch arrive.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/
 */
import * as Result from "effect/Result"
import * as Otlp from "../model/Otlp.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { SpanData } from "../model/SpanData.ts"
import { attributes } from "./OtlpEncoderAttributes.ts"
import { buffer } from "./OtlpEncoderBuffer.ts"
import * as OtlpEncoderSpan from "./OtlpEncoderSpan.ts"
import * as OtlpEnvelope from "./OtlpEnvelope.ts"
import { OtlpSpans, type OtlpSpansRun } from "./OtlpSpans.ts"

/** Told of every span that is left out of a request. */
export type OnUnreadable = (span: SpanData) => void

/**
 * Spans of one resource and scope that follow each other make a run. Their bytes are those of the one buffer, and are
 * written over by the next call.
 */
const writeRuns = (spans: ReadonlyArray<SpanData>): ReadonlyArray<OtlpSpansRun> => {
  attributes.forget()
  buffer.clear()
  const runs: Array<OtlpSpansRun> = []
  let start = 0
  let at = 0
  for (let index = 0, first = 0; index < spans.length; index++) {
    const { resource, scope } = spans[first]!
    at = OtlpEncoderSpan.write(at, 0x12, spans[index]!)
    const next = spans[index + 1]
    if (next !== undefined && next.resource === resource && next.scope === scope) continue
    const bytes = buffer.bytes.subarray(start, at)
    runs.push({ ...OtlpEnvelope.of(resource, scope, at), count: index + 1 - first, bytes })
    first = index + 1
    start = at
  }
  return runs
}

const toProtobuf = (spans: ReadonlyArray<SpanData>): Uint8Array<ArrayBuffer> => OtlpEnvelope.wrap(writeRuns(spans))

const utf8 = new TextEncoder()

/** What JSON has no form for: OTLP writes such numbers as text. Half a surrogate pair is no text at all. */
const mended = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value)
    ? String(value)
    : typeof value === "string"
      ? value.toWellFormed()
      : value

const toJson = (spans: ReadonlyArray<SpanData>): Uint8Array<ArrayBuffer> => {
  if (!spans.every(SpanContext.isValid)) throw new TypeError("invalid span id")
  const request = Otlp.fromSpans(spans)
  const text = JSON.stringify(request)
  return utf8.encode(/:null\b|\\ud/.test(text) ? JSON.stringify(request, mended) : text)
}

/** Nothing is tried twice before something has gone wrong, so whole batches pay nothing for it. */
const total =
  <A>(encode: (spans: ReadonlyArray<SpanData>) => A) =>
  (spans: ReadonlyArray<SpanData>, onUnreadable?: OnUnreadable): A => {
    const whole = Result.try(() => encode(spans))
    if (Result.isSuccess(whole)) return whole.success
    const readable = spans.filter((span) => {
      const alone = Result.isSuccess(Result.try(() => encode([span])))
      if (!alone) onUnreadable?.(span)
      return alone
    })
    return Result.getOrElse(
      Result.try(() => encode(readable)),
      // Read twice, and different the second time
      () => {
        for (const span of readable) onUnreadable?.(span)
        return encode([])
      }
    )
  }

/** An `ExportTraceServiceRequest` as protobuf. The bytes are the caller's own. */
export const encode = total(toProtobuf)

/** An `ExportTraceServiceRequest` as JSON. */
export const encodeJson = total(toJson)

const runsOf = total(writeRuns)

/** Spans as protobuf that is to be part of a request. */
export const encodeSpans = (spans: ReadonlyArray<SpanData>): OtlpSpans => {
  let unreadable = 0
  const runs = runsOf(spans, () => void unreadable++)
  return new OtlpSpans(
    runs.map((run) => ({ ...run, bytes: new Uint8Array(run.bytes) })),
    unreadable
  )
}
