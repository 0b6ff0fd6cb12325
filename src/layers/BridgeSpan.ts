/**
 * A span of Effect that an OpenTelemetry provider makes, keeps and exports.
 *
 * It tells of its effect what our own spans tell: success leaves the status
 * unset, a failure gives `error.type` and a short message without secrets.
 */
import * as Otel from "@opentelemetry/api"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as Attributes from "../model/Attributes.ts"
import * as Failure from "../model/Failure.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as Ids from "../tracer/Ids.ts"
import { otelSpanTypeId, toOtel } from "../tracer/OtelSpanView.ts"
import { isRemote } from "../tracer/PassThroughSpan.ts"
import { isToldByChild } from "../tracer/ToldFailure.ts"

export type SpanOptions = Parameters<Tracer.Tracer["span"]>[0]

const kinds: Readonly<Record<Tracer.SpanKind, Otel.SpanKind>> = {
  internal: Otel.SpanKind.INTERNAL,
  server: Otel.SpanKind.SERVER,
  client: Otel.SpanKind.CLIENT,
  producer: Otel.SpanKind.PRODUCER,
  consumer: Otel.SpanKind.CONSUMER
}

const second = 1_000_000_000n
const toHrTime = (nanos: bigint): Otel.HrTime => [Number(nanos / second), Number(nanos % second)]

const toAttributes = (values: Readonly<Record<string, unknown>> | undefined): Otel.Attributes => {
  const attributes: Otel.Attributes = {}
  for (const key in values) attributes[key] = Attributes.fromUnknown(values[key]) as Otel.AttributeValue
  return attributes
}

const toLink = ({ attributes, span }: Tracer.SpanLink): Otel.Link => ({
  context: toOtel(SpanContext.fromSpan(span), isRemote(span)),
  attributes: toAttributes(attributes)
})

const ids = Ids.secure()

/** What stands for a span that Effect ruled out: it has ids of its own, and the provider never hears of it. */
const leftOut = (parent: Tracer.AnySpan | undefined): Otel.Span =>
  Otel.trace.wrapSpanContext({
    traceId: parent?.traceId ?? ids.traceId(),
    spanId: ids.spanId(),
    traceFlags: Otel.TraceFlags.NONE
  })

export class BridgeSpan implements Tracer.Span, SpanContext.SpanContext {
  readonly _tag = "Span"
  readonly [otelSpanTypeId] = otelSpanTypeId
  /** OpenTelemetry's own span, which `OtelTracer.currentOtelSpan` gives. */
  readonly span: Otel.Span
  /** True when a level or an explicit `sampled: false` ruled this span out, and with it all its descendants. */
  readonly refused: boolean
  readonly kind: Tracer.SpanKind
  readonly annotations: Context.Context<never>
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly links: Array<Tracer.SpanLink>
  readonly attributes = new Map<string, unknown>()
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  readonly traceState: string
  name: string
  status: Tracer.SpanStatus

  /** Opens the span with a provider's tracer, in a context that has its parent. */
  constructor(tracer: Otel.Tracer, options: SpanOptions, parent: Tracer.AnySpan | undefined, context: Otel.Context) {
    const { annotations, kind, links, name, sampled, startTime } = options
    this.name = name
    this.kind = kind
    this.annotations = annotations
    this.links = links.slice()
    this.parent = Option.fromUndefinedOr(parent)
    this.status = { _tag: "Started", startTime }
    this.refused =
      !sampled && (parent === undefined || parent.sampled || (parent instanceof BridgeSpan && parent.refused))
    this.span = this.refused
      ? leftOut(parent)
      : tracer.startSpan(name, { kind: kinds[kind], startTime: toHrTime(startTime), links: links.map(toLink) }, context)
    const { spanId, traceFlags, traceId, traceState } = this.span.spanContext()
    this.traceId = traceId
    this.spanId = spanId
    this.traceFlags = traceFlags
    this.traceState = traceState?.serialize() ?? ""
  }

  get sampled(): boolean {
    return (this.traceFlags & SpanContext.sampledFlag) !== 0
  }

  attribute(key: string, value: unknown): void {
    const converted = Attributes.fromUnknown(value)
    if (converted === undefined || this.status._tag === "Ended") return
    this.attributes.set(key, value)
    this.span.setAttribute(key, converted as Otel.AttributeValue)
  }
  event(name: string, time: bigint, attributes?: Record<string, unknown>): void {
    this.span.addEvent(name, toAttributes(attributes), toHrTime(time))
  }
  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    for (const link of links) this.links.push(link)
    this.span.addLinks(links.map(toLink))
  }
  rename(name: string): void {
    this.name = name
    this.span.updateName(name)
  }
  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.status._tag === "Ended") return
    if (Exit.isFailure(exit)) this.#fail(exit.cause, endTime)
    else if (this.attributes.has(AttributeKeys.errorType)) this.span.setStatus({ code: Otel.SpanStatusCode.ERROR })
    // Only a failure is kept: a result may be large, and is nobody's business.
    this.status = {
      _tag: "Ended",
      startTime: this.status.startTime,
      endTime,
      exit: Exit.isSuccess(exit) ? Exit.void : exit
    }
    this.span.end(toHrTime(endTime))
  }

  #fail(cause: Cause.Cause<unknown>, time: bigint): void {
    const failure = Failure.fromCause(cause)
    if (failure === undefined) {
      if (Cause.hasInterrupts(cause)) this.attribute(AttributeKeys.interrupted, true)
      return
    }
    if (!this.attributes.has(AttributeKeys.errorType)) this.attribute(AttributeKeys.errorType, failure.type)
    this.span.setStatus({ code: Otel.SpanStatusCode.ERROR, message: failure.message })
    const parent = Option.getOrUndefined(this.parent)
    const { spanId, traceId } = this
    const parentIsRemote = parent !== undefined && isRemote(parent)
    if (isToldByChild(failure.error, { traceId, spanId, parentSpanId: parent?.spanId, parentIsRemote })) return
    this.event("exception", time, {
      [AttributeKeys.exceptionType]: failure.type,
      [AttributeKeys.exceptionMessage]: failure.message,
      [AttributeKeys.exceptionStacktrace]: failure.stack
    })
  }
}
