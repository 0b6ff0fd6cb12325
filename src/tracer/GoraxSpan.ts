/**
 * The span: what Effect writes to, and what is exported, in one object.
 *
 * Sampling is decided late, at the first child, the first read of its ids or
 * its end, so that a sampler sees the attributes that were set after the span
 * was opened: the tenant, the route. Until then `sampled` reads true.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as Attributes from "../model/Attributes.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as Failure from "../model/Failure.ts"
import type { SamplingDecision } from "../model/Sampler.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { Resource, Scope, SpanData, SpanEvent, SpanLink, StatusCode } from "../model/SpanData.ts"
import { ForcedIds } from "../model/SpanHints.ts"
import { OtelSpanView } from "./OtelSpanView.ts"
import { isRemote } from "./PassThroughSpan.ts"
import * as SpanClock from "./SpanClock.ts"
import type { SpanShared } from "./SpanShared.ts"

/** What a span is opened with. */
export interface SpanOptions {
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly annotations: Context.Context<never>
  readonly startTime: SpanClock.Reading
  /** What Effect decided: false for a span below the trace level, or told to be left out. */
  readonly sampled: boolean
}

type Decision = "open" | "sampled" | "unsampled" | "refused"

/** The span that last failed with an error: when its parent fails with the same one, the stack is told already. */
const lastFailed = new WeakMap<object, { readonly traceId: string; readonly parentSpanId: string | undefined }>()

/** What `OtelTracer.currentOtelSpan` looks for. */
const otelSpanTypeId = "~@effect/opentelemetry/OtelTracer/OtelSpan"

const noEvents: ReadonlyArray<SpanEvent> = []
const noLinks: ReadonlyArray<SpanLink> = []

class RecordedEvent implements SpanEvent {
  readonly name: string
  readonly attributes: Attributes.Attributes
  readonly droppedAttributes: number
  readonly #time: SpanClock.Reading
  readonly #anchor: SpanClock.Anchor

  constructor(
    name: string,
    time: SpanClock.Reading,
    anchor: SpanClock.Anchor,
    { attributes, dropped }: ReturnType<typeof Attributes.fromRecord>
  ) {
    this.name = name
    this.attributes = attributes
    this.droppedAttributes = dropped
    this.#time = time
    this.#anchor = anchor
  }
  get time(): bigint {
    return SpanClock.toNanos(this.#time, this.#anchor)
  }
}

export class GoraxSpan implements Tracer.Span, SpanData {
  name: string
  readonly kind: Tracer.SpanKind
  readonly annotations: Context.Context<never>
  readonly attributes: Attributes.AttributeMap
  readonly parentIsRemote: boolean
  statusCode: StatusCode = "unset"
  statusMessage = ""
  droppedEvents = 0
  droppedLinks = 0
  readonly #shared: SpanShared
  readonly #parent: SpanContext.SpanContext | undefined
  readonly #start: SpanClock.Reading
  readonly #anchor: SpanClock.Anchor
  #end: SpanClock.Reading
  #events: Array<SpanEvent> | undefined
  #links: Array<SpanLink> | undefined
  #decision: Decision
  #context: SpanContext.SpanContext | undefined
  #exit: Exit.Exit<unknown, unknown> | undefined
  #otel: OtelSpanView | undefined

  constructor(shared: SpanShared, options: SpanOptions, parent: Tracer.AnySpan | undefined) {
    this.name = options.name
    this.kind = options.kind
    this.annotations = options.annotations
    this.attributes = new Attributes.AttributeMap(shared.attributeLimits)
    this.#shared = shared
    this.#start = options.startTime
    this.#anchor = SpanClock.anchorOf(options.startTime)
    this.#end = options.startTime
    // The parent's context is kept and the parent let go, so that a waiting span keeps no ancestors alive.
    this.#parent = parent === undefined ? undefined : contextOf(parent)
    this.parentIsRemote = this.#parent !== undefined && isRemote(parent!)
    this.#decision =
      !options.sampled && (parent === undefined || parent.sampled || isRefused(parent)) ? "refused" : "open"
    shared.books.started++
    shared.onStart?.(this)
  }

  get _tag(): "Span" {
    return "Span"
  }
  get [otelSpanTypeId](): string {
    return otelSpanTypeId
  }
  /** What of this span crosses a boundary. Settles sampling. */
  get context(): SpanContext.SpanContext {
    return this.#context ?? this.#decide()
  }
  get startTime(): bigint {
    return SpanClock.toNanos(this.#start, this.#anchor)
  }
  get endTime(): bigint {
    return this.#exit === undefined ? 0n : SpanClock.toNanos(this.#end, this.#anchor)
  }
  get parent(): Option.Option<Tracer.AnySpan> {
    return this.#parent === undefined ? Option.none() : Option.some(SpanContext.toExternalSpan(this.#parent))
  }
  get parentSpanId(): string | undefined {
    return this.#parent?.spanId
  }
  get traceId(): string {
    return this.context.traceId
  }
  get spanId(): string {
    return this.context.spanId
  }
  get traceFlags(): number {
    return this.context.traceFlags
  }
  get traceState(): string {
    return this.context.traceState
  }
  /** True while undecided: Effect's router writes the route, which a sampler may want, only onto sampled spans. */
  get sampled(): boolean {
    return this.#decision === "open" || this.#decision === "sampled"
  }
  /** True when a level or an explicit `sampled: false` ruled this span out, and with it all its descendants. */
  get refused(): boolean {
    return this.#decision === "refused"
  }
  /** True until it ends, unless it was decided not to record it. */
  get recording(): boolean {
    return this.sampled && this.#exit === undefined
  }
  get status(): Tracer.SpanStatus {
    return this.#exit === undefined
      ? { _tag: "Started", startTime: this.startTime }
      : { _tag: "Ended", startTime: this.startTime, endTime: this.endTime, exit: this.#exit }
  }
  get events(): ReadonlyArray<SpanEvent> {
    return this.#events ?? noEvents
  }
  get links(): ReadonlyArray<SpanLink> {
    return this.#links ?? noLinks
  }
  get droppedAttributes(): number {
    return this.attributes.dropped
  }
  get resource(): Resource {
    return this.#shared.resource
  }
  get scope(): Scope {
    return this.#shared.scope
  }
  /** The same span for code that knows OpenTelemetry's API. */
  get span(): OtelSpanView {
    return (this.#otel ??= new OtelSpanView(this))
  }

  attribute(key: string, value: unknown): void {
    if (this.recording) this.attributes.set(key, value)
  }

  event(name: string, time: bigint, attributes?: Readonly<Record<string, unknown>>): void {
    this.mark(name, time, attributes)
  }

  /** {@link event}, for whoever reads the clock as the span does. */
  mark(name: string, now: SpanClock.Reading, attributes: Readonly<Record<string, unknown>> | undefined): void {
    if (!this.recording) return
    const events = (this.#events ??= [])
    if (events.length >= this.#shared.limits.events) {
      this.droppedEvents++
      return
    }
    events.push(new RecordedEvent(name, now, this.#anchor, Attributes.fromRecord(attributes, this.#shared.eventLimits)))
  }

  addLinks(added: ReadonlyArray<Tracer.SpanLink>): void {
    if (!this.recording) return
    for (const link of added) {
      const context = contextOf(link.span)
      if (context === undefined) continue
      const links = (this.#links ??= [])
      if (links.length >= this.#shared.limits.links) {
        this.droppedLinks++
        continue
      }
      const { attributes } = Attributes.fromRecord(link.attributes, this.#shared.linkLimits)
      links.push({ span: SpanContext.toExternalSpan(context), attributes })
    }
  }

  rename(name: string): void {
    if (this.recording) this.name = name
  }

  setStatus(code: StatusCode, message = ""): void {
    if (!this.recording) return
    this.statusCode = code
    this.statusMessage = code === "error" ? message : ""
  }

  /** Names a failure on the span; its stack becomes an event once, on the innermost span that saw it. */
  recordFailure(failure: Failure.Failure, time: bigint): void {
    if (!this.attributes.has(AttributeKeys.errorType)) this.attribute(AttributeKeys.errorType, failure.type)
    this.setStatus("error", failure.message)
    if (this.#isToldByChild(failure.error)) return
    this.event("exception", time, {
      [AttributeKeys.exceptionType]: failure.type,
      [AttributeKeys.exceptionMessage]: failure.message,
      [AttributeKeys.exceptionStacktrace]: failure.stack
    })
  }

  #isToldByChild(error: unknown): boolean {
    if (typeof error !== "object" || error === null) return false
    const last = lastFailed.get(error)
    lastFailed.set(error, { traceId: this.traceId, parentSpanId: this.parentSpanId })
    return last?.traceId === this.traceId && last.parentSpanId === this.spanId
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.finish(endTime, exit)
  }

  /** {@link end}, for whoever reads the clock as the span does. */
  finish(now: SpanClock.Reading, exit: Exit.Exit<unknown, unknown>): void {
    if (this.#exit !== undefined) return
    this.#end = this.#notBefore(now)
    if (this.#context === undefined) this.#decide()
    const sampled = this.#decision === "sampled"
    if (sampled) this.#conclude(exit)
    // Only a failure is kept: a result may be large, and is nobody's business.
    this.#exit = Exit.isSuccess(exit) ? Exit.void : exit
    const { books, sink } = this.#shared
    if (!sampled) {
      books.sampledOut++
      return
    }
    books.ended++
    try {
      sink.push(this)
    } catch {
      // A stage of the user's may break its promise; the program does not pay for it
      SpanBooks.drop(books, "stage_failed")
    }
  }

  #notBefore(now: SpanClock.Reading): SpanClock.Reading {
    if (typeof now === typeof this.#start) return now > this.#start ? now : this.#start
    return SpanClock.toNanos(now, this.#anchor) > this.startTime ? now : this.#start
  }

  #conclude(exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isFailure(exit)) {
      const failure = Failure.fromCause(exit.cause)
      if (failure !== undefined) this.recordFailure(failure, SpanClock.toNanos(this.#end, this.#anchor))
      else if (Cause.hasInterrupts(exit.cause)) this.attribute(AttributeKeys.interrupted, true)
    } else if (this.statusCode === "unset" && this.attributes.has(AttributeKeys.errorType)) {
      this.setStatus("error")
    }
  }

  #decide(): SpanContext.SpanContext {
    const { ids, sampler } = this.#shared
    const parent = this.#parent
    const forced = this.annotations === noAnnotations ? undefined : validForced(this.annotations)
    const traceId = forced?.traceId ?? parent?.traceId ?? ids.traceId()
    const spanId = forced?.spanId ?? ids.spanId()
    const random =
      parent === undefined
        ? ids.random && forced === undefined
          ? SpanContext.randomFlag
          : 0
        : parent.traceFlags & SpanContext.randomFlag
    const unsampled = { traceId, spanId, traceFlags: random, traceState: parent?.traceState ?? "" }
    if (this.#decision === "refused") return (this.#context = unsampled)
    const isLocal = parent !== undefined && !this.parentIsRemote
    if (isLocal && sampler.recordsBelowSampled === true && (parent.traceFlags & SpanContext.sampledFlag) !== 0) {
      this.#decision = "sampled"
      unsampled.traceFlags |= SpanContext.sampledFlag
      return (this.#context = unsampled)
    }
    const decision = this.#ask(traceId)
    const traceState = decision.traceState ?? unsampled.traceState
    this.#decision = decision.sampled ? "sampled" : "unsampled"
    if (!decision.sampled) return (this.#context = { ...unsampled, traceState })
    this.attributes.setAll(decision.attributes)
    return (this.#context = { traceId, spanId, traceFlags: random | SpanContext.sampledFlag, traceState })
  }

  /** A sampler that throws has not said no. */
  #ask(traceId: string): SamplingDecision {
    try {
      return this.#shared.sampler.decide({
        traceId,
        name: this.name,
        kind: this.kind,
        attributes: this.attributes,
        links: this.links,
        parent: this.#parent && { ...this.#parent, isRemote: this.parentIsRemote }
      })
    } catch {
      return { sampled: true, reason: "sampler_failed" }
    }
  }
}

const isRefused = (span: Tracer.AnySpan): boolean => span instanceof GoraxSpan && span.refused

/** The context of a span that others can refer to; ids that are not well formed are none. */
const contextOf = (span: Tracer.AnySpan): SpanContext.SpanContext | undefined => {
  if (span instanceof GoraxSpan) return span.context
  const context = SpanContext.fromSpan(span)
  return SpanContext.isValid(context) ? context : undefined
}

/** The annotations of a span that has none. */
export const noAnnotations = Context.empty()

const validForced = (annotations: Context.Context<never>) => {
  const forced = Context.get(annotations, ForcedIds)
  return forced !== undefined && SpanContext.isValid(forced) ? forced : undefined
}
