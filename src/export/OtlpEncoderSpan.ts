/**
 * A span in OTLP's protobuf encoding, written field by field, with nothing made in between.
 *
 * Fields stand in the order of their numbers, and counts, kind and status are
 * written even when they are zero: byte for byte what OpenTelemetry's own
 * serializer writes. Only links differ, whose flags do not say what we do not
 * know: whether the linked span is remote.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import type * as Tracer from "effect/Tracer"
import * as Otlp from "../model/Otlp.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as SpanIdWords from "../model/SpanIdWords.ts"
import type { SpanData, SpanEvent, SpanLink, StatusCode } from "../model/SpanData.ts"
import { attributes } from "./OtlpEncoderAttributes.ts"
import { buffer } from "./OtlpEncoderBuffer.ts"
import * as OtlpEncoderNames from "./OtlpEncoderNames.ts"
import { OtlpEncoderId } from "./OtlpEncoderId.ts"

const kinds: Readonly<Record<Tracer.SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }
const statuses: Readonly<Record<StatusCode, number>> = { unset: 0, ok: 1, error: 2 }

/** More than all fields of fixed size that stand side by side. */
const fields = 64
/** The length of nearly every span takes two bytes. */
const spanRoom = 2

/** Where signed 64 bits end: in the year 2262. */
const latest = 2n ** 63n - 1n
const clamped = (time: bigint): bigint => (time < 0n ? 0n : time > latest ? latest : time)

const ownTraceId = new OtlpEncoderId(16)
const ownSpanId = new OtlpEncoderId(8)
const parentId = new OtlpEncoderId(8)
const linkTraceId = new OtlpEncoderId(16)
const linkSpanId = new OtlpEncoderId(8)

/** Writes one span, and answers the place behind it. Throws when it cannot be read, or its ids are not valid. */
export const write = (start: number, tag: number, span: SpanData): number => {
  if (!ownTraceId.read(span.traceId)) throw new TypeError("invalid trace id")
  let at = writeHead(start, tag, span.traceState, SpanIdWords.of(span) ?? wordsFromText(span))
  at = OtlpEncoderNames.write(at, 0x2a, span.name)
  at = writeTimes(at, span)
  at = attributes.map(at, 0x4a, span.attributes)
  at = buffer.count(at, 0x50, span.droppedAttributes)
  const { events, links } = span
  for (let index = 0; index < events.length; index++) at = writeEvent(at, events[index]!)
  at = buffer.count(at, 0x60, span.droppedEvents)
  let dropped = span.droppedLinks
  for (let index = 0; index < links.length; index++) {
    const before = at
    at = writeLink(at, links[index]!)
    if (at === before) dropped++
  }
  at = buffer.count(at, 0x70, dropped)
  at = writeTail(at, span)
  const end = buffer.close(start + 1, spanRoom, at)
  if (end !== at) attributes.forget()
  return end
}

/** Ids (1, 2, 4) and trace state (3). */
const writeHead = (start: number, tag: number, traceState: string, ids: SpanIdWords.SpanIdWords): number => {
  buffer.reserve(start + fields)
  const { bytes, view } = buffer
  bytes[start] = tag
  let at = start + 1 + spanRoom
  bytes[at] = 0x0a
  bytes[at + 1] = 16
  at = ownTraceId.write(view, at + 2)
  at = writeSpanId(at, 0x12, ids.idHigh, ids.idLow)
  if (traceState !== "") {
    at = buffer.text(at, 0x1a, traceState)
    buffer.reserve(at + fields)
  }
  return (ids.parentHigh | ids.parentLow) === 0 ? at : writeSpanId(at, 0x22, ids.parentHigh, ids.parentLow)
}

/** There is room for it already. */
const writeSpanId = (at: number, tag: number, high: number, low: number): number => {
  const { bytes, view } = buffer
  bytes[at] = tag
  bytes[at + 1] = 8
  view.setInt32(at + 2, high)
  view.setInt32(at + 6, low)
  return at + 10
}

/** Ids that were read from text: of one span after the other. */
const read = { idHigh: 0, idLow: 0, parentHigh: 0, parentLow: 0 }

const wordsFromText = ({ parentSpanId, spanId }: SpanData): SpanIdWords.SpanIdWords => {
  if (!ownSpanId.read(spanId)) throw new TypeError("invalid span id")
  const hasParent = parentSpanId !== undefined && parentId.read(parentSpanId)
  read.idHigh = ownSpanId.words[0]!
  read.idLow = ownSpanId.words[1]!
  read.parentHigh = hasParent ? parentId.words[0]! : 0
  read.parentLow = hasParent ? parentId.words[1]! : 0
  return read
}

/** Kind (6), start (7) and end (8), which is never before the start. */
const writeTimes = (at: number, span: SpanData): number => {
  buffer.reserve(at + fields)
  const { bytes, view } = buffer
  let { startTime, endTime } = span
  if (startTime < 0n || endTime < startTime || endTime > latest) {
    startTime = clamped(startTime)
    endTime = clamped(endTime < startTime ? startTime : endTime)
  }
  bytes[at] = 0x30
  bytes[at + 1] = kinds[span.kind] ?? kinds.internal
  bytes[at + 2] = 0x39
  view.setBigUint64(at + 3, startTime, true)
  bytes[at + 11] = 0x41
  view.setBigUint64(at + 12, endTime, true)
  return at + 20
}

const writeEvent = (start: number, event: SpanEvent): number => {
  buffer.reserve(start + fields)
  buffer.bytes[start] = 0x5a
  buffer.bytes[start + 2] = 0x09
  buffer.view.setBigUint64(start + 3, clamped(event.time), true)
  let at = OtlpEncoderNames.write(start + 11, 0x12, event.name)
  at = attributes.record(at, 0x1a, event.attributes)
  at = buffer.count(at, 0x20, event.droppedAttributes)
  return buffer.close(start + 1, 1, at)
}

/** Writes nothing when the link leads nowhere. */
const writeLink = (start: number, link: SpanLink): number => {
  const context = SpanContext.fromSpan(link.span)
  if (!linkTraceId.read(context.traceId) || !linkSpanId.read(context.spanId)) return start
  buffer.reserve(start + fields)
  const { bytes, view } = buffer
  bytes[start] = 0x6a
  bytes[start + 2] = 0x0a
  bytes[start + 3] = 16
  let at = linkTraceId.write(view, start + 4)
  bytes[at] = 0x12
  bytes[at + 1] = 8
  at = linkSpanId.write(view, at + 2)
  if (context.traceState !== "") at = buffer.text(at, 0x1a, context.traceState)
  at = attributes.record(at, 0x22, link.attributes)
  at = buffer.count(at, 0x28, link.droppedAttributes ?? 0)
  buffer.reserve(at + fields)
  buffer.bytes[at] = 0x35
  buffer.view.setUint32(at + 1, context.traceFlags & 0xff, true)
  return buffer.close(start + 1, 1, at + 5)
}

/** Status (15) and flags (16), the only field whose tag takes two bytes. */
const writeTail = (at: number, span: SpanData): number => {
  const { parentIsRemote, statusCode, statusMessage, traceFlags } = span
  const start = at
  at = buffer.open(at, 0x7a, 1)
  if (statusMessage !== "") at = buffer.text(at, 0x12, statusMessage)
  buffer.reserve(at + fields)
  buffer.bytes[at] = 0x18
  buffer.bytes[at + 1] = statuses[statusCode] ?? 0
  at = buffer.close(start + 1, 1, at + 2)
  buffer.reserve(at + fields)
  buffer.bytes[at] = 0x85
  buffer.bytes[at + 1] = 0x01
  const flags = (traceFlags & 0xff) | Otlp.hasIsRemoteFlag | (parentIsRemote ? Otlp.isRemoteFlag : 0)
  buffer.view.setUint32(at + 2, flags, true)
  return at + 6
}
