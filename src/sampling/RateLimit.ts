/**
 * A cap on how much is recorded, whatever the sampler says.
 *
 * Every recorded span takes a token out of a bucket that fills at the rate. A
 * trace begins here only while the bucket holds one, and is then recorded
 * whole: what its spans take beyond that is owed, and the next traces wait
 * until it is paid back. So the rate holds over time and no trace is torn.
 *
 * It sees every recorded span, so the sampler is asked about each, which costs
 * a fraction of a microsecond.
 */
import type * as Clock from "effect/Clock"
import type { Sampler, SamplingDecision } from "../model/Sampler.ts"
import { sampledFlag } from "../model/SpanContext.ts"

export interface RateLimitOptions {
  /** Recorded spans a second; as many may come at once after a second of rest. At least one. */
  readonly spansPerSecond: number
  readonly clock: Pick<Clock.Clock, "monotonicTimeNanosUnsafe">
  /** Told of every trace that the sampler chose and the cap refused. */
  readonly onRefused?: (() => void) | undefined
}

/** How many refused traces are remembered, for samplers that would choose spans inside them again. */
const mostRemembered = 4096

const reason = "rate_limit"

/** Asks `sampler`, and keeps what it chooses to the rate. A trace that is refused here is refused whole. */
export const make = (sampler: Sampler, { clock, onRefused, spansPerSecond }: RateLimitOptions): Sampler => {
  const most = Math.max(1, spansPerSecond)
  let tokens = most
  let filled = clock.monotonicTimeNanosUnsafe()
  const refused = new Set<string>()

  const fill = (): void => {
    const now = clock.monotonicTimeNanosUnsafe()
    tokens = Math.min(most, tokens + (Number(now - filled) / 1e9) * spansPerSecond)
    filled = now
  }
  const refuse = (traceId: string): SamplingDecision => {
    if (sampler.declinesBelowUnsampled !== true) {
      refused.add(traceId)
      if (refused.size > mostRemembered) refused.delete(refused.values().next().value!)
    }
    onRefused?.()
    return { sampled: false, reason }
  }

  return {
    description: `ratelimit(${sampler.description},${spansPerSecond}/s)`,
    declinesBelowUnsampled: sampler.declinesBelowUnsampled ?? false,
    decide(input) {
      const { parent, traceId } = input
      const begins = parent === undefined || parent.isRemote
      if (!begins && refused.has(traceId)) return { sampled: false, reason }
      const decision = sampler.decide(input)
      if (!decision.sampled) return decision
      fill()
      const joins = !begins && (parent.traceFlags & sampledFlag) !== 0
      if (!joins && tokens < 1) return refuse(traceId)
      tokens -= 1
      return decision
    }
  }
}
