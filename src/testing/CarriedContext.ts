/**
 * The trace context that a request or a message carries, as whoever gets it reads it.
 */
import * as SpanContext from "../model/SpanContext.ts"

/** Headers in any of their shapes: a record, pairs, `Headers` of fetch, or the flat list of Node's `rawHeaders`. */
export type HeadersLike =
  | Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  | Iterable<readonly [name: string, value: string]>
  | ReadonlyArray<string>

const isFlat = (headers: HeadersLike): headers is ReadonlyArray<string> =>
  Array.isArray(headers) && headers.every((entry) => typeof entry === "string")

const pairsOf = (headers: HeadersLike): ReadonlyArray<readonly [string, unknown]> => {
  if (isFlat(headers)) return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]] as const] : []))
  return Symbol.iterator in headers
    ? [...(headers as Iterable<readonly [string, string]>)]
    : Object.entries(headers as Readonly<Record<string, unknown>>)
}

const linesOf = (headers: HeadersLike, name: string): ReadonlyArray<string> =>
  pairsOf(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter((line) => line !== undefined)
    // A name that was sent twice is joined by most servers
    .flatMap((line) => String(line).split(","))
    .map((line) => line.trim())

const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/

/** What is wrong with the context in headers, if it should be that of this span; `undefined` where nothing is. */
export const problem = (
  headers: HeadersLike,
  span?: { readonly traceId: string; readonly spanId: string; readonly name?: string }
): string | undefined => {
  const lines = linesOf(headers, "traceparent")
  if (lines.length === 0) return "there is no traceparent"
  if (lines.length > 1)
    return `there are ${lines.length} traceparent headers, and nobody believes either: ${lines.join(", ")}`
  const [, traceId = "", spanId = ""] = traceparent.exec(lines[0]!) ?? []
  if (!SpanContext.isValid({ traceId, spanId })) return `the traceparent is not valid: ${lines[0]}`
  if (span === undefined || (span.traceId === traceId && span.spanId === spanId)) return undefined
  return span.traceId === traceId
    ? `the traceparent names the span ${spanId}, not "${span.name ?? span.spanId}" (${span.spanId}) of the same trace`
    : `the traceparent names the trace ${traceId}, not ${span.traceId}`
}
