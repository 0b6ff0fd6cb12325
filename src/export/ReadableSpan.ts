/**
 * Our spans as OpenTelemetry's exporters read them, and theirs as ours.
 *
 * What crosses from one to the other and back unchanged is the object it was.
 */
import { createTraceState, type HrTime, type Link, SpanKind, type SpanStatus, SpanStatusCode } from "@opentelemetry/api"
import type { Attributes as OtelAttributes, SpanContext as OtelSpanContext } from "@opentelemetry/api"
import type { InstrumentationScope } from "@opentelemetry/core"
import { type Resource as OtelResource, resourceFromAttributes } from "@opentelemetry/resources"
import type { ReadableSpan, TimedEvent } from "@opentelemetry/sdk-trace-base"
import type * as Tracer from "effect/Tracer"
import type { Attributes, AttributeValue } from "../model/Attributes.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { Resource, Scope, SpanData, SpanEvent, SpanLink, StatusCode } from "../model/SpanData.ts"

const kinds: Readonly<Record<Tracer.SpanKind, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER
}
const kindNames: ReadonlyArray<Tracer.SpanKind> = ["internal", "server", "client", "producer", "consumer"]

const statuses: Readonly<Record<StatusCode, SpanStatusCode>> = {
  unset: SpanStatusCode.UNSET,
  ok: SpanStatusCode.OK,
  error: SpanStatusCode.ERROR
}
const statusNames: ReadonlyArray<StatusCode> = ["unset", "ok", "error"]

const second = 1_000_000_000n

const toHrTime = (nanos: bigint): HrTime => [Number(nanos / second), Number(nanos % second)]
/** Half a time that is no number counts as nothing: the SDK takes whatever it is given. */
const whole = (value: number): bigint => BigInt(Number.isFinite(value) ? Math.trunc(value) : 0)
const fromHrTime = ([seconds, nanos]: HrTime): bigint => whole(seconds) * second + whole(nanos)

const resources = new WeakMap<Resource, OtelResource>()
const scopes = new WeakMap<Scope, InstrumentationScope>()
const originals = new WeakMap<SpanData, ReadableSpan>()

const remember = <Key extends object, Value>(
  cache: WeakMap<Key, Value>,
  key: Key,
  make: (key: Key) => Value
): Value => {
  const known = cache.get(key)
  if (known !== undefined) return known
  const made = make(key)
  cache.set(key, made)
  return made
}

/** Exporters group spans by this object, so one resource is converted once. */
const toResource = (resource: Resource): OtelResource =>
  remember(resources, resource, ({ attributes }) => resourceFromAttributes(attributes as OtelAttributes))

const toScope = (scope: Scope): InstrumentationScope =>
  remember(scopes, scope, ({ name, version }) => (version === "" ? { name } : { name, version }))

const toContext = (
  { spanId, traceFlags, traceId, traceState }: SpanContext.SpanContext,
  isRemote?: boolean
): OtelSpanContext => ({
  traceId,
  spanId,
  traceFlags,
  ...(isRemote === undefined ? undefined : { isRemote }),
  ...(traceState === "" ? undefined : { traceState: createTraceState(traceState) })
})

const toLink = ({ attributes, droppedAttributes = 0, span }: SpanLink): Link => ({
  context: toContext(SpanContext.fromSpan(span), span._tag === "ExternalSpan"),
  attributes: attributes as OtelAttributes,
  droppedAttributesCount: droppedAttributes
})

const toEvent = ({ attributes, droppedAttributes, name, time }: SpanEvent): TimedEvent => ({
  name,
  time: toHrTime(time),
  attributes: attributes as OtelAttributes,
  droppedAttributesCount: droppedAttributes
})

/** A view of our span: nothing is copied before an exporter asks for it. */
export class ReadableSpanView implements ReadableSpan {
  readonly #span: SpanData
  readonly ended = true

  constructor(span: SpanData) {
    this.#span = span
  }

  get name(): string {
    return this.#span.name
  }
  get kind(): SpanKind {
    return kinds[this.#span.kind]
  }
  spanContext(): OtelSpanContext {
    return toContext(this.#span)
  }
  // `undefined` is the absence of a parent here, as in the SDK's own span
  get parentSpanContext(): OtelSpanContext {
    const { parentIsRemote, parentSpanId, traceFlags, traceId } = this.#span
    return (
      parentSpanId === undefined ? undefined : { traceId, spanId: parentSpanId, traceFlags, isRemote: parentIsRemote }
    ) as OtelSpanContext
  }
  get startTime(): HrTime {
    return toHrTime(this.#span.startTime)
  }
  get endTime(): HrTime {
    return toHrTime(this.#span.endTime)
  }
  get duration(): HrTime {
    return toHrTime(this.#span.endTime - this.#span.startTime)
  }
  get status(): SpanStatus {
    const { statusCode, statusMessage } = this.#span
    return statusMessage === ""
      ? { code: statuses[statusCode] }
      : { code: statuses[statusCode], message: statusMessage }
  }
  get attributes(): OtelAttributes {
    return Object.fromEntries(this.#span.attributes) as OtelAttributes
  }
  get events(): Array<TimedEvent> {
    return this.#span.events.map(toEvent)
  }
  get links(): Array<Link> {
    return this.#span.links.map(toLink)
  }
  get resource(): OtelResource {
    return toResource(this.#span.resource)
  }
  get instrumentationScope(): InstrumentationScope {
    return toScope(this.#span.scope)
  }
  get droppedAttributesCount(): number {
    return this.#span.droppedAttributes
  }
  get droppedEventsCount(): number {
    return this.#span.droppedEvents
  }
  get droppedLinksCount(): number {
    return this.#span.droppedLinks
  }
}

/** Our span for an OpenTelemetry exporter. */
export const toReadableSpan = (span: SpanData): ReadableSpan => originals.get(span) ?? new ReadableSpanView(span)

const ourResources = new WeakMap<OtelResource, Resource>()
const ourScopes = new WeakMap<InstrumentationScope, Scope>()

/** Read late, as some attributes of a resource are found only after the process began. */
const fromResource = (resource: OtelResource): Resource =>
  remember(ourResources, resource, (key) => {
    const ours: Resource = {
      get attributes() {
        return key.attributes as Attributes
      }
    }
    resources.set(ours, key)
    return ours
  })

const fromScope = (scope: InstrumentationScope): Scope =>
  remember(ourScopes, scope, (key) => {
    const ours: Scope = { name: key.name, version: key.version ?? "" }
    scopes.set(ours, key)
    return ours
  })

const fromContext = (context: OtelSpanContext): SpanContext.SpanContext => ({
  traceId: context.traceId,
  spanId: context.spanId,
  traceFlags: context.traceFlags,
  traceState: context.traceState?.serialize() ?? ""
})

/** A span that OpenTelemetry's SDK ended, on its way into our pipeline. */
export const fromReadableSpan = (span: ReadableSpan): SpanData => {
  const data: SpanData = {
    ...fromContext(span.spanContext()),
    parentSpanId: span.parentSpanContext?.spanId,
    parentIsRemote: span.parentSpanContext?.isRemote === true,
    name: span.name,
    kind: kindNames[span.kind] ?? "internal",
    startTime: fromHrTime(span.startTime),
    endTime: fromHrTime(span.endTime),
    attributes: new Map(Object.entries(span.attributes) as Array<[string, AttributeValue]>),
    droppedAttributes: span.droppedAttributesCount,
    events: span.events.map((event) => ({
      name: event.name,
      time: fromHrTime(event.time),
      attributes: (event.attributes ?? {}) as Attributes,
      droppedAttributes: event.droppedAttributesCount ?? 0
    })),
    droppedEvents: span.droppedEventsCount,
    links: span.links.map((link) => ({
      span: SpanContext.toExternalSpan(fromContext(link.context)),
      attributes: (link.attributes ?? {}) as Attributes,
      droppedAttributes: link.droppedAttributesCount ?? 0
    })),
    droppedLinks: span.droppedLinksCount,
    statusCode: statusNames[span.status.code] ?? "unset",
    statusMessage: span.status.message ?? "",
    resource: fromResource(span.resource),
    scope: fromScope(span.instrumentationScope)
  }
  originals.set(data, span)
  return data
}
