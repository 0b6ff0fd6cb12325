/**
 * A sampler whose refusals are remembered: which trace, and why.
 */
import type { LeftOutTraces } from "../model/LeftOutTraces.ts"
import type { Sampler } from "../model/Sampler.ts"

/** Decides as the sampler does. Notes a trace where it begins here or comes in, not again for the spans below. */
export const make = (sampler: Sampler, leftOut: LeftOutTraces): Sampler => ({
  ...sampler,
  decide(input) {
    const decision = sampler.decide(input)
    if (!decision.sampled && (input.parent === undefined || input.parent.isRemote)) {
      leftOut.note(input.traceId, decision.reason)
    }
    return decision
  }
})
