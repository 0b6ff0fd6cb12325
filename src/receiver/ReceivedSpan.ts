/**
 * Spans that came over the wire, read out of the shape of OTLP/JSON.
 */
import * as Otlp from "../model/Otlp.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { Resource, Scope, SpanData, SpanEvent, SpanLink } from "../model/SpanData.ts"
import { mapOf, recordOf } from "./OtlpAttributes.ts"
import { type Envelope, open, type Refusal } from "./OtlpEnvelope.ts"
import { countOf, type Fields, fieldsOf, listOf, nanosOf, textOf } from "./OtlpFields.ts"

/** A span of any process. Who sent it is in its resource; see `model/SpanService`. */
export interface ReceivedSpan extends SpanData {}

/** What a request held. */
export interface Received extends Refusal {
  readonly spans: ReadonlyArray<ReceivedSpan>
}

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
    attributes: mapOf(fields, at),
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

const envelope: Envelope<ReceivedSpan> = {
  names: ["resourceSpans", "scopeSpans", "spans"],
  noun: "spans",
  itemOf: (fields, at, resource, scope) => {
    const span = spanOf(fields, at, resource, scope)
    return SpanContext.isValid(span)
      ? span
      : `${at}: the trace id must be 32 and the span id 16 hexadecimal digits, not all zero`
  }
}

/**
 * Reads the spans of an `ExportTraceServiceRequest`; throws `OtlpError` where it is not one.
 *
 * A span without valid ids is refused alone, and so is every span past `maxSpans`.
 */
export const fromRequest = (request: unknown, maxSpans: number): Received => {
  const { items, refusal, refused } = open(request, envelope, maxSpans)
  return { spans: items, refused, refusal }
}
