/**
 * Spans that came over the wire, read out of the shape of OTLP/JSON.
 */
import * as Attributes from "../model/Attributes.ts"
import * as Otlp from "../model/Otlp.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { Resource, Scope, SpanData, SpanEvent, SpanLink } from "../model/SpanData.ts"
import { malformed } from "./OtlpError.ts"
import { countOf, type Fields, fieldsOf, integerOf, isMissing, listOf, nanosOf, textOf } from "./OtlpFields.ts"

/** A span of any process. Who sent it is in its resource; see `model/SpanService`. */
export interface ReceivedSpan extends SpanData {}

/** What a request held. */
export interface Received {
  readonly spans: ReadonlyArray<ReceivedSpan>
  /** Spans that were well formed and yet not taken. */
  readonly refused: number
  /** Why the first of them was not taken; empty when all were. */
  readonly refusal: string
}

/** Deeper values are cut there; `Attributes.fromUnknown` has its own, closer limit for what is shown. */
const maxValueDepth = 12

const plainOf = (value: unknown, at: string, depth: number): unknown => {
  const fields = fieldsOf(value, at)
  if (!isMissing(fields.stringValue)) return textOf(fields, "stringValue", at)
  if (!isMissing(fields.intValue)) return integerOf(fields, "intValue", at)
  if (!isMissing(fields.doubleValue)) return Number(fields.doubleValue)
  if (!isMissing(fields.boolValue)) return fields.boolValue === true
  if (!isMissing(fields.bytesValue)) return textOf(fields, "bytesValue", at)
  if (!isMissing(fields.arrayValue)) {
    if (depth >= maxValueDepth) return "[deeper]"
    const plain = listOf(fieldsOf(fields.arrayValue, at), "values", at).map((entry) => plainOf(entry, at, depth + 1))
    return plain.map((entry) => (typeof entry === "bigint" ? Attributes.fromUnknown(entry) : entry))
  }
  if (!isMissing(fields.kvlistValue)) {
    if (depth >= maxValueDepth) return "[deeper]"
    const entries = listOf(fieldsOf(fields.kvlistValue, at), "values", at).map((entry) => {
      const pair = fieldsOf(entry, at)
      return [textOf(pair, "key", at), plainOf(pair.value, at, depth + 1)] as const
    })
    return Object.fromEntries(entries)
  }
  return undefined
}

const attributesOf = (fields: Fields, at: string): Map<string, Attributes.AttributeValue> => {
  const attributes = new Map<string, Attributes.AttributeValue>()
  for (const entry of listOf(fields, "attributes", at)) {
    const pair = fieldsOf(entry, `${at}.attributes`)
    const value = Attributes.fromUnknown(plainOf(pair.value, `${at}.attributes`, 0))
    if (value !== undefined) attributes.set(textOf(pair, "key", `${at}.attributes`), value)
  }
  return attributes
}

const recordOf = (fields: Fields, at: string): Attributes.Attributes => Object.fromEntries(attributesOf(fields, at))

const eventOf = (value: unknown, at: string): SpanEvent => {
  const fields = fieldsOf(value, at)
  return {
    name: textOf(fields, "name", at),
    time: nanosOf(fields, "timeUnixNano", at),
    attributes: recordOf(fields, at),
    droppedAttributes: countOf(fields, "droppedAttributesCount", at)
  }
}

/** What W3C asks everyone to carry. Longer ones are cut: here they are shown, never sent on. */
const maxTraceState = 512

const contextOf = (fields: Fields, at: string): SpanContext.SpanContext => ({
  traceId: textOf(fields, "traceId", at).toLowerCase(),
  spanId: textOf(fields, "spanId", at).toLowerCase(),
  traceFlags: countOf(fields, "flags", at) & 0xff,
  traceState: textOf(fields, "traceState", at).slice(0, maxTraceState)
})

const linkOf = (value: unknown, at: string): SpanLink => {
  const fields = fieldsOf(value, at)
  return { span: SpanContext.toExternalSpan(contextOf(fields, at)), attributes: recordOf(fields, at) }
}

const spanOf = (fields: Fields, at: string, resource: Resource, scope: Scope): ReceivedSpan => {
  const status = fieldsOf(fields.status, `${at}.status`)
  const parentSpanId = textOf(fields, "parentSpanId", at).toLowerCase()
  const links = listOf(fields, "links", at).map((link) => linkOf(link, `${at}.links`))
  const validLinks = links.filter((link) => SpanContext.isValid(link.span))
  const startTime = nanosOf(fields, "startTimeUnixNano", at)
  const endTime = nanosOf(fields, "endTimeUnixNano", at)
  return {
    ...contextOf(fields, at),
    parentSpanId: /^(?!0{16})[0-9a-f]{16}$/.test(parentSpanId) ? parentSpanId : undefined,
    parentIsRemote: (countOf(fields, "flags", at) & Otlp.isRemoteFlag) !== 0,
    name: textOf(fields, "name", at),
    kind: Otlp.kinds[countOf(fields, "kind", at)] ?? "internal",
    startTime,
    endTime: endTime > startTime ? endTime : startTime,
    attributes: attributesOf(fields, at),
    droppedAttributes: countOf(fields, "droppedAttributesCount", at),
    events: listOf(fields, "events", at).map((event) => eventOf(event, `${at}.events`)),
    droppedEvents: countOf(fields, "droppedEventsCount", at),
    links: validLinks,
    droppedLinks: countOf(fields, "droppedLinksCount", at) + links.length - validLinks.length,
    statusCode: Otlp.statusCodes[countOf(status, "code", `${at}.status`)] ?? "unset",
    statusMessage: textOf(status, "message", `${at}.status`),
    resource,
    scope
  }
}

/**
 * Reads the spans of an `ExportTraceServiceRequest`; throws `OtlpError` where it is not one.
 *
 * A span without valid ids is refused alone, and so is every span past `maxSpans`.
 */
export const fromRequest = (request: unknown, maxSpans: number): Received => {
  const spans: Array<ReceivedSpan> = []
  let refused = 0
  let refusal = ""
  const refuse = (count: number, why: string): void => {
    refused += count
    if (count > 0 && refusal === "") refusal = why
  }
  if (isMissing(request)) throw malformed("the body is not an object")
  for (const ofResource of listOf(fieldsOf(request, "the body"), "resourceSpans", "the body")) {
    const resourceSpans = fieldsOf(ofResource, "resourceSpans")
    const resource = { attributes: recordOf(fieldsOf(resourceSpans.resource, "resource"), "resource") }
    for (const ofScope of listOf(resourceSpans, "scopeSpans", "resourceSpans")) {
      const scopeSpans = fieldsOf(ofScope, "scopeSpans")
      const scopeFields = fieldsOf(scopeSpans.scope, "scope")
      const scope = { name: textOf(scopeFields, "name", "scope"), version: textOf(scopeFields, "version", "scope") }
      const sent = listOf(scopeSpans, "spans", "scopeSpans")
      const room = maxSpans - spans.length
      for (const [index, value] of sent.slice(0, room).entries()) {
        const at = `spans[${index}]`
        const span = spanOf(fieldsOf(value, at), at, resource, scope)
        if (SpanContext.isValid(span)) spans.push(span)
        else refuse(1, `${at}: the trace id must be 32 and the span id 16 hexadecimal digits, not all zero`)
      }
      refuse(Math.max(0, sent.length - room), `more than ${maxSpans} spans in one request; send smaller batches`)
    }
  }
  return { spans, refused, refusal }
}
