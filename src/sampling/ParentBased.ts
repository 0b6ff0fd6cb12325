/**
 * Follows the parent's decision, and with it its probability.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#parentbased
 */
import type { Sampler, SamplingDecision, SamplingInput } from "../model/Sampler.ts"
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

/** What asks whom; a class, so that its flags are plain fields, which each span below another reads. */
class ParentBased implements Sampler {
  readonly declinesBelowUnsampled: boolean
  readonly recordsBelowSampled: boolean
  readonly #root: Sampler
  readonly #options: Required<ParentBasedOptions>

  constructor(root: Sampler, options: Required<ParentBasedOptions>) {
    this.#root = root
    this.#options = options
    this.declinesBelowUnsampled = options.localNotSampled.declinesBelowUnsampled === true
    this.recordsBelowSampled = options.localSampled.recordsBelowSampled === true
  }

  get description(): string {
    return `parentbased_${this.#root.description}`
  }

  decide(input: SamplingInput): SamplingDecision {
    const { parent } = input
    if (parent === undefined || isDeferred(parent)) return this.#root.decide(input)
    const { localNotSampled, localSampled, remoteNotSampled, remoteSampled } = this.#options
    const sampled = (parent.traceFlags & sampledFlag) !== 0
    const next = parent.isRemote
      ? sampled
        ? remoteSampled
        : remoteNotSampled
      : sampled
        ? localSampled
        : localNotSampled
    return next.decide(input)
  }
}

/** Follows the parent's decision, and asks `root` where a trace begins or the parent left the decision to us. */
export const make = (root: Sampler, options: ParentBasedOptions = {}): Sampler => {
  const {
    localNotSampled = decline,
    localSampled = follow,
    remoteNotSampled = decline,
    remoteSampled = follow
  } = options
  return new ParentBased(root, { localNotSampled, localSampled, remoteNotSampled, remoteSampled })
}
