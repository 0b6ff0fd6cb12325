/**
 * Writes a trace context into headers and reads it out again.
 */
import type { SpanContext } from "./SpanContext.ts"

/** One entry of the W3C baggage: a value, and the properties it travels with. */
export interface BaggageEntry {
  readonly value: string
  /** Everything after the first `;` as it arrived, for example `ttl=30`. */
  readonly metadata?: string
}

/** Named values that travel with the trace. */
export type Baggage = ReadonlyMap<string, BaggageEntry>

/** All that crosses a boundary with a request or a message. */
export interface PropagatedContext {
  readonly span: SpanContext | undefined
  readonly baggage: Baggage
}

/** Reads one header by its lower-case name. */
export type HeaderLookup = (name: string) => string | undefined

export interface Propagator {
  /** The header names it may write, in lower case. */
  readonly fields: ReadonlyArray<string>
  /** The headers that carry the context; none for a context that is not valid. */
  readonly inject: (context: PropagatedContext) => Readonly<Record<string, string>>
  /** What the headers carry. Total: malformed input is no context. */
  readonly extract: (lookup: HeaderLookup) => PropagatedContext
}

/** Writes what all of them write; reads the first span context found and all baggage, the first of a name kept. */
export const all = (propagators: ReadonlyArray<Propagator>): Propagator => ({
  fields: propagators.flatMap((propagator) => propagator.fields),
  inject: (context) => Object.assign({}, ...propagators.map((propagator) => propagator.inject(context))),
  extract: (lookup) => {
    const found = propagators.map((propagator) => propagator.extract(lookup))
    const baggage = new Map<string, BaggageEntry>()
    for (const [name, entry] of found.flatMap((context) => [...context.baggage])) {
      if (!baggage.has(name)) baggage.set(name, entry)
    }
    return { span: found.find((context) => context.span !== undefined)?.span, baggage }
  }
})
