/**
 * Decides by a threshold: which traces are kept hangs on the trace alone, so services that never hear of one another
 * keep the same ones, and who keeps more keeps all that others keep.
 *
 * Costs nothing where a trace begins: both answers are made beforehand.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
import type { Sampler, SamplingDecision, SamplingInput } from "../model/Sampler.ts"
import * as OtelState from "./OtelState.ts"
import * as Threshold from "./Threshold.ts"

/** Keeps nothing, and says no threshold. */
export const left = (reason: string): Sampler["decide"] => {
  const atRoot = { sampled: false, reason }
  return ({ parent }) =>
    parent === undefined || parent.traceState === "" ? atRoot : unsampled(reason, parent.traceState)
}

/** Left out, with what else the trace state says. */
const unsampled = (reason: string, state: string): SamplingDecision => {
  const without = OtelState.withThreshold(state, undefined)
  return without === state ? { sampled: false, reason } : { sampled: false, reason, traceState: without }
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
  const atRoot = {
    kept: { sampled: true, reason, traceState: OtelState.withThreshold("", threshold) },
    left: { sampled: false, reason }
  }
  const keepsAll = threshold === Threshold.all
  return ({ parent, traceId }: SamplingInput): SamplingDecision => {
    const state = parent === undefined ? "" : parent.traceState
    const reached = keepsAll || Threshold.isReached(threshold, OtelState.randomnessOf(traceId, state))
    if (state === "") return reached ? atRoot.kept : atRoot.left
    return reached
      ? { sampled: true, reason, traceState: OtelState.withThreshold(state, threshold) }
      : unsampled(reason, state)
  }
}
