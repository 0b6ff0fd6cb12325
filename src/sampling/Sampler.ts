/**
 * The samplers: which traces are recorded.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers
 */
import type { Sampler } from "../model/Sampler.ts"
import * as OtelState from "../model/OtelState.ts"
import * as Probability from "./Probability.ts"
import * as Threshold from "../model/Threshold.ts"

export type { Sampler, SamplingDecision, SamplingInput } from "../model/Sampler.ts"

// Combining
export { make as parentBased, type ParentBasedOptions } from "./ParentBased.ts"
export { make as firstOf, when, type SamplerCase } from "./FirstOf.ts"
export { make as rules } from "./SamplingRules.ts"
export type { RuleOptions, SamplingRule } from "./SamplingRule.ts"
export { make as annotate, explained, type AddedAttributes } from "./Annotated.ts"
export { make as replaceable, type ReplaceableSampler } from "./Replaceable.ts"

// Limiting
export { make as rateLimited, type RateLimitOptions } from "./RateLimit.ts"
export { make as perTenant, type TenantLimitOptions } from "./TenantLimit.ts"

/** Records everything. It tells nobody its probability, which is one: `ratio(1)` does. */
export const always: Sampler = {
  description: "always_on",
  recordsBelowSampled: true,
  decide: Probability.everything("always")
}

/** Records nothing; contexts still travel. */
export const never: Sampler = {
  description: "always_off",
  declinesBelowUnsampled: true,
  decide: Probability.left("never")
}

/**
 * Records a share of all traces between 0 and 1, whatever the parent decided: wrap it in `parentBased`.
 *
 * The last 56 bits of the trace id decide, or the randomness that arrived in the trace state, so every service with the
 * same ratio keeps the same traces, and one with a higher ratio keeps all that a lower one keeps. What is kept says so
 * in its trace state, `ot=th:e666` for one in ten. A share is met to 1 in 8,192 of itself.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export const ratio = (share: number): Sampler => {
  const clamped = Math.min(1, Math.max(0, share))
  return {
    description: `traceidratio(${clamped})`,
    decide: Probability.decide(Threshold.fromShare(clamped), "ratio")
  }
}

/**
 * For how many spans one that was recorded stands, by the trace state it has: 10 where one in ten is kept.
 *
 * `undefined` where nobody knows: no sampler with a probability decided, or a limit on traces had to leave some out.
 */
export const adjustedCount = (traceState: string): number | undefined => {
  const threshold = OtelState.thresholdOf(traceState)
  return threshold === undefined ? undefined : Threshold.adjustedCountOf(threshold)
}
