/**
 * B3, the headers of Zipkin, in one line (`b3`) and in several (`X-B3-TraceId` …).
 *
 * Ids of 64 bits are padded with zeros. All four decisions are kept: accept,
 * deny, debug, and none, which leaves it to us. Debug is accept and more: it
 * stays with the trace as long as its spans are recorded, and is written again.
 *
 * @see https://github.com/openzipkin/b3-propagation
 */
import * as HeaderLines from "../model/HeaderLines.ts"
import { nothing, type PropagatedContext, type Propagator } from "../model/Propagator.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as DebugMark from "./DebugMark.ts"

type Decision = "accept" | "deny" | "debug" | "defer"

const flagsOf: Readonly<Record<Decision, number>> = {
  accept: SpanContext.sampledFlag,
  debug: SpanContext.sampledFlag,
  deny: 0,
  defer: SpanContext.deferredFlag
}

const contextOf = (traceId: string, spanId: string, decision: Decision): PropagatedContext => {
  const ids = { traceId: traceId.padStart(32, "0"), spanId }
  return SpanContext.isValid(ids)
    ? {
        ...nothing,
        span: { ...ids, traceFlags: flagsOf[decision], traceState: decision === "debug" ? DebugMark.state : "" }
      }
    : nothing
}

const decisionOf = (span: SpanContext.SpanContext): Decision => {
  if (SpanContext.isDeferred(span)) return "defer"
  if ((span.traceFlags & SpanContext.sampledFlag) === 0) return "deny"
  return DebugMark.isSet(span.traceState) ? "debug" : "accept"
}

/** Nothing of B3 is longer. */
const longest = 256

const only = (headers: HeaderLines.HeaderLines, name: string): string | undefined =>
  HeaderLines.only(headers, name, longest)

const single = /^([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/
const states = { "1": "accept", "0": "deny", d: "debug" } as const
const letters = { accept: "-1", deny: "-0", debug: "-d", defer: "" } as const

/** Carries the one header `b3`: `{trace id}-{span id}-{decision}`, or a deny alone as `0`. */
export const propagator: Propagator = {
  fields: ["b3"],
  inject: ({ span }): Readonly<Record<string, string>> =>
    span === undefined || !SpanContext.isValid(span)
      ? {}
      : { b3: `${span.traceId}-${span.spanId}${letters[decisionOf(span)]}` },
  extract: (headers) => {
    const text = only(headers, "b3")
    if (text === "0") return { ...nothing, denied: true }
    const [, traceId, spanId, state] = text === undefined ? [] : (single.exec(text) ?? [])
    if (traceId === undefined || spanId === undefined) return nothing
    return contextOf(traceId, spanId, state === undefined ? "defer" : states[state as keyof typeof states])
  }
}

const traceIdShape = /^(?:[0-9a-f]{32}|[0-9a-f]{16})$/
/** `true` and `false` were written before there was a specification. */
const sampledStates: Readonly<Record<string, Decision>> = { "1": "accept", "0": "deny", true: "accept", false: "deny" }

const multiDecision = (headers: HeaderLines.HeaderLines): Decision | undefined => {
  if (only(headers, "x-b3-flags") === "1") return "debug"
  if (!headers.has("x-b3-sampled")) return "defer"
  const state = only(headers, "x-b3-sampled")?.toLowerCase() ?? ""
  return Object.hasOwn(sampledStates, state) ? sampledStates[state] : undefined
}

const multiHeaders = { accept: { "x-b3-sampled": "1" }, deny: { "x-b3-sampled": "0" }, debug: { "x-b3-flags": "1" } }

/** Carries `X-B3-TraceId`, `X-B3-SpanId`, `X-B3-Sampled` and `X-B3-Flags`. The parent's parent is read by nobody. */
export const multiPropagator: Propagator = {
  fields: ["x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags", "x-b3-parentspanid"],
  inject: ({ span }): Readonly<Record<string, string>> => {
    if (span === undefined || !SpanContext.isValid(span)) return {}
    const decision = decisionOf(span)
    const ids = { "x-b3-traceid": span.traceId, "x-b3-spanid": span.spanId }
    return decision === "defer" ? ids : { ...ids, ...multiHeaders[decision] }
  },
  extract: (headers) => {
    const decision = multiDecision(headers)
    if (decision === undefined) return nothing
    if (!headers.has("x-b3-traceid") && !headers.has("x-b3-spanid"))
      return decision === "deny" ? { ...nothing, denied: true } : nothing
    const traceId = only(headers, "x-b3-traceid") ?? ""
    return traceIdShape.test(traceId) ? contextOf(traceId, only(headers, "x-b3-spanid") ?? "", decision) : nothing
  }
}
