/**
 * A span as others may see it: what was masked stands in place of what was there, and all else is read from the span.
 *
 * The span itself stays what it is, as the program may still read it.
 */
import type * as Tracer from "effect/Tracer"
import type { AttributeValue } from "../model/Attributes.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { Resource, Scope, SpanData, SpanEvent, SpanLink, StatusCode } from "../model/SpanData.ts"
import type { RedactedText } from "./RedactedText.ts"
import * as Policy from "./RedactionPolicy.ts"

/** The texts of a span that can be masked. */
type Texts = Pick<SpanData, "name" | "attributes" | "events" | "links" | "statusMessage" | "traceState" | "resource">

export class RedactedSpan implements SpanData {
  readonly name: string
  readonly attributes: ReadonlyMap<string, AttributeValue>
  readonly events: ReadonlyArray<SpanEvent>
  readonly links: ReadonlyArray<SpanLink>
  readonly statusMessage: string
  readonly traceState: string
  readonly resource: Resource
  readonly #span: SpanData

  constructor(span: SpanData, texts: Texts) {
    this.name = texts.name
    this.attributes = texts.attributes
    this.events = texts.events
    this.links = texts.links
    this.statusMessage = texts.statusMessage
    this.traceState = texts.traceState
    this.resource = texts.resource
    this.#span = span
  }

  get traceId(): string {
    return this.#span.traceId
  }
  get spanId(): string {
    return this.#span.spanId
  }
  get traceFlags(): number {
    return this.#span.traceFlags
  }
  get parentSpanId(): string | undefined {
    return this.#span.parentSpanId
  }
  get parentIsRemote(): boolean {
    return this.#span.parentIsRemote
  }
  get kind(): Tracer.SpanKind {
    return this.#span.kind
  }
  get startTime(): bigint {
    return this.#span.startTime
  }
  get endTime(): bigint {
    return this.#span.endTime
  }
  get droppedAttributes(): number {
    return this.#span.droppedAttributes
  }
  get droppedEvents(): number {
    return this.#span.droppedEvents
  }
  get droppedLinks(): number {
    return this.#span.droppedLinks
  }
  get statusCode(): StatusCode {
    return this.#span.statusCode
  }
  get scope(): Scope {
    return this.#span.scope
  }
}

const attributesOf = (span: SpanData, texts: RedactedText): ReadonlyMap<string, AttributeValue> => {
  const redacted = new Map<string, AttributeValue>()
  span.attributes.forEach((value, key) => {
    const shown = texts.key(key, "attributes")
    redacted.set(shown, texts.value(value, key, `attributes.${shown}`))
  })
  return redacted
}

const eventOf = ({ attributes, droppedAttributes, name, time }: SpanEvent, texts: RedactedText, place: string) => ({
  name: texts.text(name, Policy.eventName, `${place}.name`),
  time,
  attributes: texts.record(attributes, place),
  droppedAttributes
})

const linkOf = (link: SpanLink, texts: RedactedText, place: string): SpanLink => {
  const context = SpanContext.fromSpan(link.span)
  const traceState = texts.state(context.traceState, Policy.traceState, `${place}.tracestate`)
  const attributes = texts.record(link.attributes, place)
  const span = traceState === context.traceState ? link.span : SpanContext.toExternalSpan({ ...context, traceState })
  return { ...link, span, attributes }
}

/** Redacts all that a span says. */
export const make = (span: SpanData, texts: RedactedText, resource: Resource): RedactedSpan =>
  new RedactedSpan(span, {
    name: texts.text(span.name, Policy.spanName, "name"),
    attributes: attributesOf(span, texts),
    events: span.events.map((event, index) => eventOf(event, texts, `events[${index}]`)),
    links: span.links.map((link, index) => linkOf(link, texts, `links[${index}]`)),
    statusMessage:
      span.statusMessage === "" ? "" : texts.text(span.statusMessage, Policy.statusMessage, "status.message"),
    traceState: texts.state(span.traceState, Policy.traceState, "tracestate"),
    resource
  })

const nothing: ReadonlyMap<string, AttributeValue> = new Map()

/** Of a span that could not be searched nothing is told but when it was, and where in its trace. */
export const withheld = (span: SpanData, mark: string): RedactedSpan =>
  new RedactedSpan(span, {
    name: mark,
    attributes: nothing,
    events: [],
    links: [],
    statusMessage: "",
    traceState: "",
    resource: { attributes: {} }
  })
