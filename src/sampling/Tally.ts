/**
 * Counts what a sampler decides, by reason, where a trace begins or comes in, and remembers which traces it left out
 * last. Children that follow are not counted.
 *
 * Stands outside of all others, so it mends what samplers of the user's may
 * do. One that throws has not said no: the trace is kept, and that is its
 * reason. What is left out hands on no threshold, by which others would record
 * what is below.
 */
import { ask, type Sampler, type SamplingDecision, type SamplingInput } from "../model/Sampler.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import * as Probability from "./Probability.ts"

/** A class, because the getters of one cost no more than fields, and each span below another reads one. */
export class Tally implements Sampler {
  readonly #sampler: Sampler
  readonly #books: SpanBooks.SpanBooks
  /** Most traces are decided for the reason of the one before. */
  #reason: string | undefined
  #counts: SpanBooks.Decided = { kept: 0, leftOut: 0 }

  constructor(sampler: Sampler, books: SpanBooks.SpanBooks) {
    this.#sampler = sampler
    this.#books = books
  }

  get description(): string {
    return this.#sampler.description
  }
  get declinesBelowUnsampled(): boolean {
    return this.#sampler.declinesBelowUnsampled === true
  }
  get recordsBelowSampled(): boolean {
    return this.#sampler.recordsBelowSampled === true
  }

  decide(input: SamplingInput): SamplingDecision {
    const asked = ask(this.#sampler, input)
    const decision = asked.sampled ? asked : Probability.unknown(asked, input)
    const { parent } = input
    if (parent !== undefined && !parent.isRemote) return decision
    if (decision.reason !== this.#reason) {
      this.#reason = decision.reason
      this.#counts = SpanBooks.decidedFor(this.#books, decision.reason)
    }
    if (decision.sampled) {
      this.#counts.kept++
      return decision
    }
    this.#counts.leftOut++
    this.#books.leftOut.note(input.traceId, decision.reason)
    return decision
  }
}
