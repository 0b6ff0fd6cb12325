/**
 * Adds attributes to the spans that a sampler keeps.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { Attributes } from "../model/Attributes.ts"
import type { Sampler, SamplingDecision, SamplingInput } from "../model/Sampler.ts"

/** What is added: the same for all, or made of what is known. */
export type AddedAttributes = Attributes | ((input: SamplingInput, decision: SamplingDecision) => Attributes)

/**
 * Adds attributes to the spans that a sampler keeps; inside `parentBased`, to those where traces begin. What the sampler
 * itself adds stays, where both say the same key.
 */
export const make = (sampler: Sampler, added: AddedAttributes): Sampler => ({
  get description() {
    return sampler.description
  },
  get declinesBelowUnsampled() {
    return sampler.declinesBelowUnsampled ?? false
  },
  decide(input) {
    const decision = sampler.decide(input)
    if (!decision.sampled) return decision
    const attributes = typeof added === "function" ? added(input, decision) : added
    return { ...decision, attributes: { ...attributes, ...decision.attributes } }
  }
})

/**
 * Says on the spans where a trace begins or comes in why it is kept: `gorax.sampling.reason`. Their children say nothing of it, so that they cost
 * nothing.
 */
export const explained = (sampler: Sampler): Sampler => ({
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
    const decision = sampler.decide(input)
    if (!decision.sampled || (input.parent !== undefined && !input.parent.isRemote)) return decision
    return { ...decision, attributes: { [AttributeKeys.samplingReason]: decision.reason, ...decision.attributes } }
  }
})
