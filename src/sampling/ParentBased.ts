/**
 * Follows the parent's decision, and with it its probability.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#parentbased
 */
import type { Sampler } from "../model/Sampler.ts"
import { isDeferred, sampledFlag } from "../model/SpanContext.ts"
import * as OtelState from "../model/OtelState.ts"
import * as Probability from "./Probability.ts"

/** What decides for a span that has a parent, by where the parent is and what it decided. */
export interface ParentBasedOptions {
  readonly remoteSampled?: Sampler
  readonly remoteNotSampled?: Sampler
  readonly localSampled?: Sampler
  readonly localNotSampled?: Sampler
}

const reason = "parent"
const followed = { sampled: true, reason }

/**
 * A threshold that arrives is handed on, unless the parent would not have been sampled by it: then nobody knows for how
 * many traces this one stands. What a parent in this process says is right.
 */
const follow: Sampler = {
  description: "always_on",
  recordsBelowSampled: true,
  decide({ parent, traceId }) {
    if (parent === undefined || !parent.isRemote || parent.traceState === "") return followed
    const traceState = OtelState.consistent(parent.traceState, traceId)
    return traceState === parent.traceState ? followed : { ...followed, traceState }
  }
}

const decline: Sampler = {
  description: "always_off",
  declinesBelowUnsampled: true,
  decide: Probability.left(reason)
}

/** Follows the parent's decision, and asks `root` where a trace begins or the parent left the decision to us. */
export const make = (root: Sampler, options: ParentBasedOptions = {}): Sampler => {
  const {
    localNotSampled = decline,
    localSampled = follow,
    remoteNotSampled = decline,
    remoteSampled = follow
  } = options
  return {
    get description() {
      return `parentbased_${root.description}`
    },
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
