/**
 * Counts what a sampler decides, by reason, where a trace begins or comes in. Children that follow are not counted.
 *
 * Stands outside of all others, so it mends what samplers of the user's may
 * do. One that throws has not said no: the trace is kept, and that is its
 * reason. What is left out hands on no threshold, by which others would record
 * what is below.
 */
import type { Sampler, SamplingDecision, SamplingInput } from "../model/Sampler.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import * as Probability from "./Probability.ts"

const failed: SamplingDecision = { sampled: true, reason: "sampler_failed" }

const ask = (sampler: Sampler, input: SamplingInput): SamplingDecision => {
  try {
    const decision = sampler.decide(input)
    return decision.sampled ? decision : Probability.unknown(decision, input)
  } catch {
    return failed
  }
}

export const make = (sampler: Sampler, books: SpanBooks.SpanBooks): Sampler => {
  // Most traces are decided for the reason of the one before
  let reason: string | undefined
  let counts: SpanBooks.Decided = { kept: 0, leftOut: 0 }
  return {
    get description() {
      return sampler.description
    },
    get declinesBelowUnsampled() {
      return sampler.declinesBelowUnsampled ?? false
    },
    get recordsBelowSampled() {
      return sampler.recordsBelowSampled ?? false
    },
    decide(input) {
      const decision = ask(sampler, input)
      const { parent } = input
      if (parent !== undefined && !parent.isRemote) return decision
      if (decision.reason !== reason) {
        reason = decision.reason
        counts = SpanBooks.decidedFor(books, reason)
      }
      if (decision.sampled) counts.kept++
      else counts.leftOut++
      return decision
    }
  }
}
