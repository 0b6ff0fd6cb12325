/**
 * A share of its own for each tenant: so many traces a second, so that one that is loud does not drown the others, and
 * one that is quiet is seen.
 *
 * Memory is bounded. A tenant whose bucket is full again is forgotten for a
 * new one, which loses nothing; where all that are known are busy, the new one
 * shares a bucket with the others that came too late.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { Sampler } from "../model/Sampler.ts"
import { TokenBucket, type TokenClock } from "./TokenBucket.ts"
import * as TraceLimit from "./TraceLimit.ts"

/** How much, for how many, by which clock, and who hears of what is left out. */
export interface TenantLimitOptions {
  /** Traces that may begin in a second for one tenant; as many may come at once after a second of rest. */
  readonly tracesPerSecond: number
  /** How many tenants have a bucket of their own. Default 1000. */
  readonly maxTenants?: number | undefined
  /** Default: Effect's own. */
  readonly clock?: TokenClock | undefined
  /** Told of every trace that the sampler chose and the limit refused. */
  readonly onRefused?: ((reason: string) => void) | undefined
}

const reason = "tenant_limit"

/**
 * Asks `sampler`, and keeps what it chooses to the rate of the tenant that `tenant_id` names. A span that names none is
 * not limited.
 *
 * Belongs where traces begin: inside `parentBased`.
 */
export const make = (sampler: Sampler, options: TenantLimitOptions): Sampler => {
  const { clock, maxTenants = 1000, onRefused, tracesPerSecond } = options
  /** The one that was used last stands last. */
  const buckets = new Map<string, TokenBucket>()
  const late = new TokenBucket(tracesPerSecond, clock)

  const bucketOf = (tenant: string): TokenBucket => {
    const known = buckets.get(tenant)
    if (known !== undefined) buckets.delete(tenant)
    else if (buckets.size >= maxTenants && !forgetIdle()) return late
    const bucket = known ?? new TokenBucket(tracesPerSecond, clock)
    buckets.set(tenant, bucket)
    return bucket
  }
  /** The one that has rested for longest is looked at, and no other. */
  const forgetIdle = (): boolean => {
    const [oldest] = buckets
    return oldest !== undefined && oldest[1].isFull && buckets.delete(oldest[0])
  }

  return {
    get description() {
      return `pertenant(${sampler.description},${tracesPerSecond}/s)`
    },
    decide(input) {
      const decision = sampler.decide(input)
      const tenant = input.attributes.get(AttributeKeys.tenantId)
      if (!decision.sampled || tenant === undefined) return decision
      return TraceLimit.through(bucketOf(String(tenant)), decision, input, reason, onRefused)
    }
  }
}
