/**
 * The sampler of now.
 *
 * A span is decided by the one or by the other, never by half of each: a
 * decision is made in one step, and so is the replacement. Traces that are
 * decided keep their decision.
 */
import * as Effect from "effect/Effect"
import type { Sampler } from "../model/Sampler.ts"

/** A sampler, and the way to put another in its place. */
export interface ReplaceableSampler extends Sampler {
  /** The one that decides now. */
  readonly current: Effect.Effect<Sampler>
  /** From now on another one decides. */
  readonly replace: (sampler: Sampler) => Effect.Effect<void>
}

/** A sampler that can be replaced by another while it is in use. */
export const make = (initial: Sampler): ReplaceableSampler => {
  let current = initial
  return {
    get description() {
      return current.description
    },
    get declinesBelowUnsampled() {
      return current.declinesBelowUnsampled ?? false
    },
    get recordsBelowSampled() {
      return current.recordsBelowSampled ?? false
    },
    decide: (input) => current.decide(input),
    current: Effect.sync(() => current),
    replace: (sampler) =>
      Effect.sync(() => {
        current = sampler
      })
  }
}
