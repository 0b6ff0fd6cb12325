/**
 * W3C trace context: the `traceparent` and `tracestate` headers.
 *
 * Reads every version the specification allows, writes version 00, keeps all
 * eight flags. Linear in its input and total: what is malformed is no context.
 *
 * @see https://www.w3.org/TR/trace-context-2/
 */
import type { Propagator } from "../model/Propagator.ts"
import * as SpanContext from "../model/SpanContext.ts"

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/
const lengthOfVersion00 = 55
const longestParent = 512

/** Reads a `traceparent` value; `undefined` unless it follows the grammar and no id is zero. */
export const parseTraceParent = (value: string): Omit<SpanContext.SpanContext, "traceState"> | undefined => {
  const match = value.length > longestParent ? null : shape.exec(value)
  if (match === null) return undefined
  const [, version, traceId = "", spanId = "", flags = ""] = match
  if (version === "ff" || (version === "00" && value.length !== lengthOfVersion00)) return undefined
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) }
  return SpanContext.isValid(context) ? context : undefined
}

/** Writes a `traceparent` value of version 00. */
export const formatTraceParent = (context: SpanContext.SpanContext): string =>
  `00-${context.traceId}-${context.spanId}-${(context.traceFlags & 0xff).toString(16).padStart(2, "0")}`

const member = /^([a-z0-9][a-z0-9_\-*/@]{0,255})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])$/
const maxMembers = 32
const longestState = 8192

/** Reads a `tracestate` value; empty unless all its members are well formed, at most 32 and of different keys. */
export const parseTraceState = (value: string): string => {
  if (value.length > longestState) return ""
  const members = value
    .split(",")
    .map((part) => part.replace(/^[ \t]+/, "").trimEnd())
    .filter((part) => part !== "")
  const keys = new Set(members.map((part) => member.exec(part)?.[1]))
  return members.length > maxMembers || keys.has(undefined) || keys.size !== members.length ? "" : members.join(",")
}

/** Carries `traceparent` and `tracestate`. */
export const propagator: Propagator = {
  fields: ["traceparent", "tracestate"],
  inject: ({ span }) => {
    if (span === undefined || !SpanContext.isValid(span)) return {}
    const traceparent = formatTraceParent(span)
    return span.traceState === "" ? { traceparent } : { traceparent, tracestate: span.traceState }
  },
  extract: (lookup) => {
    const parent = parseTraceParent(lookup("traceparent")?.trim() ?? "")
    return {
      span: parent === undefined ? undefined : { ...parent, traceState: parseTraceState(lookup("tracestate") ?? "") },
      baggage: new Map()
    }
  }
}
