/**
 * A cap on how much is recorded, whatever the sampler says.
 *
 * Every recorded span takes a token out of a bucket that fills at the rate. A
 * trace begins here only while the bucket holds one, and is then recorded
 * whole: what its spans take beyond that is owed, and the next traces wait
 * until it is paid back. So the rate holds over time and no trace is torn.
 *
 * It sees every recorded span, so the sampler is asked about each, which costs
 * a fraction of a microsecond. While it refuses, what it keeps says no
 * probability, because nobody knows it.
 */
import type { Sampler, SamplingDecision, SamplingInput } from "../model/Sampler.ts"
import { sampledFlag } from "../model/SpanContext.ts"
import * as OtelState from "../model/OtelState.ts"
import * as Probability from "./Probability.ts"
import { TokenBucket, type TokenClock } from "./TokenBucket.ts"

/** How much, by which clock, and who hears of what is left out. */
export interface RateLimitOptions {
  /** Recorded spans a second; as many may come at once after a second of rest. */
  readonly spansPerSecond: number
  /** Default: Effect's own. */
  readonly clock?: TokenClock | undefined
  /** Told of every trace that the sampler chose and the cap refused. */
  readonly onRefused?: ((reason: string) => void) | undefined
}

/** How many refused traces are remembered, for samplers that would choose spans inside them again. */
const mostRemembered = 4096

const reason = "rate_limit"
const leftOut: SamplingDecision = { sampled: false, reason }

/** Asks `sampler`, and keeps what it chooses to the rate. A trace that is refused here is refused whole. */
export const make = (sampler: Sampler, options: RateLimitOptions): Sampler => {
  const { clock, onRefused, spansPerSecond } = options
  const bucket = new TokenBucket(spansPerSecond, clock)
  const refused = new Set<string>()

  const refuse = (input: SamplingInput): SamplingDecision => {
    if (sampler.declinesBelowUnsampled !== true) {
      refused.add(input.traceId)
      if (refused.size > mostRemembered) refused.delete(refused.values().next().value!)
    }
    onRefused?.(reason)
    return Probability.unknown(leftOut, input)
  }

  return {
    get description() {
      return `ratelimit(${sampler.description},${spansPerSecond}/s)`
    },
    get declinesBelowUnsampled() {
      return sampler.declinesBelowUnsampled ?? false
    },
    decide(input) {
      const { parent, traceId } = input
      const begins = parent === undefined || parent.isRemote
      if (!begins && refused.has(traceId)) return leftOut
      const decision = sampler.decide(input)
      if (!decision.sampled) return decision
      const joins = !begins && (parent.traceFlags & sampledFlag) !== 0
      if (joins) {
        bucket.owe()
        // Of a trace whose probability nobody knows
        return OtelState.thresholdOf(parent.traceState) === undefined ? Probability.unknown(decision, input) : decision
      }
      if (!bucket.take()) return refuse(input)
      return bucket.isShort ? Probability.unknown(decision, input) : decision
    }
  }
}
