/**
 * W3C trace context, level 2: the `traceparent` and `tracestate` headers.
 *
 * Reads every version the specification allows and writes version 00. Linear
 * in its input and total: what is malformed is no context, and a `tracestate`
 * is looked at only beside a `traceparent` that is one.
 *
 * @see https://www.w3.org/TR/trace-context-2/
 */
import * as HeaderLines from "../model/HeaderLines.ts"
import { noBaggage, nothing, type Propagator } from "../model/Propagator.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as TraceState from "../model/TraceState.ts"

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[^,]*)?$/
const longestParent = 8192
const known = SpanContext.sampledFlag | SpanContext.randomFlag

/**
 * Reads a `traceparent` value without space around it; `undefined` unless it follows the grammar and no id is zero.
 *
 * A later version may say more behind its flags, which is passed over, and of its flags only those we know are read. A
 * comma is the seam of two headers that somebody joined, and two are none.
 */
export const parseTraceParent = (value: string): Omit<SpanContext.SpanContext, "traceState"> | undefined => {
  const match = shape.exec(value)
  if (match === null) return undefined
  const [, version, traceId = "", spanId = "", flags = "", more] = match
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined
  const traceFlags = Number.parseInt(flags, 16) & (version === "00" ? 0xff : known)
  const context = { traceId, spanId, traceFlags }
  return SpanContext.isValid(context) ? context : undefined
}

/**
 * Writes a `traceparent` value of version 00.
 *
 * A span of ours has no flags but sampled and random, so the reserved ones are zero, as they must be. A context that is
 * only handed on keeps all eight: who does not change the parent must not change the flags.
 */
export const formatTraceParent = (context: SpanContext.SpanContext): string =>
  `00-${context.traceId}-${context.spanId}-${(context.traceFlags & 0xff).toString(16).padStart(2, "0")}`

/** Carries `traceparent` and `tracestate`. Several `traceparent` lines are no context; several `tracestate` lines are one list. */
export const propagator: Propagator = {
  fields: ["traceparent", "tracestate"],
  inject: ({ span }) => {
    if (span === undefined || !SpanContext.isValid(span)) return {}
    const traceparent = formatTraceParent(span)
    // A sampler of the user's or another tracer may have written it, and a header that is none fails the request
    const tracestate = span.traceState === "" ? "" : TraceState.parse([span.traceState])
    return tracestate === "" ? { traceparent } : { traceparent, tracestate }
  },
  extract: (headers) => {
    const line = HeaderLines.only(headers, "traceparent", longestParent)
    const parent = line === undefined ? undefined : parseTraceParent(line)
    return parent === undefined
      ? nothing
      : { span: { ...parent, traceState: TraceState.parse(headers.get("tracestate") ?? []) }, baggage: noBaggage }
  }
}
