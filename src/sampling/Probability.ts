/**
 * Decides by a threshold: which traces are kept hangs on the trace alone, so services that never hear of one another
 * keep the same ones, and who keeps more keeps all that others keep.
 *
 * Costs nothing where a trace begins: both answers are made beforehand.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
import type { Sampler, SamplingDecision, SamplingInput } from "../model/Sampler.ts"
import * as OtelState from "../model/OtelState.ts"
import * as Threshold from "../model/Threshold.ts"

/**
 * The decision, with no threshold in the trace state that is handed on: of what is left out, and of what is kept when
 * nobody knows for how many it stands.
 */
export const unknown = (decision: SamplingDecision, { parent }: SamplingInput): SamplingDecision => {
  const state = decision.traceState ?? parent?.traceState ?? ""
  const without = OtelState.withThreshold(state, undefined)
  return without === state ? decision : { ...decision, traceState: without }
}

/** Keeps nothing. */
export const left = (reason: string): Sampler["decide"] => {
  const decision = { sampled: false, reason }
  return (input) => unknown(decision, input)
}

/**
 * Keeps everything, and says nothing of it: who has no threshold counts as one. Only where another rate has been told
 * before is it set right.
 */
export const everything = (reason: string): Sampler["decide"] => {
  const kept = { sampled: true, reason }
  return ({ parent }) => {
    const state = parent === undefined ? "" : parent.traceState
    if (state === "") return kept
    const told = OtelState.thresholdOf(state) === undefined ? undefined : Threshold.all
    const traceState = OtelState.withThreshold(state, told)
    return traceState === state ? kept : { ...kept, traceState }
  }
}

/** Keeps what reaches the threshold, whatever the parent decided; nothing where there is none. */
export const decide = (threshold: Threshold.Threshold | undefined, reason: string): Sampler["decide"] => {
  if (threshold === undefined) return left(reason)
  const atRoot = { sampled: true, reason, traceState: OtelState.withThreshold("", threshold) }
  const leftOut = { sampled: false, reason }
  const keepsAll = threshold === Threshold.all
  return (input) => {
    const state = input.parent === undefined ? "" : input.parent.traceState
    if (!keepsAll && !Threshold.isReached(threshold, OtelState.randomnessOf(input.traceId, state)))
      return unknown(leftOut, input)
    return state === "" ? atRoot : { ...atRoot, traceState: OtelState.withThreshold(state, threshold) }
  }
}
