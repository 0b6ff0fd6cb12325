/**
 * What the spans of one trace have in common: one object for all of them, where they agree.
 */
import * as OtelState from "../model/OtelState.ts"
import { ask, type Sampler, type SamplingDecision, type SamplingInput } from "../model/Sampler.ts"
import * as SpanContext from "../model/SpanContext.ts"

export type TracePart = Omit<SpanContext.SpanContext, "spanId">

export const isSampled = (trace: TracePart): boolean => (trace.traceFlags & SpanContext.sampledFlag) !== 0

/** The same object where it has these flags already. */
export const withFlags = (trace: TracePart, traceFlags: number): TracePart =>
  trace.traceFlags === traceFlags ? trace : { traceId: trace.traceId, traceFlags, traceState: trace.traceState }

/** The trace of a span that is left out whatever a sampler says; a threshold would have others record what is below. */
export const refused = (trace: TracePart): TracePart => {
  const traceFlags = trace.traceFlags & SpanContext.randomFlag
  const traceState = OtelState.withThreshold(trace.traceState, undefined)
  return traceState === trace.traceState
    ? withFlags(trace, traceFlags)
    : { traceId: trace.traceId, traceFlags, traceState }
}

/** Asks the sampler about a span that would be part of `trace`, and says what it is part of then. */
export const decide = (
  sampler: Sampler,
  trace: TracePart,
  input: SamplingInput
): { readonly trace: TracePart; readonly decision: SamplingDecision } => {
  const decision = ask(sampler, input)
  const { traceFlags, traceId, traceState } = trace
  return {
    decision,
    trace: {
      traceId,
      traceFlags: decision.sampled ? traceFlags | SpanContext.sampledFlag : traceFlags,
      traceState: decision.traceState ?? traceState
    }
  }
}
