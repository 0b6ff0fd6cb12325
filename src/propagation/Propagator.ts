/**
 * The formats in which contexts cross boundaries.
 *
 * `TRACING_PROPAGATORS` chooses them for a whole program; a part of it that
 * speaks to a world of its own gets its own.
 *
 * ```ts
 * yield* callLegacy.pipe(Propagator.provide(Propagator.all([Propagator.b3Multi, Propagator.baggage])))
 * ```
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { Propagator } from "../model/Propagator.ts"
import { CurrentPropagator } from "../model/References.ts"
import * as B3 from "./B3.ts"
import * as BaggageHeader from "./BaggageHeader.ts"
import * as Jaeger from "./Jaeger.ts"
import * as W3C from "./W3C.ts"
import * as XRay from "./XRay.ts"

export type { HeaderLines } from "../model/HeaderLines.ts"
export { all, type PropagatedContext, type Propagator } from "../model/Propagator.ts"
export type { SpanContext } from "../model/SpanContext.ts"

/** W3C trace context: `traceparent` and `tracestate`. */
export const traceContext: Propagator = W3C.propagator

/** W3C baggage: `baggage`. */
export const baggage: Propagator = BaggageHeader.propagator

/** B3 in one header: `b3`. */
export const b3: Propagator = B3.propagator

/** B3 in several headers: `x-b3-traceid`, `x-b3-spanid`, `x-b3-sampled`, `x-b3-flags`. */
export const b3Multi: Propagator = B3.multiPropagator

/** Jaeger's own: `uber-trace-id`, and `uberctx-…` for baggage. */
export const jaeger: Propagator = Jaeger.propagator

/** AWS X-Ray: `x-amzn-trace-id`. */
export const xray: Propagator = XRay.propagator

/** By the names they have in settings. */
export const named = { tracecontext: traceContext, baggage, b3, b3multi: b3Multi, jaeger, xray } as const

/** Writes and reads contexts in another format while an effect runs. */
export const provide: {
  (propagator: Propagator): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, propagator: Propagator): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, propagator: Propagator) =>
  Effect.provideService(self, CurrentPropagator, propagator)
)
