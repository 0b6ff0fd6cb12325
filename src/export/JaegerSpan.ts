/**
 * A span as Jaeger's own Thrift types have it, by OpenTelemetry's mapping.
 *
 * Links become references of the kind `FOLLOWS_FROM`, and where they have
 * attributes a log too. Of the W3C flags only `sampled` is one of Jaeger's:
 * the next bit, for a random id, would mean "debug" there.
 *
 * @see https://github.com/jaegertracing/jaeger-idl/blob/main/thrift/jaeger.thrift
 */
import type { AttributeValue } from "../model/Attributes.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { Resource, SpanData, SpanEvent, SpanLink } from "../model/SpanData.ts"
import * as Footnotes from "./Footnotes.ts"
import { type ThriftWriter, words } from "./ThriftWriter.ts"

const tagTypes = { string: 0, double: 1, bool: 2, long: 3 } as const
const references = { childOf: 0, followsFrom: 1 } as const

type Tag = readonly [key: string, value: AttributeValue]

const writeTag = (to: ThriftWriter, [key, value]: Tag): void => {
  to.begin()
  to.text(1, key)
  if (typeof value === "boolean") {
    to.i32(2, tagTypes.bool)
    to.bool(5, value)
  } else if (typeof value === "number" && Number.isSafeInteger(value)) {
    to.i32(2, tagTypes.long)
    to.i64(6, ...words(value))
  } else if (typeof value === "number") {
    to.i32(2, tagTypes.double)
    to.double(4, value)
  } else {
    to.i32(2, tagTypes.string)
    to.text(3, typeof value === "string" ? value : Footnotes.listText(value))
  }
  to.end()
}

const writeTags = (to: ThriftWriter, id: number, tags: Iterable<Tag>): void => {
  const all = [...tags]
  if (all.length === 0) return
  to.list(id, all.length)
  for (const tag of all) writeTag(to, tag)
}

/** Sixteen digits of hexadecimal. */
const writeId = (to: ThriftWriter, id: number, hex: string): void =>
  to.i64(id, Number.parseInt(hex.slice(0, 8), 16) | 0, Number.parseInt(hex.slice(8), 16) | 0)

const writeTraceId = (to: ThriftWriter, id: number, hex: string): void => {
  writeId(to, id, hex.slice(16))
  writeId(to, id + 1, hex.slice(0, 16))
}

const writeReference = (to: ThriftWriter, type: number, traceId: string, spanId: string): void => {
  to.begin()
  to.i32(1, type)
  writeTraceId(to, 2, traceId)
  writeId(to, 4, spanId)
  to.end()
}

/** The parent has a field; but where there are others, Jaeger finds it among them, and first. */
const writeReferences = (to: ThriftWriter, id: number, span: SpanData): void => {
  const links = span.links.map((link) => SpanContext.fromSpan(link.span)).filter(SpanContext.isValid)
  if (links.length === 0) return
  to.list(id, links.length + (span.parentSpanId === undefined ? 0 : 1))
  if (span.parentSpanId !== undefined) writeReference(to, references.childOf, span.traceId, span.parentSpanId)
  for (const link of links) writeReference(to, references.followsFrom, link.traceId, link.spanId)
}

const tagsOf = (span: SpanData): ReadonlyMap<string, AttributeValue> => {
  const tags = new Map(span.attributes)
  if (span.kind !== "internal") tags.set("span.kind", span.kind)
  for (const [key, value] of Footnotes.of(span)) tags.set(key, value)
  if (span.statusMessage !== "") tags.set(Footnotes.statusDescriptionKey, span.statusMessage)
  if (span.statusCode === "error") tags.set("error", true)
  return tags
}

interface Log {
  readonly time: bigint
  readonly fields: Iterable<Tag>
}

/** An attribute `event` says more than the name does. */
const ofEvent = ({ attributes, droppedAttributes, name, time }: SpanEvent): Log => ({
  time,
  fields: new Map<string, AttributeValue>([
    ["event", name],
    ...Object.entries(attributes),
    ...(droppedAttributes === 0
      ? []
      : ([["otel.event.dropped_attributes_count", droppedAttributes]] satisfies ReadonlyArray<Tag>))
  ])
})

const ofLink =
  (time: bigint) =>
  ({ attributes, span }: SpanLink): Log => ({
    time,
    fields: [["event", "link"], ["trace_id", span.traceId], ["span_id", span.spanId], ...Object.entries(attributes)]
  })

const logsOf = (span: SpanData): ReadonlyArray<Log> => [
  ...span.events.map(ofEvent),
  ...span.links.filter(({ attributes }) => Object.keys(attributes).length > 0).map(ofLink(span.startTime))
]

/** Throws where the span itself does, and for ids that Jaeger would not keep. */
export const write = (to: ThriftWriter, span: SpanData): void => {
  if (!SpanContext.isValid(span)) throw new TypeError("invalid span id")
  const logs = logsOf(span)
  to.begin()
  writeTraceId(to, 1, span.traceId)
  writeId(to, 3, span.spanId)
  writeId(to, 4, span.parentSpanId ?? "0")
  to.text(5, span.name)
  writeReferences(to, 6, span)
  to.i32(7, span.traceFlags & SpanContext.sampledFlag)
  to.i64(8, ...words(Footnotes.micros(span.startTime)))
  to.i64(9, ...words(Footnotes.micros(span.endTime - span.startTime)))
  writeTags(to, 10, tagsOf(span))
  if (logs.length > 0) {
    to.list(11, logs.length)
    for (const { fields, time } of logs) {
      to.begin()
      to.i64(1, ...words(Footnotes.micros(time)))
      writeTags(to, 2, fields)
      to.end()
    }
  }
  to.end()
}

/** The process that spans come from, as a field of its batch. */
export const writeProcess = (to: ThriftWriter, id: number, resource: Resource): void => {
  to.begin(id)
  to.text(1, Footnotes.serviceNameOf(resource))
  writeTags(to, 2, Footnotes.processTags(resource))
  to.end()
}
