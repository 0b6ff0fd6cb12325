/**
 * The headers of Jaeger's own clients: `uber-trace-id`, and `uberctx-{name}` for baggage.
 *
 * Ids that lost their leading zeros get them back. Names of baggage are header
 * names, so upper and lower case are alike: they are written in lower case.
 * Properties of W3C baggage have no place here and stay behind.
 *
 * @see https://www.jaegertracing.io/docs/1.76/client-libraries/#propagation-format
 */
import * as HeaderLines from "../model/HeaderLines.ts"
import type { Baggage, BaggageEntry, Propagator } from "../model/Propagator.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as BaggageHeader from "./BaggageHeader.ts"
import * as DebugMark from "./DebugMark.ts"

const header = "uber-trace-id"
const prefix = "uberctx-"
const longest = 256
const maxMembers = 64

const shape = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{0,16}:([0-9a-f]{1,2})$/
const printable = /^[\x20-\x7e]*$/
const sampled = 0x01
const debug = 0x02

const parse = (text: string): SpanContext.SpanContext | undefined => {
  // Some clients percent-encode the colons
  const match = shape.exec(text.toLowerCase().replaceAll("%3a", ":"))
  if (match === null) return undefined
  const [, traceId = "", spanId = "", bits = ""] = match
  const flags = Number.parseInt(bits, 16)
  const isDebug = (flags & debug) !== 0
  const context = {
    traceId: traceId.padStart(32, "0"),
    spanId: spanId.padStart(16, "0"),
    traceFlags: isDebug || (flags & sampled) !== 0 ? SpanContext.sampledFlag : 0,
    traceState: isDebug ? DebugMark.state : ""
  }
  return SpanContext.isValid(context) ? context : undefined
}

const format = ({ spanId, traceFlags, traceId, traceState }: SpanContext.SpanContext): string => {
  const isSampled = (traceFlags & SpanContext.sampledFlag) !== 0
  return `${traceId}:${spanId}:0:${isSampled ? (DebugMark.isSet(traceState) ? sampled | debug : sampled) : 0}`
}

/** As much as a `baggage` header may hold. */
const baggageOf = (headers: HeaderLines.HeaderLines): Baggage => {
  const baggage = new Map<string, BaggageEntry>()
  let bytes = 0
  for (const [name, lines] of headers) {
    if (!name.startsWith(prefix) || name.length === prefix.length) continue
    const [line = ""] = lines
    const text = line.length > BaggageHeader.maxBytes ? undefined : HeaderLines.bare(line)
    if (text === undefined || !printable.test(text)) continue
    bytes += name.length + text.length
    if (baggage.size >= maxMembers || bytes > BaggageHeader.maxBytes) break
    baggage.set(name.slice(prefix.length), { value: BaggageHeader.decodeValue(text) })
  }
  return baggage
}

const baggageHeaders = (baggage: Baggage): Record<string, string> => {
  const headers: Record<string, string> = {}
  let members = 0
  let bytes = 0
  for (const [name, { value }] of baggage) {
    const key = `${prefix}${name.toLowerCase()}`
    if (!BaggageHeader.isWritable(name, value) || members >= maxMembers) continue
    const text = BaggageHeader.encodeValue(value)
    const added = key.length + text.length
    if (bytes + added > BaggageHeader.maxBytes) continue
    headers[key] = text
    members++
    bytes += added
  }
  return headers
}

/** Carries `uber-trace-id` and `uberctx-…`. */
export const propagator: Propagator = {
  fields: [header],
  inject: ({ baggage, span }): Readonly<Record<string, string>> => ({
    ...baggageHeaders(baggage),
    ...(span === undefined || !SpanContext.isValid(span) ? undefined : { [header]: format(span) })
  }),
  extract: (headers) => ({
    span: parse(HeaderLines.only(headers, header, longest) ?? ""),
    baggage: baggageOf(headers)
  })
}
