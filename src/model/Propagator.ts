/**
 * Writes a trace context into headers and reads it out again.
 */
import type { HeaderLines } from "./HeaderLines.ts"
import type { SpanContext } from "./SpanContext.ts"

/** One entry of the baggage: a value, and the properties it travels with. */
export interface BaggageEntry {
  readonly value: string
  /** Everything after the first `;`, for example `ttl=30;secure`. */
  readonly metadata?: string
}

/** Named values that travel with the trace. */
export type Baggage = ReadonlyMap<string, BaggageEntry>

/** All that crosses a boundary with a request or a message. */
export interface PropagatedContext {
  readonly span: SpanContext | undefined
  readonly baggage: Baggage
  /** True where the sender began no trace and asked that none be recorded for it, as `b3: 0` does. */
  readonly denied?: boolean
}

export interface Propagator {
  /** The header names that it writes, or that would gainsay what it writes, in lower case. */
  readonly fields: ReadonlyArray<string>
  /** The headers that carry the context; none for a context that is not valid. */
  readonly inject: (context: PropagatedContext) => Readonly<Record<string, string>>
  /** What the headers carry. Total, and linear in their length: malformed input is no context. */
  readonly extract: (headers: HeaderLines) => PropagatedContext
}

/**
 * Writes what all of them write, in every format; reads the first span context found, in their order, and all baggage,
 * the first of a name kept.
 */
export const all = (propagators: ReadonlyArray<Propagator>): Propagator => ({
  fields: [...new Set(propagators.flatMap((propagator) => propagator.fields))],
  inject: (context) => Object.assign({}, ...propagators.map((propagator) => propagator.inject(context))),
  extract: (headers) => {
    const found = propagators.map((propagator) => propagator.extract(headers))
    const baggage = new Map<string, BaggageEntry>()
    for (const [name, entry] of found.flatMap((context) => [...context.baggage])) {
      if (!baggage.has(name)) baggage.set(name, entry)
    }
    const span = found.find((context) => context.span !== undefined)?.span
    return span === undefined && found.some(({ denied }) => denied === true)
      ? { span, baggage, denied: true }
      : { span, baggage }
  }
})
