/**
 * A span of ours, as code that knows OpenTelemetry's API sees it.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/api/#span
 */
import * as Otel from "@opentelemetry/api"
import * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import { types } from "node:util"
import { readable } from "../model/Attributes.ts"
import * as Failure from "../model/Failure.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { GoraxSpan } from "./GoraxSpan.ts"

/** What `OtelTracer.currentOtelSpan` looks for, on spans of ours and of the bridge. */
export const otelSpanTypeId = "~@effect/opentelemetry/OtelTracer/OtelSpan"

const isTimeInput = (value: unknown): value is Otel.TimeInput =>
  typeof value === "number" || types.isDate(value) || (!types.isProxy(value) && Array.isArray(value))

const fromMillis = (millis: number): bigint => BigInt(Math.round(millis * 1e6))

/**
 * Nanoseconds since the epoch; now, where the time is none. Numbers small enough to be `performance.now()` count from the
 * start of the process.
 */
const toNanos = (time: Otel.TimeInput | undefined): bigint => {
  try {
    if (Array.isArray(time)) return BigInt(Math.trunc(time[0])) * 1_000_000_000n + BigInt(Math.round(time[1]))
    if (time instanceof Date) return BigInt(time.getTime()) * 1_000_000n
    if (typeof time === "number")
      return fromMillis(time < performance.timeOrigin ? performance.timeOrigin + time : time)
  } catch {
    // No number there, which no big integer can be made of
  }
  return fromMillis(performance.timeOrigin + performance.now())
}

export class OtelSpanView implements Otel.Span {
  readonly #span: GoraxSpan

  constructor(span: GoraxSpan) {
    this.#span = span
  }

  /** True when Effect ruled the span out, and with it all its descendants. */
  get refused(): boolean {
    return this.#span.refused
  }
  spanContext(): Otel.SpanContext {
    return toOtel(SpanContext.fromSpan(this.#span), false)
  }
  setAttribute(key: string, value: Otel.AttributeValue): this {
    this.#span.attribute(key, value)
    return this
  }
  setAttributes(attributes: Otel.Attributes): this {
    this.#span.annotate(attributes)
    return this
  }
  addEvent(name: string, attributesOrTime?: Otel.Attributes | Otel.TimeInput, time?: Otel.TimeInput): this {
    if (isTimeInput(attributesOrTime)) this.#span.event(name, toNanos(attributesOrTime))
    else this.#span.event(name, toNanos(time), attributesOrTime)
    return this
  }
  addLink(link: Otel.Link): this {
    return this.addLinks([link])
  }
  addLinks(links: Array<Otel.Link>): this {
    this.#span.addLinks(Array.isArray(links) ? links.map(toLink) : [nowhere])
    return this
  }
  setStatus(status: Otel.SpanStatus): this {
    const { code, message } = readable(status) ?? {}
    const { ERROR, OK } = Otel.SpanStatusCode
    this.#span.setStatus(code === ERROR ? "error" : code === OK ? "ok" : "unset", message)
    return this
  }
  updateName(name: string): this {
    this.#span.rename(name)
    return this
  }
  end(time?: Otel.TimeInput): void {
    this.#span.end(toNanos(time), Exit.void)
  }
  isRecording(): boolean {
    return this.#span.recording
  }
  recordException(exception: Otel.Exception, time?: Otel.TimeInput): void {
    const { message, stack, type } = Failure.fromUnknown(exception)
    this.#span.event("exception", toNanos(time), {
      "exception.type": type,
      "exception.message": message,
      "exception.stacktrace": stack
    })
  }
}

/** A link that is counted, and left out. */
const nowhere: Tracer.SpanLink = {
  span: SpanContext.toExternalSpan({ traceId: "", spanId: "", traceFlags: 0, traceState: "" }),
  attributes: {}
}

const toLink = (link: Otel.Link): Tracer.SpanLink => {
  try {
    return { span: SpanContext.toExternalSpan(fromOtel(link.context)), attributes: link.attributes ?? {} }
  } catch {
    return nowhere
  }
}

/** The context of an OpenTelemetry span, as ours. */
export const fromOtel = (context: Otel.SpanContext): SpanContext.SpanContext => ({
  traceId: context.traceId,
  spanId: context.spanId,
  traceFlags: context.traceFlags,
  traceState: context.traceState?.serialize() ?? ""
})

/** A context of ours, as OpenTelemetry knows it. */
export const toOtel = (context: SpanContext.SpanContext, isRemote: boolean): Otel.SpanContext => {
  const { spanId, traceId, traceState } = context
  const otel = { traceId, spanId, traceFlags: context.traceFlags & 0xff, isRemote }
  return traceState === "" ? otel : { ...otel, traceState: Otel.createTraceState(traceState) }
}
