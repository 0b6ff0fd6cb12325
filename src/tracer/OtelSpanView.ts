/**
 * A span of ours, as code that knows OpenTelemetry's API sees it.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/api/#span
 */
import * as Otel from "@opentelemetry/api"
import * as Exit from "effect/Exit"
import * as Failure from "../model/Failure.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { GoraxSpan } from "./GoraxSpan.ts"

/** What `OtelTracer.currentOtelSpan` looks for, on spans of ours and of the bridge. */
export const otelSpanTypeId = "~@effect/opentelemetry/OtelTracer/OtelSpan"

const isTimeInput = (value: unknown): value is Otel.TimeInput =>
  typeof value === "number" || value instanceof Date || Array.isArray(value)

/** Nanoseconds since the epoch. Numbers small enough to be `performance.now()` count from the start of the process. */
const toNanos = (time: Otel.TimeInput | undefined): bigint => {
  if (Array.isArray(time)) return BigInt(time[0]) * 1_000_000_000n + BigInt(Math.round(time[1]))
  if (time instanceof Date) return BigInt(time.getTime()) * 1_000_000n
  const millis =
    typeof time !== "number"
      ? performance.timeOrigin + performance.now()
      : time < performance.timeOrigin
        ? performance.timeOrigin + time
        : time
  return BigInt(Math.round(millis * 1e6))
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
    for (const key in attributes) this.#span.attribute(key, attributes[key])
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
    this.#span.addLinks(
      links.map((link) => ({
        span: SpanContext.toExternalSpan(fromOtel(link.context)),
        attributes: link.attributes ?? {}
      }))
    )
    return this
  }
  setStatus(status: Otel.SpanStatus): this {
    const code =
      status.code === Otel.SpanStatusCode.ERROR ? "error" : status.code === Otel.SpanStatusCode.OK ? "ok" : "unset"
    this.#span.setStatus(code, status.message)
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
