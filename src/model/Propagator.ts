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

export const noBaggage: Baggage = new Map()

/** What most requests bring that begin something: one object for all of them. */
export const nothing: PropagatedContext = { span: undefined, baggage: noBaggage }

export interface Propagator {
  /** The header names that it writes, or that would gainsay what it writes, in lower case. */
  readonly fields: ReadonlyArray<string>
  /** The headers that carry the context; none for a context that is not valid. */
  readonly inject: (context: PropagatedContext) => Readonly<Record<string, string>>
  /** What the headers carry. Total, and linear in their length: malformed input is no context. */
  readonly extract: (headers: HeaderLines) => PropagatedContext
}

/** The first of a name is kept. */
const merged = (first: Baggage, then: Baggage): Baggage =>
  first.size === 0 ? then : new Map([...first, ...[...then].filter(([name]) => !first.has(name))])

/**
 * Writes what all of them write, in every format; reads the first span context found, in their order, and all baggage,
 * the first of a name kept.
 */
export const all = (propagators: ReadonlyArray<Propagator>): Propagator => ({
  fields: [...new Set(propagators.flatMap((propagator) => propagator.fields))],
  inject: (context) => Object.assign({}, ...propagators.map((propagator) => propagator.inject(context))),
  extract: (headers) => {
    let span: SpanContext | undefined
    let baggage: Baggage = noBaggage
    let denied = false
    for (const propagator of propagators) {
      const found = propagator.extract(headers)
      span ??= found.span
      denied ||= found.denied === true
      if (found.baggage.size > 0) baggage = merged(baggage, found.baggage)
    }
    if (span !== undefined || !denied) return span === undefined && baggage.size === 0 ? nothing : { span, baggage }
    return { span, baggage, denied }
  }
})
