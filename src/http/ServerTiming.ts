/**
 * The `Server-Timing` header, by which a browser learns what trace answered it.
 *
 * Reading a span's ids settles whether it is recorded; a route is known by then.
 *
 * @see https://www.w3.org/TR/server-timing/
 */
import type * as Tracer from "effect/Tracer"
import * as SpanContext from "../model/SpanContext.ts"
import * as W3C from "../propagation/W3C.ts"

const noBaggage = new Map()

/** `traceparent;desc="…"`; nothing for a span without a valid context. */
export const metricOf = (span: Tracer.AnySpan): string | undefined => {
  const { traceparent } = W3C.propagator.inject({ span: SpanContext.fromSpan(span), baggage: noBaggage })
  return traceparent === undefined ? undefined : `traceparent;desc="${traceparent}"`
}
