/**
 * OTLP as JSON: the shape in which spans leave one process and enter another.
 *
 * Fields that hold their default may be missing, as in all of proto3. Ids are
 * lower-case hexadecimal, 64-bit integers are decimal text, enums are numbers.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import type * as Tracer from "effect/Tracer"
import * as Attributes from "./Attributes.ts"
import type { LogRecord } from "./LogRecord.ts"
import * as SpanContext from "./SpanContext.ts"
import type { Resource, Scope, SpanData, StatusCode } from "./SpanData.ts"

export interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string | number
  readonly doubleValue?: number | string
  readonly arrayValue?: { readonly values?: ReadonlyArray<AnyValue> }
  readonly kvlistValue?: { readonly values?: ReadonlyArray<KeyValue> }
  /** Base64. */
  readonly bytesValue?: string
}

export interface KeyValue {
  readonly key: string
  readonly value?: AnyValue
}

export interface WireEvent {
  readonly timeUnixNano?: string
  readonly name?: string
  readonly attributes?: ReadonlyArray<KeyValue>
  readonly droppedAttributesCount?: number
}

export interface WireLink {
  readonly traceId: string
  readonly spanId: string
  readonly traceState?: string
  readonly attributes?: ReadonlyArray<KeyValue>
  readonly droppedAttributesCount?: number
  readonly flags?: number
}

export interface WireSpan {
  readonly traceId: string
  readonly spanId: string
  readonly traceState?: string
  readonly parentSpanId?: string
  /** The eight W3C flags, and the two bits that say whether the parent is remote. */
  readonly flags?: number
  readonly name?: string
  readonly kind?: number
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly attributes?: ReadonlyArray<KeyValue>
  readonly droppedAttributesCount?: number
  readonly events?: ReadonlyArray<WireEvent>
  readonly droppedEventsCount?: number
  readonly links?: ReadonlyArray<WireLink>
  readonly droppedLinksCount?: number
  readonly status?: { readonly code?: number; readonly message?: string }
}

export interface ScopeSpans {
  readonly scope?: { readonly name?: string; readonly version?: string }
  readonly spans?: ReadonlyArray<WireSpan>
}

export interface ResourceSpans {
  readonly resource?: { readonly attributes?: ReadonlyArray<KeyValue> }
  readonly scopeSpans?: ReadonlyArray<ScopeSpans>
}

export interface ExportTraceServiceRequest {
  readonly resourceSpans?: ReadonlyArray<ResourceSpans>
}

export interface WireLogRecord {
  readonly timeUnixNano?: string
  readonly observedTimeUnixNano?: string
  readonly severityNumber?: number
  readonly severityText?: string
  readonly eventName?: string
  readonly body?: AnyValue
  readonly attributes?: ReadonlyArray<KeyValue>
  readonly droppedAttributesCount?: number
  readonly traceId?: string
  readonly spanId?: string
  readonly flags?: number
}

export interface ExportLogsServiceRequest {
  readonly resourceLogs?: ReadonlyArray<{
    readonly resource?: { readonly attributes?: ReadonlyArray<KeyValue> }
    readonly scopeLogs?: ReadonlyArray<{
      readonly scope?: { readonly name?: string; readonly version?: string }
      readonly logRecords?: ReadonlyArray<WireLogRecord>
    }>
  }>
}

/** The place of a kind is its number on the wire; 0, unspecified, is read as internal. */
export const kinds: ReadonlyArray<Tracer.SpanKind> = [
  "internal",
  "internal",
  "server",
  "client",
  "producer",
  "consumer"
]

/** The place of a status code is its number on the wire. */
export const statusCodes: ReadonlyArray<StatusCode> = ["unset", "ok", "error"]

/** Says that the next flag means something. */
export const hasIsRemoteFlag = 0x100
/** Says that the parent, or the linked span, lives in another process. */
export const isRemoteFlag = 0x200

/** Spans of others hold what they hold: what has no form of its own is put into words, and nothing is an empty value. */
export const fromValue = (value: unknown): AnyValue => {
  switch (typeof value) {
    case "string":
      return { stringValue: value }
    case "boolean":
      return { boolValue: value }
    case "number":
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
    case "bigint":
    case "object":
      return Array.isArray(value)
        ? { arrayValue: { values: Array.from(value, (entry) => fromWord(entry)) } }
        : fromWord(value)
    default:
      return {}
  }
}

/** Lists hold no lists. */
const fromWord = (value: unknown): AnyValue => {
  if (typeof value !== "object" && typeof value !== "bigint") return fromValue(value)
  const plain = Attributes.fromUnknown(value)
  return fromValue(typeof plain === "object" ? JSON.stringify(plain) : plain)
}

const fromAttributes = (attributes: Iterable<readonly [string, unknown]>): ReadonlyArray<KeyValue> =>
  Array.from(attributes, ([key, value]) => ({ key, value: fromValue(value) }))

export const fromRecord = (attributes: Attributes.Attributes): ReadonlyArray<KeyValue> =>
  fromAttributes(Object.entries(attributes))

/** Where signed 64 bits end: in the year 2262. */
const latest = 2n ** 63n - 1n
const clamped = (time: bigint): bigint => (time < 0n ? 0n : time > latest ? latest : time)

/** One span as OTLP writes it. */
export const fromSpan = (span: SpanData): WireSpan => ({
  traceId: span.traceId,
  spanId: span.spanId,
  traceState: span.traceState,
  ...(span.parentSpanId === undefined ? undefined : { parentSpanId: span.parentSpanId }),
  flags: (span.traceFlags & 0xff) | hasIsRemoteFlag | (span.parentIsRemote ? isRemoteFlag : 0),
  name: span.name,
  kind: kinds.lastIndexOf(span.kind),
  startTimeUnixNano: String(clamped(span.startTime)),
  endTimeUnixNano: String(clamped(span.endTime < span.startTime ? span.startTime : span.endTime)),
  attributes: fromAttributes(span.attributes),
  droppedAttributesCount: span.droppedAttributes,
  events: span.events.map((event) => ({
    timeUnixNano: String(clamped(event.time)),
    name: event.name,
    attributes: fromRecord(event.attributes),
    droppedAttributesCount: event.droppedAttributes
  })),
  droppedEventsCount: span.droppedEvents,
  links: span.links.map((link) => {
    const { spanId, traceFlags, traceId, traceState } = SpanContext.fromSpan(link.span)
    return {
      traceId,
      spanId,
      traceState,
      flags: traceFlags & 0xff,
      attributes: fromRecord(link.attributes),
      droppedAttributesCount: link.droppedAttributes ?? 0
    }
  }),
  droppedLinksCount: span.droppedLinks,
  status: { code: statusCodes.indexOf(span.statusCode), message: span.statusMessage }
})

/** A whole request: spans under the scope and the resource that they share. */
export const fromSpans = (spans: Iterable<SpanData>): ExportTraceServiceRequest => ({
  resourceSpans: Array.from(
    Map.groupBy(spans, (span) => span.resource),
    ([resource, ofResource]) => ({
      resource: { attributes: fromRecord(resource.attributes) },
      scopeSpans: Array.from(
        Map.groupBy(ofResource, (span) => `${span.scope.name} ${span.scope.version}`).values(),
        (ofScope) => ({
          scope: ofScope[0]!.scope,
          spans: ofScope.map(fromSpan)
        })
      )
    })
  )
})

/** One log record as OTLP writes it. */
export const fromLog = (log: LogRecord): WireLogRecord => ({
  timeUnixNano: String(log.time),
  observedTimeUnixNano: String(log.time),
  severityNumber: log.severityNumber,
  severityText: log.severityText,
  ...(log.eventName === undefined ? undefined : { eventName: log.eventName }),
  body: fromValue(log.body),
  attributes: fromRecord(log.attributes),
  droppedAttributesCount: log.droppedAttributes,
  ...(log.traceId === undefined ? undefined : { traceId: log.traceId, flags: (log.traceFlags ?? 0) & 0xff }),
  ...(log.traceId === undefined || log.spanId === undefined ? undefined : { spanId: log.spanId })
})

type OwnedLog = LogRecord & { readonly resource: Resource; readonly scope: Scope }

/** A whole request: log records under the scope and the resource that they share. */
export const fromLogs = (logs: Iterable<OwnedLog>): ExportLogsServiceRequest => ({
  resourceLogs: Array.from(
    Map.groupBy(logs, ({ resource }) => resource),
    ([resource, ofResource]) => ({
      resource: { attributes: fromRecord(resource.attributes) },
      scopeLogs: Array.from(
        Map.groupBy(ofResource, ({ scope }) => `${scope.name} ${scope.version}`).values(),
        (ofScope) => ({ scope: ofScope[0]!.scope, logRecords: ofScope.map(fromLog) })
      )
    })
  )
})
