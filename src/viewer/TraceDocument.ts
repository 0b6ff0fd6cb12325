/**
 * A whole trace as JSON, for the page: what many spans share is said once, and what is empty not at all.
 *
 * A hundred thousand spans of OTLP's own JSON are a hundred megabytes; this is a third of it.
 */
import type * as Tracer from "effect/Tracer"
import type { Attributes, AttributeValue } from "../model/Attributes.ts"
import type { Resource, Scope, SpanData, SpanEvent, SpanLink, StatusCode } from "../model/SpanData.ts"
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"

interface DocumentEvent {
  readonly name: string
  /** Nanoseconds since the trace began. */
  readonly at: number
  readonly attributes?: Attributes
  readonly dropped?: number
}

interface DocumentLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes?: Attributes
  readonly dropped?: number
}

export interface DocumentSpan {
  readonly id: string
  readonly parent?: string
  readonly remote?: true
  readonly name: string
  readonly kind?: Tracer.SpanKind
  /** Nanoseconds since the trace began. */
  readonly start: number
  readonly nanos: number
  readonly attributes?: Attributes
  readonly events?: ReadonlyArray<DocumentEvent>
  readonly links?: ReadonlyArray<DocumentLink>
  readonly status?: StatusCode
  readonly message?: string
  readonly state?: string
  readonly flags: number
  /** Attributes, events and links that were left out. */
  readonly dropped?: readonly [attributes: number, events: number, links: number]
  /** Where in the lists of the document they are. */
  readonly resource: number
  readonly scope: number
}

export interface DocumentLog {
  /** The span it was written in. */
  readonly span?: string
  /** Nanoseconds since the trace began. */
  readonly at: number
  readonly severity?: number
  readonly level?: string
  readonly event?: string
  readonly body: AttributeValue
  readonly attributes?: Attributes
  readonly dropped?: number
  readonly flags?: number
  readonly resource: number
  readonly scope: number
}

export interface TraceDocument {
  readonly traceId: string
  /** Nanoseconds since the Unix epoch, as decimal text. */
  readonly startTimeUnixNano: string
  readonly resources: ReadonlyArray<Attributes>
  readonly scopes: ReadonlyArray<Scope>
  readonly spans: ReadonlyArray<DocumentSpan>
  readonly logs?: ReadonlyArray<DocumentLog>
}

const some = <A extends object>(attributes: A): A | undefined =>
  Object.keys(attributes).length === 0 ? undefined : attributes

/** Numbers everything it is given, alike things alike. */
const numbering = <A>(keyOf: (value: A) => string) => {
  const values: Array<A> = []
  const places = new Map<string, number>()
  const seen = new Map<A, number>()
  const place = (value: A): number => {
    const known = seen.get(value)
    if (known !== undefined) return known
    const key = keyOf(value)
    let number = places.get(key)
    if (number === undefined) {
      number = values.push(value) - 1
      places.set(key, number)
    }
    seen.set(value, number)
    return number
  }
  return { values, place }
}

const fromEvent = (event: SpanEvent, since: (time: bigint) => number): DocumentEvent => {
  const attributes = some(event.attributes)
  return {
    name: event.name,
    at: since(event.time),
    ...(attributes === undefined ? undefined : { attributes }),
    ...(event.droppedAttributes === 0 ? undefined : { dropped: event.droppedAttributes })
  }
}

const fromLink = ({ attributes, droppedAttributes = 0, span }: SpanLink): DocumentLink => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(some(attributes) === undefined ? undefined : { attributes }),
  ...(droppedAttributes === 0 ? undefined : { dropped: droppedAttributes })
})

/** The spans of one trace, of which there must be at least one, and what was written in it. */
export const fromSpans = (spans: ReadonlyArray<ReceivedSpan>, logs: ReadonlyArray<ReceivedLog> = []): TraceDocument => {
  const startTime = spans.reduce(
    (least, span) => (span.startTime < least ? span.startTime : least),
    spans[0]!.startTime
  )
  const since = (time: bigint): number => Number(time - startTime)
  const resources = numbering<Resource>(({ attributes }) => JSON.stringify(attributes))
  const scopes = numbering<Scope>(({ name, version }) => `${name} ${version}`)
  const documentSpans = spans.map((span): DocumentSpan => {
    const { droppedAttributes, droppedEvents, droppedLinks, events, links } = span
    return {
      id: span.spanId,
      ...(span.parentSpanId === undefined ? undefined : { parent: span.parentSpanId }),
      ...(span.parentIsRemote ? { remote: true } : undefined),
      name: span.name,
      ...(span.kind === "internal" ? undefined : { kind: span.kind }),
      start: since(span.startTime),
      nanos: Number(span.endTime - span.startTime),
      ...(span.attributes.size === 0 ? undefined : { attributes: Object.fromEntries(span.attributes) }),
      ...(events.length === 0 ? undefined : { events: events.map((event) => fromEvent(event, since)) }),
      ...(links.length === 0 ? undefined : { links: links.map(fromLink) }),
      ...(span.statusCode === "unset" ? undefined : { status: span.statusCode }),
      ...(span.statusMessage === "" ? undefined : { message: span.statusMessage }),
      ...(span.traceState === "" ? undefined : { state: span.traceState }),
      flags: span.traceFlags,
      ...(droppedAttributes + droppedEvents + droppedLinks === 0
        ? undefined
        : { dropped: [droppedAttributes, droppedEvents, droppedLinks] as const }),
      resource: resources.place(span.resource),
      scope: scopes.place(span.scope)
    }
  })
  const documentLogs = logs.map((log): DocumentLog => {
    const { body, droppedAttributes, eventName, severityNumber, severityText, spanId, traceFlags = 0 } = log
    const attributes = some(log.attributes)
    return {
      ...(spanId === undefined ? undefined : { span: spanId }),
      at: since(log.time),
      ...(severityNumber === 0 ? undefined : { severity: severityNumber }),
      ...(severityText === "" ? undefined : { level: severityText }),
      ...(eventName === undefined ? undefined : { event: eventName }),
      body,
      ...(attributes === undefined ? undefined : { attributes }),
      ...(droppedAttributes === 0 ? undefined : { dropped: droppedAttributes }),
      ...(traceFlags === 0 ? undefined : { flags: traceFlags }),
      resource: resources.place(log.resource),
      scope: scopes.place(log.scope)
    }
  })
  return {
    traceId: spans[0]!.traceId,
    startTimeUnixNano: String(startTime),
    resources: resources.values.map(({ attributes }) => attributes),
    scopes: scopes.values,
    spans: documentSpans,
    ...(documentLogs.length === 0 ? undefined : { logs: documentLogs })
  }
}

/** A linked span as far as it is known. Nobody asks it for annotations: the page has no Effect. */
const linkedSpan = ({ spanId, traceId }: DocumentLink): SpanLink["span"] =>
  ({ _tag: "ExternalSpan", traceId, spanId, sampled: true }) as SpanLink["span"]

/** Reads the spans back. */
export const toSpans = (document: TraceDocument): ReadonlyArray<ReceivedSpan> => {
  const startTime = BigInt(document.startTimeUnixNano)
  const resources = document.resources.map((attributes): Resource => ({ attributes }))
  const after = (nanos: number): bigint => startTime + BigInt(nanos)
  return document.spans.map((span): SpanData => {
    const [droppedAttributes, droppedEvents, droppedLinks] = span.dropped ?? [0, 0, 0]
    return {
      traceId: document.traceId,
      spanId: span.id,
      traceFlags: span.flags,
      traceState: span.state ?? "",
      parentSpanId: span.parent,
      parentIsRemote: span.remote === true,
      name: span.name,
      kind: span.kind ?? "internal",
      startTime: after(span.start),
      endTime: after(span.start + span.nanos),
      attributes: new Map<string, AttributeValue>(Object.entries(span.attributes ?? {})),
      droppedAttributes,
      events: (span.events ?? []).map(({ at, attributes = {}, dropped = 0, name }) => ({
        name,
        time: after(at),
        attributes,
        droppedAttributes: dropped
      })),
      droppedEvents,
      links: (span.links ?? []).map((link) => ({
        span: linkedSpan(link),
        attributes: link.attributes ?? {},
        droppedAttributes: link.dropped ?? 0
      })),
      droppedLinks,
      statusCode: span.status ?? "unset",
      statusMessage: span.message ?? "",
      resource: resources[span.resource] ?? { attributes: {} },
      scope: document.scopes[span.scope] ?? { name: "", version: "" }
    }
  })
}

/** Reads the log records back. */
export const toLogs = (document: TraceDocument): ReadonlyArray<ReceivedLog> => {
  const startTime = BigInt(document.startTimeUnixNano)
  const resources = document.resources.map((attributes): Resource => ({ attributes }))
  return (document.logs ?? []).map((log) => ({
    time: startTime + BigInt(log.at),
    severityNumber: log.severity ?? 0,
    severityText: log.level ?? "",
    body: log.body,
    attributes: log.attributes ?? {},
    droppedAttributes: log.dropped ?? 0,
    ...(log.event === undefined ? undefined : { eventName: log.event }),
    traceId: document.traceId,
    traceFlags: log.flags ?? 0,
    ...(log.span === undefined ? undefined : { spanId: log.span }),
    resource: resources[log.resource] ?? { attributes: {} },
    scope: document.scopes[log.scope] ?? { name: "", version: "" }
  }))
}
