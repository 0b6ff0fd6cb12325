/**
 * Decides which spans are recorded.
 */
import type * as Tracer from "effect/Tracer"
import type { Attributes, AttributeValue } from "./Attributes.ts"
import type { SpanContext } from "./SpanContext.ts"
import type { SpanLink } from "./SpanData.ts"

/** What is known when the decision falls: at the first child, the first read of the ids, or the end. */
export interface SamplingInput {
  readonly traceId: string
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly attributes: ReadonlyMap<string, AttributeValue>
  readonly links: ReadonlyArray<SpanLink>
  /** Absent for the root of a trace. */
  readonly parent: (SpanContext & { readonly isRemote: boolean }) | undefined
}

export interface SamplingDecision {
  readonly sampled: boolean
  /** A short word for people and metrics: `ratio`, `parent`, `always`. */
  readonly reason: string
  /** Added to the span when it is sampled. */
  readonly attributes?: Attributes
  /**
   * Replaces the `tracestate` that the span hands on. Absent, that of the parent is handed on, and with it for how many
   * traces this one stands (`ot=th:…`): right for who follows the parent.
   */
  readonly traceState?: string
}

export interface Sampler {
  /** How it reads in the start line and in health: `parentbased_traceidratio(0.1)`. */
  readonly description: string
  readonly decide: (input: SamplingInput) => SamplingDecision
  /** True when it never records a span whose parent in this process was not; such a span need not be made at all. */
  readonly declinesBelowUnsampled?: boolean
  /** True when it records every span whose parent in this process was, and adds nothing to it; it is not asked then. */
  readonly recordsBelowSampled?: boolean
}

const failed: SamplingDecision = { sampled: true, reason: "sampler_failed" }

/** Asks a sampler that may be anybody's. One that throws, or answers nothing, has not said no. */
export const ask = (sampler: Sampler, input: SamplingInput): SamplingDecision => {
  try {
    const decision: SamplingDecision | undefined | null = sampler.decide(input)
    return decision ?? failed
  } catch {
    return failed
  }
}
