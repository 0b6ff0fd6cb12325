/**
 * The header of AWS X-Ray, `X-Amzn-Trace-Id`, as load balancers and gateways of AWS read and write it.
 *
 * Their trace ids begin with a time in seconds, and X-Ray itself refuses old
 * ones; ours are random, which it takes since it takes ids of W3C.
 *
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
import { bare, only } from "../model/HeaderLines.ts"
import { noBaggage, type Propagator } from "../model/Propagator.ts"
import * as SpanContext from "../model/SpanContext.ts"

const header = "x-amzn-trace-id"
const longest = 1024
const root = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/
const decisions: ReadonlyMap<string, number> = new Map([
  ["1", SpanContext.sampledFlag],
  ["0", 0],
  ["?", SpanContext.deferredFlag]
])

/** `Root`, `Parent` and `Sampled`, in any order and among others. Without a parent there is no span to continue. */
const parse = (text: string): SpanContext.SpanContext | undefined => {
  const fields = new Map<string, string>()
  for (const part of text.split(";")) {
    const equals = part.indexOf("=")
    const name = bare(part.slice(0, Math.max(equals, 0)))
    if (fields.has(name)) return undefined
    if (name !== "") fields.set(name, bare(part.slice(equals + 1)))
  }
  const [, seconds = "", rest = ""] = root.exec(fields.get("Root") ?? "") ?? []
  const ids = { traceId: seconds + rest, spanId: fields.get("Parent") ?? "" }
  const traceFlags = decisions.get(fields.get("Sampled") ?? "?")
  return traceFlags !== undefined && SpanContext.isValid(ids) ? { ...ids, traceFlags, traceState: "" } : undefined
}

const format = (span: SpanContext.SpanContext): string => {
  const sampled = SpanContext.isDeferred(span) ? "?" : String(span.traceFlags & SpanContext.sampledFlag)
  return `Root=1-${span.traceId.slice(0, 8)}-${span.traceId.slice(8)};Parent=${span.spanId};Sampled=${sampled}`
}

/** Carries `X-Amzn-Trace-Id`. */
export const propagator: Propagator = {
  fields: [header],
  inject: ({ span }): Readonly<Record<string, string>> =>
    span === undefined || !SpanContext.isValid(span) ? {} : { [header]: format(span) },
  extract: (headers) => ({ span: parse(only(headers, header, longest) ?? ""), baggage: noBaggage })
}
