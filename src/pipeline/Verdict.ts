/**
 * What was decided of a trace, for spans that come after that: those of detached fibers, and those that were open still.
 *
 * Bounded: of more traces than it holds, those decided first are forgotten. A
 * trace that was let go needs no memory, as a span of no known trace is let
 * go as well.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { Attributes } from "../model/Attributes.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { Bound } from "./TailBuffer.ts"
import { isLocalRoot } from "../model/SpanIdWords.ts"
import type { TailTrace } from "./TailTrace.ts"

/** Kept, and what its spans say about that; or lost before it was over, with the trace as far as it is known. */
export type Verdict = Kept | { readonly _tag: "evicted"; readonly bound: Bound; readonly trace: TailTrace }

export interface Kept {
  readonly _tag: "kept"
  readonly of: (span: SpanData) => Attributes
}

/** That a trace is kept for this reason, and how many of its spans are missing, which local roots say. */
export const kept = (reason: string, missing: number): Kept => {
  const said = { [AttributeKeys.keptBecause]: reason }
  const saidByRoots = { ...said, [AttributeKeys.keptWithout]: missing }
  return { _tag: "kept", of: missing === 0 ? () => said : (span) => (isLocalRoot(span) ? saidByRoots : said) }
}

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
    this.#verdicts.set(traceId, verdict)
    if (this.#verdicts.size > this.#most) this.#verdicts.delete(this.#verdicts.keys().next().value!)
  }

  forget(traceId: string): void {
    this.#verdicts.delete(traceId)
  }
}
