/**
 * The wish of B3 and Jaeger that a trace be kept whatever the cost, written where every span hands it on.
 *
 * It is one word of our member of the trace state, `gorax=debug`, so it
 * survives every span, every tracer and a hop over W3C headers.
 */
import * as TraceState from "../model/TraceState.ts"

const word = "debug"

/** The state of a trace that came with the wish, and with nothing else. */
export const state: string = TraceState.set("", TraceState.own, word)

/** True where somebody on the way asked for it. */
export const isSet = (traceState: string): boolean =>
  traceState !== "" && (TraceState.get(traceState, TraceState.own)?.split(";").includes(word) ?? false)
