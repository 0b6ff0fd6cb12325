/**
 * OpenTelemetry's own member of the trace state, `ot=th:e666;rv:6e6d1a75832a2f`: what samplers tell one another.
 *
 * Reads and writes only what it is about; what else stands in the member, and
 * the members of others, are handed on.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
 */
import * as TraceState from "./TraceState.ts"
import * as Threshold from "./Threshold.ts"

const member = "ot"
const thresholdKey = "th:"
const randomnessKey = "rv:"
const randomness = /^[0-9a-f]{14}$/

const partsOf = (state: string): ReadonlyArray<string> =>
  state === "" ? [] : (TraceState.get(state, member)?.split(";").filter(Boolean) ?? [])

const valueOf = (parts: ReadonlyArray<string>, key: string): string | undefined =>
  parts.find((part) => part.startsWith(key))?.slice(key.length)

/** What samplers before applied; `undefined` where that is not known. */
export const thresholdOf = (state: string): Threshold.Threshold | undefined =>
  state === "" ? undefined : Threshold.parse(valueOf(partsOf(state), thresholdKey))

/**
 * The randomness that all samplers of a trace share, as the last 14 digits of a text: what the state says, and else the
 * trace id.
 *
 * Trace ids are taken for random also where the flag of W3C does not say so, as the specification asks: the flag gets
 * lost with whoever does not know it.
 */
export const randomnessOf = (traceId: string, state: string): string => {
  if (state === "") return traceId
  const explicit = valueOf(partsOf(state), randomnessKey)
  return explicit !== undefined && randomness.test(explicit) ? explicit : traceId
}

/** The state with another threshold, or with none. The randomness stays. */
export const withThreshold = (state: string, threshold: Threshold.Threshold | undefined): string => {
  if (state === "" && threshold === undefined) return state
  const parts = partsOf(state)
  const others = parts.filter((part) => !part.startsWith(thresholdKey))
  if (threshold === undefined) {
    if (others.length === parts.length) return state
    return others.length === 0 ? TraceState.remove(state, member) : TraceState.set(state, member, others.join(";"))
  }
  const written = TraceState.set(state, member, [thresholdKey + threshold, ...others].join(";"))
  // A member that would get too long is not written; the old threshold must not stay in it
  return thresholdOf(written) === threshold ? written : withThreshold(state, undefined)
}

/** The state of a sampled trace, without a threshold by which it would not have been sampled, or which is none. */
export const consistent = (state: string, traceId: string): string => {
  const threshold = thresholdOf(state)
  return threshold !== undefined && Threshold.isReached(threshold, randomnessOf(traceId, state))
    ? state
    : withThreshold(state, undefined)
}
