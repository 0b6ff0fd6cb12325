/**
 * A span that is not recorded and hands its parent's context on unchanged.
 *
 * What a disabled tracer opens, and what a transparent span is. Without a
 * parent its ids are zero, which no propagator writes and every reader of
 * ids knows as "no trace".
 */
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as SpanContext from "../model/SpanContext.ts"

const noContext: SpanContext.SpanContext = {
  traceId: "0".repeat(32),
  spanId: "0".repeat(16),
  traceFlags: 0,
  traceState: ""
}

const ended: Tracer.SpanStatus = { _tag: "Ended", startTime: 0n, endTime: 0n, exit: Exit.void }
const noAttributes: ReadonlyMap<string, unknown> = new Map()

export class PassThroughSpan implements Tracer.Span, SpanContext.SpanContext {
  readonly _tag = "Span"
  readonly name: string
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations = Context.empty()
  readonly #context: SpanContext.SpanContext
  readonly #remote: boolean

  constructor(name: string, parent: Option.Option<Tracer.AnySpan>) {
    this.name = name
    this.parent = parent
    this.#context = Option.isNone(parent) ? noContext : SpanContext.fromSpan(parent.value)
    this.#remote = Option.isSome(parent) && isRemote(parent.value)
  }

  get traceId(): string {
    return this.#context.traceId
  }
  get spanId(): string {
    return this.#context.spanId
  }
  get traceFlags(): number {
    return this.#context.traceFlags
  }
  get traceState(): string {
    return this.#context.traceState
  }
  get sampled(): boolean {
    return (this.#context.traceFlags & SpanContext.sampledFlag) !== 0
  }
  /** True when the context it hands on came from another process. */
  get remote(): boolean {
    return this.#remote
  }
  get status(): Tracer.SpanStatus {
    return ended
  }
  get attributes(): ReadonlyMap<string, unknown> {
    return noAttributes
  }
  get links(): ReadonlyArray<Tracer.SpanLink> {
    return []
  }
  get kind(): Tracer.SpanKind {
    return "internal"
  }
  end(): void {}
  attribute(): void {}
  event(): void {}
  addLinks(): void {}
}

/** True when a span lives in another process, or stands for one that does. */
export const isRemote = (span: Tracer.AnySpan): boolean =>
  span._tag === "ExternalSpan"
    ? !Context.get(span.annotations, SpanContext.OfThisProcess)
    : span instanceof PassThroughSpan && span.remote
