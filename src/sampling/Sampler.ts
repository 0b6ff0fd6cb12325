/**
 * The samplers: which traces are recorded.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers
 */
import type { Sampler, SamplingDecision } from "../model/Sampler.ts"
import { isDeferred, sampledFlag } from "../model/SpanContext.ts"

export type { Sampler, SamplingDecision, SamplingInput } from "../model/Sampler.ts"

const sampled = (reason: string): SamplingDecision => ({ sampled: true, reason })
const unsampled = (reason: string): SamplingDecision => ({ sampled: false, reason })

/** Records everything. */
export const always: Sampler = {
  description: "always_on",
  recordsBelowSampled: true,
  decide: () => sampled("always")
}

/** Records nothing; contexts still travel. */
export const never: Sampler = {
  description: "always_off",
  declinesBelowUnsampled: true,
  decide: () => unsampled("never")
}

const randomDigits = 14

/**
 * Records a share of all traces between 0 and 1, whatever the parent decided: wrap it in {@link parentBased}.
 *
 * The last 56 bits of the trace id decide, so every service with the same ratio keeps the same traces, and one with
 * a higher ratio keeps all that a lower one keeps.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export const ratio = (share: number): Sampler => {
  const clamped = Math.min(1, Math.max(0, share))
  // Compared as text: 56 bits do not fit a number. A share of zero is a threshold of 15 digits, above all of 14.
  const threshold = BigInt(Math.round((1 - clamped) * 2 ** 56))
    .toString(16)
    .padStart(randomDigits, "0")
  const keeps = (traceId: string): boolean =>
    threshold.length === randomDigits && traceId.slice(-randomDigits) >= threshold
  return {
    description: `traceidratio(${clamped})`,
    decide: ({ traceId }) => (keeps(traceId) ? sampled("ratio") : unsampled("ratio"))
  }
}

/** What decides for a span that has a parent, by where the parent is and what it decided. */
export interface ParentBasedOptions {
  readonly remoteSampled?: Sampler
  readonly remoteNotSampled?: Sampler
  readonly localSampled?: Sampler
  readonly localNotSampled?: Sampler
}

const followed: Sampler = {
  description: "always_on",
  recordsBelowSampled: true,
  decide: () => sampled("parent")
}
const declined: Sampler = {
  description: "always_off",
  declinesBelowUnsampled: true,
  decide: () => unsampled("parent")
}

/** Follows the parent's decision, and asks `root` where a trace begins or the parent left the decision to us. */
export const parentBased = (root: Sampler, options: ParentBasedOptions = {}): Sampler => {
  const {
    localNotSampled = declined,
    localSampled = followed,
    remoteNotSampled = declined,
    remoteSampled = followed
  } = options
  return {
    description: `parentbased_${root.description}`,
    declinesBelowUnsampled: localNotSampled.declinesBelowUnsampled ?? false,
    recordsBelowSampled: localSampled.recordsBelowSampled ?? false,
    decide(input) {
      if (input.parent === undefined || isDeferred(input.parent)) return root.decide(input)
      const parentSampled = (input.parent.traceFlags & sampledFlag) !== 0
      const next = input.parent.isRemote
        ? parentSampled
          ? remoteSampled
          : remoteNotSampled
        : parentSampled
          ? localSampled
          : localNotSampled
      return next.decide(input)
    }
  }
}
