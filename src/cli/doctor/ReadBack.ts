/**
 * Whether a span that was taken can be found again, where the backend can be asked.
 */
import * as Effect from "effect/Effect"
import type { SpanData } from "../../model/SpanData.ts"
import * as TraceQuery from "../TraceQuery.ts"
import type { Finding } from "./Check.ts"
import type { Destination } from "./Destination.ts"
import * as TestSpan from "./TestSpan.ts"

const patience = 4000

const outcome = (
  { absent, present }: TraceQuery.Found,
  traceId: string,
  query: URL | undefined
): Pick<Finding, "severity" | "summary" | "seen" | "advice"> => {
  if (present !== undefined) {
    const seen = `${present.name} has it: ${present.url.href}`
    return { severity: "ok", summary: "The test span can be found again", seen }
  }
  if (absent !== undefined) {
    return {
      severity: "warning",
      summary: "The test span was taken, and cannot be found",
      seen: `${absent.name} at ${absent.url.origin} answers, without it, for ${patience / 1000} seconds`,
      advice:
        "What took it did not keep it: a collector's own sampling or pipeline, a storage that is behind, or another " +
        "tenant. Its log and its pipeline of traces tell; look for the trace again in a minute."
    }
  }
  return {
    severity: "note",
    summary: "The test span was taken; whether it can be found again could not be asked",
    seen:
      query === undefined
        ? "no place that answers as Jaeger, Zipkin, Tempo or the viewer do"
        : `${query.host} does not answer as Jaeger, Zipkin, Tempo or the viewer do`,
    advice: `Look for trace ${traceId} in the backend yourself, or say with --query URL where its API is.`
  }
}

/** Asks for the test span, until it is there or time is up. */
export const look = Effect.fnUntraced(function* (
  destination: Destination,
  { traceId }: SpanData,
  query: URL | undefined
): Effect.fn.Return<ReadonlyArray<Finding>> {
  const places = query === undefined ? TraceQuery.near(destination, traceId) : TraceQuery.named(query, traceId)
  const found = yield* TraceQuery.find(places, {
    tls: destination.tls,
    recognise: (text) => text.includes(TestSpan.name),
    patience
  })
  return [{ check: "destination.read-back", tried: `to read trace ${traceId} back`, ...outcome(found, traceId, query) }]
})
