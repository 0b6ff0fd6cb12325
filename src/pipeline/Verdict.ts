/**
 * What was decided of a trace, for spans that come after that: those of detached fibers, and those that were open still.
 *
 * Bounded: of more traces than it holds, those decided first are forgotten. A
 * trace that was let go needs no memory, as a span of no known trace is let
 * go as well.
 */
import type { Bound } from "./TailBuffer.ts"

export type Verdict = { readonly kept: string } | { readonly evicted: Bound }

export class VerdictMemory {
  readonly #verdicts = new Map<string, Verdict>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  get(traceId: string): Verdict | undefined {
    return this.#verdicts.get(traceId)
  }

  set(traceId: string, verdict: Verdict): void {
    this.#verdicts.delete(traceId)
    this.#verdicts.set(traceId, verdict)
    if (this.#verdicts.size > this.#most) this.#verdicts.delete(this.#verdicts.keys().next().value!)
  }

  forget(traceId: string): void {
    this.#verdicts.delete(traceId)
  }
}
