/**
 * A finished span, as it travels from the tracer to an exporter.
 *
 * The tracer's own span satisfies this shape, so nothing is copied on the
 * way. Names follow OTLP where Effect's `Span` has not taken them.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import type * as Tracer from "effect/Tracer"
import type { Attributes, AttributeValue } from "./Attributes.ts"
import type { SpanContext } from "./SpanContext.ts"

export interface SpanEvent {
  readonly name: string
  /** Nanoseconds since the Unix epoch. */
  readonly time: bigint
  readonly attributes: Attributes
  readonly droppedAttributes: number
}

export interface SpanLink {
  readonly span: Tracer.AnySpan
  readonly attributes: Attributes
  /** 0 where it is absent. */
  readonly droppedAttributes?: number
}

export type StatusCode = "unset" | "ok" | "error"

/** Who made a span: an instrumentation library and its version. */
export interface Scope {
  readonly name: string
  readonly version: string
}

/** The process that spans come from. */
export interface Resource {
  readonly attributes: Attributes
}

export interface SpanData extends SpanContext {
  readonly parentSpanId: string | undefined
  /** True when the parent lives in another process. */
  readonly parentIsRemote: boolean
  readonly name: string
  readonly kind: Tracer.SpanKind
  /** Nanoseconds since the Unix epoch. */
  readonly startTime: bigint
  /** Nanoseconds since the Unix epoch, never before `startTime`. */
  readonly endTime: bigint
  readonly attributes: ReadonlyMap<string, AttributeValue>
  readonly droppedAttributes: number
  readonly events: ReadonlyArray<SpanEvent>
  readonly droppedEvents: number
  readonly links: ReadonlyArray<SpanLink>
  readonly droppedLinks: number
  readonly statusCode: StatusCode
  readonly statusMessage: string
  readonly resource: Resource
  readonly scope: Scope
}

/** How long the span lasted, in milliseconds. */
export const durationMillis = (span: Pick<SpanData, "startTime" | "endTime">): number =>
  Number(span.endTime - span.startTime) / 1e6

/** The span as plain data: one of ours computes much of what it says, and may still be written to. */
export const copyOf = (span: SpanData): SpanData => ({
  traceId: span.traceId,
  spanId: span.spanId,
  traceFlags: span.traceFlags,
  traceState: span.traceState,
  parentSpanId: span.parentSpanId,
  parentIsRemote: span.parentIsRemote,
  name: span.name,
  kind: span.kind,
  startTime: span.startTime,
  endTime: span.endTime,
  attributes: span.attributes,
  droppedAttributes: span.droppedAttributes,
  events: span.events,
  droppedEvents: span.droppedEvents,
  links: span.links,
  droppedLinks: span.droppedLinks,
  statusCode: span.statusCode,
  statusMessage: span.statusMessage,
  resource: span.resource,
  scope: span.scope
})
