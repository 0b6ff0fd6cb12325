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
import type { Sampler } from "../model/Sampler.ts"
import type { SpanBooks } from "../model/SpanBooks.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { Resource, Scope, SpanData, SpanEvent, SpanLink, StatusCode } from "../model/SpanData.ts"
import { ForcedIds } from "../model/SpanHints.ts"
import type { SpanLimits } from "../model/SpanLimits.ts"
import type { SpanSink } from "../model/SpanSink.ts"
import type { IdGenerator } from "./Ids.ts"
import { OtelSpanView } from "./OtelSpanView.ts"
import { isRemote } from "./PassThroughSpan.ts"

/** What all spans of one tracer share. */
export interface SpanShared {
  readonly sink: SpanSink
  readonly sampler: Sampler
  readonly ids: IdGenerator
  readonly limits: SpanLimits
  readonly resource: Resource
  readonly scope: Scope
  readonly books: SpanBooks
  /** Told of every span when it is opened, before sampling is decided. */
  readonly onStart?: ((span: GoraxSpan) => void) | undefined
}

export type SpanOptions = Parameters<Tracer.Tracer["span"]>[0]

type Decision = "open" | "sampled" | "unsampled" | "refused"

/** The span that last failed with an error: when its parent fails with the same one, the stack is told already. */
const lastFailed = new WeakMap<object, { readonly traceId: string; readonly parentSpanId: string | undefined }>()

/** What `OtelTracer.currentOtelSpan` looks for. */
const otelSpanTypeId = "~@effect/opentelemetry/OtelTracer/OtelSpan"

export class GoraxSpan implements Tracer.Span, SpanData {
  readonly _tag = "Span"
  readonly [otelSpanTypeId] = otelSpanTypeId
  name: string
  readonly kind: Tracer.SpanKind
  readonly annotations: Context.Context<never>
  readonly startTime: bigint
  readonly attributes: Attributes.AttributeMap
  endTime = 0n
  statusCode: StatusCode = "unset"
  statusMessage = ""
  droppedEvents = 0
  droppedLinks = 0
  readonly #shared: SpanShared
  readonly #parent: SpanContext.SpanContext | undefined
  readonly parentIsRemote: boolean
  readonly #events: Array<SpanEvent> = []
  readonly #links: Array<SpanLink> = []
  #decision: Decision = "open"
  #traceId = ""
  #spanId = ""
  #traceFlags = 0
  #traceState = ""
  #exit: Exit.Exit<unknown, unknown> | undefined
  #otel: OtelSpanView | undefined

  constructor(shared: SpanShared, options: SpanOptions, parent: Tracer.AnySpan | undefined) {
    this.#shared = shared
    this.name = options.name
    this.kind = options.kind
    this.annotations = options.annotations
    this.startTime = options.startTime
    this.attributes = new Attributes.AttributeMap({
      count: shared.limits.attributes,
      valueLength: shared.limits.attributeLength
    })
    // Ids are copied and the parent is let go, so that a waiting span keeps no ancestors alive.
    const context = parent === undefined ? undefined : SpanContext.fromSpan(parent)
    this.#parent = context !== undefined && SpanContext.isValid(context) ? context : undefined
    this.parentIsRemote = this.#parent !== undefined && isRemote(parent!)
    if (!options.sampled && (parent === undefined || parent.sampled || isRefused(parent))) this.#decision = "refused"
    shared.books.started++
    this.addLinks(options.links)
    shared.onStart?.(this)
  }

  get parent(): Option.Option<Tracer.AnySpan> {
    return this.#parent === undefined ? Option.none() : Option.some(SpanContext.toExternalSpan(this.#parent))
  }
  get parentSpanId(): string | undefined {
    return this.#parent?.spanId
  }
  get traceId(): string {
    this.#decide()
    return this.#traceId
  }
  get spanId(): string {
    this.#decide()
    return this.#spanId
  }
  get traceFlags(): number {
    this.#decide()
    return this.#traceFlags
  }
  get traceState(): string {
    this.#decide()
    return this.#traceState
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
    return this.#events
  }
  get links(): ReadonlyArray<SpanLink> {
    return this.#links
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
    return this.#otel ??= new OtelSpanView(this)
  }

  attribute(key: string, value: unknown): void {
    if (this.recording) this.attributes.set(key, value)
  }

  event(name: string, time: bigint, attributes?: Record<string, unknown>): void {
    if (!this.recording) return
    const { attributesPerEvent, attributeLength, events } = this.#shared.limits
    if (this.#events.length >= events) {
      this.droppedEvents++
      return
    }
    const converted = Attributes.fromRecord(attributes, { count: attributesPerEvent, valueLength: attributeLength })
    this.#events.push({ name, time, attributes: converted.attributes, droppedAttributes: converted.dropped })
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    if (!this.recording) return
    const { attributesPerLink, attributeLength, links: most } = this.#shared.limits
    for (const link of links) {
      const context = SpanContext.fromSpan(link.span)
      if (!SpanContext.isValid(context)) continue
      if (this.#links.length >= most) {
        this.droppedLinks++
        continue
      }
      const limits = { count: attributesPerLink, valueLength: attributeLength }
      const { attributes } = Attributes.fromRecord(link.attributes, limits)
      this.#links.push({ span: SpanContext.toExternalSpan(context), attributes })
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
    if (this.#exit !== undefined) return
    this.#decide()
    this.endTime = endTime > this.startTime ? endTime : this.startTime
    if (this.recording) this.#conclude(exit)
    // Only a failure is kept: a result may be large, and is nobody's business.
    this.#exit = Exit.isSuccess(exit) ? Exit.void : exit
    if (this.#decision !== "sampled") {
      this.#shared.books.sampledOut++
      return
    }
    this.#shared.books.ended++
    this.#shared.sink.push(this)
  }

  #conclude(exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isFailure(exit)) {
      const failure = Failure.fromCause(exit.cause)
      if (failure !== undefined) this.recordFailure(failure, this.endTime)
      else if (Cause.hasInterrupts(exit.cause)) this.attribute(AttributeKeys.interrupted, true)
    } else if (this.statusCode === "unset" && this.attributes.has(AttributeKeys.errorType)) {
      this.setStatus("error")
    }
  }

  #decide(): void {
    if (this.#spanId !== "") return
    const { ids, sampler } = this.#shared
    const parent = this.#parent
    const forced = Context.get(this.annotations, ForcedIds)
    const useForced = forced !== undefined && SpanContext.isValid(forced)
    this.#traceId = useForced ? forced.traceId : parent?.traceId ?? ids.traceId()
    this.#spanId = useForced ? forced.spanId : ids.spanId()
    this.#traceFlags = parent === undefined
      ? ids.random && !useForced ? SpanContext.randomFlag : 0
      : parent.traceFlags & SpanContext.randomFlag
    this.#traceState = parent?.traceState ?? ""
    if (this.#decision === "refused") return
    const decision = sampler.decide({
      traceId: this.#traceId,
      name: this.name,
      kind: this.kind,
      attributes: this.attributes,
      links: this.#links,
      parent: parent === undefined ? undefined : { ...parent, isRemote: this.parentIsRemote }
    })
    this.#traceState = decision.traceState ?? this.#traceState
    if (decision.sampled) {
      this.attributes.setAll(decision.attributes)
      this.#traceFlags |= SpanContext.sampledFlag
    }
    this.#decision = decision.sampled ? "sampled" : "unsampled"
  }
}

const isRefused = (span: Tracer.AnySpan): boolean => span instanceof GoraxSpan && span.refused
