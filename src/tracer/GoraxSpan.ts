/**
 * The span: what Effect writes to, and what is exported, in one object.
 *
 * Sampling is decided late, at the first child, the first read of its ids or
 * its end, so that a sampler sees the attributes that were set after the span
 * was opened: the tenant, the route. Until then `sampled` reads true.
 */
import * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as Attributes from "../model/Attributes.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as SpanIdWords from "../model/SpanIdWords.ts"
import type { Resource, Scope, SpanData, SpanEvent, SpanLink, StatusCode } from "../model/SpanData.ts"
import { ForcedIds } from "../model/SpanHints.ts"
import type { OpenSpan } from "./OpenSpans.ts"
import { OtelSpanView, otelSpanTypeId } from "./OtelSpanView.ts"
import { isRemote } from "./PassThroughSpan.ts"
import { RecordedEvent } from "./RecordedEvent.ts"
import * as SpanClock from "./SpanClock.ts"
import * as SpanEnding from "./SpanEnding.ts"
import type { SpanShared } from "./SpanShared.ts"
import * as TracePart from "./TracePart.ts"

/** What a span is opened with. */
export interface SpanOptions {
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly annotations: Context.Context<never>
  readonly startTime: SpanClock.Reading
  /** What Effect decided: false for a span below the trace level, or told to be left out; whatever the parent is. */
  readonly sampled: boolean
}

/** `recorded` is recorded although it is not sampled: nobody else hears of it, until somebody {@link GoraxSpan.keep}s it. */
type Decision = "open" | "sampled" | "recorded" | "unsampled" | "refused"

/** What few spans need. */
interface Rare {
  readonly annotations?: Context.Context<never>
  otel?: OtelSpanView
  /** How it ended, where that was no success. */
  ending?: SpanEnding.Ending
  statusCode?: StatusCode
  statusMessage?: string
  links?: Array<SpanLink>
  droppedEvents?: number
  droppedLinks?: number
}

const noEvents: ReadonlyArray<SpanEvent> = []
const noLinks: ReadonlyArray<SpanLink> = []

export class GoraxSpan implements Tracer.Span, SpanData, SpanIdWords.SpanIdWords, OpenSpan {
  name: string
  readonly kind: Tracer.SpanKind
  readonly attributes: Attributes.AttributeMap
  readonly parentIsRemote: boolean
  idHigh = 0
  idLow = 0
  parentHigh = 0
  parentLow = 0
  after: OpenSpan | undefined
  before: OpenSpan | undefined
  readonly #shared: SpanShared
  readonly #start: SpanClock.Reading
  readonly #anchor: SpanClock.Anchor
  /** Nanoseconds from start to end, once it has ended. */
  #lasted: number | bigint | undefined
  #decision: Decision
  /** The parent's until this span is decided. */
  #trace: TracePart.TracePart | undefined
  #events: Array<SpanEvent> | undefined
  #rare: Rare | undefined

  constructor(shared: SpanShared, options: SpanOptions, parent: Tracer.AnySpan | undefined) {
    this.name = nameFrom(options.name)
    this.kind = options.kind
    if (options.annotations !== noAnnotations) this.#rare = { annotations: options.annotations }
    this.attributes = new Attributes.AttributeMap(shared.attributeLimits)
    this.#shared = shared
    this.#start = options.startTime
    this.#anchor = SpanClock.anchorOf(options.startTime)
    this.#decision = options.sampled && !isRefused(parent) ? "open" : "refused"
    // What the parent knows is kept and the parent let go, so that a waiting span keeps no ancestors alive.
    if (parent instanceof GoraxSpan) {
      this.#trace = parent.#decided()
      this.parentHigh = parent.idHigh
      this.parentLow = parent.idLow
      this.parentIsRemote = false
    } else {
      const context = parent === undefined ? undefined : validContext(parent)
      this.#trace = context
      if (context !== undefined) {
        this.parentHigh = SpanIdWords.highOf(context.spanId)
        this.parentLow = SpanIdWords.lowOf(context.spanId)
      }
      this.parentIsRemote = context !== undefined && isRemote(parent!)
    }
    shared.books.started++
    shared.openSpans?.add(this)
    shared.onStart?.(this)
  }

  get _tag(): "Span" {
    return "Span"
  }
  get [otelSpanTypeId](): string {
    return otelSpanTypeId
  }
  get annotations(): Context.Context<never> {
    return this.#rare?.annotations ?? noAnnotations
  }
  get startTime(): bigint {
    return SpanClock.toNanos(this.#start, this.#anchor)
  }
  get endTime(): bigint {
    return this.#lasted === undefined ? 0n : this.timeAfter(this.#lasted)
  }
  timeAfter(sinceStart: number | bigint): bigint {
    return SpanClock.later(this.#start, sinceStart, this.#anchor)
  }
  get parent(): Option.Option<Tracer.AnySpan> {
    const spanId = this.parentSpanId
    return spanId === undefined ? Option.none() : Option.some(SpanContext.toExternalSpan({ ...this.#trace!, spanId }))
  }
  get #hasParent(): boolean {
    return (this.parentHigh | this.parentLow) !== 0
  }
  get parentSpanId(): string | undefined {
    return this.#hasParent ? SpanIdWords.toHex(this.parentHigh, this.parentLow) : undefined
  }
  get traceId(): string {
    return this.#decided().traceId
  }
  get spanId(): string {
    this.#decided()
    return SpanIdWords.toHex(this.idHigh, this.idLow)
  }
  get traceFlags(): number {
    return this.#decided().traceFlags
  }
  get traceState(): string {
    return this.#decided().traceState
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
    return this.#lasted === undefined && this.#decision !== "unsampled" && this.#decision !== "refused"
  }
  get status(): Tracer.SpanStatus {
    const { startTime } = this
    return this.#lasted === undefined
      ? { _tag: "Started", startTime }
      : { _tag: "Ended", startTime, endTime: this.endTime, exit: SpanEnding.toExit(this.#rare?.ending, this) }
  }
  get events(): ReadonlyArray<SpanEvent> {
    return this.#events ?? noEvents
  }
  get links(): ReadonlyArray<SpanLink> {
    return this.#rare?.links ?? noLinks
  }
  get statusCode(): StatusCode {
    return this.#rare?.statusCode ?? "unset"
  }
  get statusMessage(): string {
    return this.#rare?.statusMessage ?? ""
  }
  get droppedAttributes(): number {
    return this.attributes.dropped
  }
  get droppedEvents(): number {
    return this.#rare?.droppedEvents ?? 0
  }
  get droppedLinks(): number {
    return this.#rare?.droppedLinks ?? 0
  }
  get resource(): Resource {
    return this.#shared.resource
  }
  get scope(): Scope {
    return this.#shared.scope
  }
  /** The same span for code that knows OpenTelemetry's API. */
  get span(): OtelSpanView {
    const rare = (this.#rare ??= {})
    return (rare.otel ??= new OtelSpanView(this))
  }

  attribute(key: string, value: unknown): void {
    if (this.recording) this.attributes.set(key, value)
  }

  /** All that can be read of a record. */
  annotate(attributes: Readonly<Record<string, unknown>>): void {
    if (this.recording) this.attributes.setAll(attributes)
  }

  event(name: string, time: bigint, attributes?: Readonly<Record<string, unknown>>): void {
    this.mark(name, SpanClock.fromOutside(time), attributes)
  }

  /** {@link event}, for whoever reads the clock as the span does. */
  mark(name: string, now: SpanClock.Reading, attributes: Readonly<Record<string, unknown>> | undefined): void {
    if (!this.recording) return
    const held = this.#events
    if ((held?.length ?? 0) >= this.#shared.limits.events) {
      const rare = (this.#rare ??= {})
      rare.droppedEvents = (rare.droppedEvents ?? 0) + 1
      return
    }
    const kept = nameFrom(name)
    const converted = Attributes.fromRecord(attributes, this.#shared.eventLimits, this.attributes.text + kept.length)
    this.attributes.text = converted.text
    const sinceStart = SpanClock.nanosBetween(this.#start, now, this.#anchor)
    const event = new RecordedEvent(this, sinceStart, kept, converted)
    // A literal is as long as it is; a list that is pushed to makes room for sixteen more
    if (held === undefined) this.#events = [event]
    else held.push(event)
  }

  addLinks(added: ReadonlyArray<Tracer.SpanLink>): void {
    if (!this.recording) return
    const rare = (this.#rare ??= {})
    const links = (rare.links ??= [])
    const drop = (): void => {
      rare.droppedLinks = (rare.droppedLinks ?? 0) + 1
    }
    try {
      for (const link of added) {
        const made = links.length < this.#shared.limits.links ? this.#link(link) : undefined
        if (made === undefined) drop()
        else links.push(made)
      }
    } catch {
      drop()
    }
  }

  /** `undefined` where it leads nowhere. */
  #link(link: Tracer.SpanLink): SpanLink | undefined {
    try {
      const context = validContext(link.span)
      if (context === undefined) return undefined
      const { attributes, dropped, text } = Attributes.fromRecord(
        link.attributes,
        this.#shared.linkLimits,
        this.attributes.text + context.traceState.length
      )
      this.attributes.text = text
      return { span: SpanContext.toExternalSpan(context), attributes, droppedAttributes: dropped }
    } catch {
      return undefined
    }
  }

  rename(name: string): void {
    if (this.recording) this.name = nameFrom(name)
  }

  setStatus(code: StatusCode, message = ""): void {
    if (!this.recording) return
    const rare = (this.#rare ??= {})
    rare.statusCode = code
    rare.statusMessage = code === "error" ? Attributes.textOf(message, longestMessage) : ""
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.finish(SpanClock.fromOutside(endTime), exit)
  }

  /** {@link end}, for whoever reads the clock as the span does. */
  finish(now: SpanClock.Reading, exit: Exit.Exit<unknown, unknown>): void {
    if (this.#lasted !== undefined) return
    this.#decided()
    const recorded = this.#decision === "sampled" || this.#decision === "recorded"
    const sinceStart = SpanClock.nanosBetween(this.#start, now, this.#anchor)
    const lasted = sinceStart > 0 ? sinceStart : 0
    if (recorded) SpanEnding.tell(this, exit, lasted)
    this.#lasted = lasted
    const ending = SpanEnding.fromExit(exit)
    if (ending !== undefined) (this.#rare ??= {}).ending = ending
    const { books, openSpans, sink } = this.#shared
    openSpans?.remove(this)
    if (!recorded) {
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

  /**
   * Makes a span that was recorded only one that is sampled, also for children that are yet to come, and writes down why.
   * It may have ended.
   */
  keep(attributes: Attributes.Attributes): void {
    const trace = this.#decided()
    this.#trace = TracePart.withFlags(trace, trace.traceFlags | SpanContext.sampledFlag)
    this.#decision = "sampled"
    this.attributes.setAll(attributes)
  }

  /** What this span has in common with its trace, once it is decided whether it is recorded. */
  #decided(): TracePart.TracePart {
    return (this.idHigh | this.idLow) === 0 ? (this.#trace = this.#decide()) : this.#trace!
  }

  #decide(): TracePart.TracePart {
    const { ids, recordsUnsampled, sampler } = this.#shared
    const inherited = this.#trace
    const forced = this.#rare?.annotations && validForced(this.#rare.annotations)
    if (forced === undefined) ids.assign(this)
    else {
      this.idHigh = SpanIdWords.highOf(forced.spanId)
      this.idLow = SpanIdWords.lowOf(forced.spanId)
    }
    const isNewTrace = inherited === undefined || (forced !== undefined && forced.traceId !== inherited.traceId)
    // A parent in another trace is no parent
    if (isNewTrace) this.parentHigh = this.parentLow = 0
    const kept = isNewTrace
      ? {
          traceId: forced?.traceId ?? ids.traceId(),
          traceFlags: ids.random && forced === undefined ? SpanContext.randomFlag : 0,
          traceState: ""
        }
      : inherited
    if (this.#decision === "refused") return TracePart.refused(kept)
    if (!isNewTrace && !this.parentIsRemote && sampler.recordsBelowSampled === true && TracePart.isSampled(inherited)) {
      this.#decision = "sampled"
      return TracePart.withFlags(kept, kept.traceFlags & (SpanContext.randomFlag | SpanContext.sampledFlag))
    }
    if (recordsUnsampled === true && this.#isBelowUnsampled(kept)) {
      this.#decision = "recorded"
      return TracePart.withFlags(kept, kept.traceFlags & SpanContext.randomFlag)
    }
    return this.#ask(kept)
  }

  #ask(kept: TracePart.TracePart): TracePart.TracePart {
    const { attributes, kind, links, name, parentIsRemote, parentSpanId } = this
    const { traceFlags, traceId, traceState } = kept
    const { decision, trace } = TracePart.decide(
      this.#shared.sampler,
      TracePart.withFlags(kept, traceFlags & SpanContext.randomFlag),
      {
        traceId,
        name,
        kind,
        attributes,
        links,
        parent:
          parentSpanId === undefined
            ? undefined
            : { traceId, spanId: parentSpanId, traceFlags, traceState, isRemote: parentIsRemote }
      }
    )
    this.#decision = decision.sampled ? "sampled" : this.#unsampled(trace)
    if (decision.sampled) this.attributes.setAll(decision.attributes)
    return trace
  }

  #unsampled({ traceId }: TracePart.TracePart): Decision {
    const { onRecordedRoot, recordsUnsampled } = this.#shared
    if (recordsUnsampled !== true) return "unsampled"
    if (!this.#hasParent || this.parentIsRemote) onRecordedRoot?.(traceId, this.spanId)
    return "recorded"
  }

  /** True where the sampler need not be asked: its answer could only be that of the parent. */
  #isBelowUnsampled(kept: TracePart.TracePart): boolean {
    return (
      this.#hasParent &&
      !this.parentIsRemote &&
      this.#shared.sampler.declinesBelowUnsampled === true &&
      !TracePart.isSampled(kept)
    )
  }
}

/** Characters: what is longer is cut. */
const longestName = 1024
const longestMessage = 4096

const nameFrom = (name: string): string =>
  typeof name === "string" && name.length <= longestName ? name : Attributes.textOf(name, longestName)

const isRefused = (span: Tracer.AnySpan | undefined): boolean => span instanceof GoraxSpan && span.refused

/** The context of a span that others can refer to; ids that are not well formed, or cannot be read, are none. */
const validContext = (span: Tracer.AnySpan): SpanContext.SpanContext | undefined => {
  try {
    const context = SpanContext.fromSpan(span)
    return SpanContext.isValid(context) ? SpanContext.sound(context) : undefined
  } catch {
    return undefined
  }
}

/** The annotations of a span that has none. */
export const noAnnotations = Context.empty()

const validForced = (annotations: Context.Context<never>) => {
  const forced = Context.get(annotations, ForcedIds)
  return forced !== undefined && SpanContext.isValid(forced) ? forced : undefined
}
