/**
 * Traces of which something was left out lately, and why: for whoever misses one.
 *
 * A trace is noted where something is left out and nowhere else, so spans that
 * are kept pay nothing. Bounded: the traces that were noted first are
 * forgotten for those that come later.
 */

/** What is known of one of them. */
export interface LeftOutTrace {
  readonly traceId: string
  /** Why, in the word that the books have for it, or the sampler. Of several reasons, the last. */
  readonly reason: string
  /** How often that was noted: once for each span, once for a trace that was not sampled. */
  readonly times: number
}

/** How many traces are remembered. */
export const capacity = 100

export class LeftOutTraces {
  readonly #traces = new Map<string, { readonly reason: string; times: number }>()

  note(traceId: string, reason: string): void {
    const known = this.#traces.get(traceId)
    if (known?.reason === reason) {
      known.times++
      return
    }
    this.#traces.delete(traceId)
    this.#traces.set(traceId, { reason, times: 1 })
    if (this.#traces.size > capacity) this.#traces.delete(this.#traces.keys().next().value!)
  }

  /** It is whole after all. */
  forget(traceId: string): void {
    this.#traces.delete(traceId)
  }

  /** The latest first. */
  get all(): ReadonlyArray<LeftOutTrace> {
    return Array.from(this.#traces, ([traceId, known]) => ({ traceId, ...known })).reverse()
  }
}
