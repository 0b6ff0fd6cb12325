/**
 * What a tracer of ours can do beyond Effect's `Tracer`.
 *
 * Combinators look for it on the current tracer and use Effect's public API
 * when it is not there, so they work with any tracer.
 */
import type * as Tracer from "effect/Tracer"

const TypeId = "~@gorax/tracing/model/SpanOpener"

export interface SpanOpener {
  readonly [TypeId]: typeof TypeId
  /** True when this tracer records nothing: a combinator then returns its effect untouched. */
  readonly off: boolean
  /** Gives a span its better name once that is known, as a server span gets its route. */
  readonly rename: (span: Tracer.AnySpan, name: string) => void
}

export const make = (opener: Omit<SpanOpener, typeof TypeId>): SpanOpener => ({ [TypeId]: TypeId, ...opener })

/** The tracer's extra powers, if it has them. */
export const fromTracer = (tracer: Tracer.Tracer): SpanOpener | undefined =>
  TypeId in tracer ? tracer as Tracer.Tracer & SpanOpener : undefined
