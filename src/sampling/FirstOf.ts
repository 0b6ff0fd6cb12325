/**
 * Asks one sampler of several: the first whose case it is.
 *
 * The case is looked at before anything is decided, so what is kept keeps its
 * probability. (Asking one sampler after the other until one says yes would
 * keep more than any of them says.)
 */
import type { Sampler, SamplingInput } from "../model/Sampler.ts"

/** A sampler, and the spans that it is asked about. */
export interface SamplerCase {
  /** Looks at what is known of the span. It must not look at the trace id, by which samplers draw. */
  readonly matches: (input: SamplingInput) => boolean
  readonly sampler: Sampler
}

/** A sampler that is asked about the spans of which the predicate is true. */
export const when = (matches: SamplerCase["matches"], sampler: Sampler): SamplerCase => ({ matches, sampler })

/**
 * The sampler of the first case that matches decides, and `otherwise` where none does.
 *
 * ```ts
 * Sampler.firstOf([Sampler.when(({ name }) => name === "poll", Sampler.never)], Sampler.ratio(0.1))
 * ```
 */
export const make = (cases: ReadonlyArray<SamplerCase>, otherwise: Sampler): Sampler => ({
  description: `firstof(${[...cases.map(({ sampler }) => sampler), otherwise].map((one) => one.description).join(",")})`,
  decide(input) {
    for (const { matches, sampler } of cases) if (matches(input)) return sampler.decide(input)
    return otherwise.decide(input)
  }
})
