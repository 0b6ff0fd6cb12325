/**
 * So many traces a second of those that were chosen, and what is said of those that are kept.
 */
import type { SamplingDecision, SamplingInput } from "../model/Sampler.ts"
import { sampledFlag } from "../model/SpanContext.ts"
import * as Probability from "./Probability.ts"
import type { TokenBucket } from "./TokenBucket.ts"

/**
 * Takes a token for a trace that was chosen. Where there is none it is left out for `reason`, and `onRefused` told. What
 * is inside a trace goes with it, and takes none.
 */
export const through = (
  bucket: TokenBucket,
  decision: SamplingDecision,
  input: SamplingInput,
  reason: string,
  onRefused: ((reason: string) => void) | undefined
): SamplingDecision => {
  const { parent } = input
  if (parent !== undefined && !parent.isRemote) {
    return (parent.traceFlags & sampledFlag) === 0 ? Probability.unknown({ sampled: false, reason }, input) : decision
  }
  if (!bucket.take()) {
    onRefused?.(reason)
    return Probability.unknown({ sampled: false, reason }, input)
  }
  return bucket.isShort ? Probability.unknown(decision, input) : decision
}
