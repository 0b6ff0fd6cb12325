/**
 * So many traces a second of those that were chosen, and what is said of those that are kept.
 */
import type { SamplingDecision, SamplingInput } from "../model/Sampler.ts"
import { sampledFlag } from "../model/SpanContext.ts"
import * as OtelState from "./OtelState.ts"
import type { TokenBucket } from "./TokenBucket.ts"

/** Leaves a trace out for a limit: no threshold is handed on. */
export const refuse = ({ parent }: SamplingInput, reason: string): SamplingDecision => {
  const state = parent?.traceState ?? ""
  const without = OtelState.withThreshold(state, undefined)
  return without === state ? { sampled: false, reason } : { sampled: false, reason, traceState: without }
}

/** Keeps a trace although others like it were left out for a limit: nobody knows for how many it stands. */
export const unknown = (decision: SamplingDecision, { parent }: SamplingInput): SamplingDecision => {
  const state = decision.traceState ?? parent?.traceState ?? ""
  const without = OtelState.withThreshold(state, undefined)
  return without === state ? decision : { ...decision, traceState: without }
}

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
    return (parent.traceFlags & sampledFlag) === 0 ? refuse(input, reason) : decision
  }
  if (!bucket.take()) {
    onRefused?.(reason)
    return refuse(input, reason)
  }
  return bucket.isShort ? unknown(decision, input) : decision
}
