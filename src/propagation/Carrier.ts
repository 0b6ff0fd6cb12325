/**
 * Hands the trace context on by hand, and takes it up again.
 *
 * A carrier is any record of text: HTTP headers, message headers, a column of
 * a table. Names are written in lower case and read without regard to case.
 *
 * ```ts
 * const headers = yield* Carrier.inject()           // here
 * yield* work.pipe(Carrier.continueFrom(headers))   // there
 * ```
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Tracer from "effect/Tracer"
import { all, type HeaderLookup, type PropagatedContext, type Propagator } from "../model/Propagator.ts"
import { CurrentBaggage, CurrentPropagator } from "../model/References.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as Baggage from "./Baggage.ts"
import * as W3C from "./W3C.ts"

/** Text by name, as headers are. */
export type Carrier = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** What is used where no tracing layer says otherwise: W3C trace context and baggage. */
export const defaultPropagator: Propagator = all([W3C.propagator, Baggage.propagator])

const propagatorOf = (fiber: Fiber.Fiber<unknown, unknown>): Propagator =>
  fiber.getRef(CurrentPropagator) ?? defaultPropagator

/** The headers that carry the fiber's context, with `span` in place of its current span if one is given. */
export const headersOf = (
  fiber: Fiber.Fiber<unknown, unknown>,
  span: Tracer.AnySpan | undefined = SpanContext.visible(fiber.cache.span)
): Readonly<Record<string, string>> =>
  propagatorOf(fiber).inject({
    span: span === undefined ? undefined : SpanContext.fromSpan(span),
    baggage: fiber.getRef(CurrentBaggage)
  })

/**
 * A copy of `headers` that carries the current span and baggage; nothing is added where there is no span.
 *
 * Trace headers that were there before are replaced, whatever their case.
 */
export const inject = (headers: Carrier = {}): Effect.Effect<Record<string, string>> =>
  Effect.withFiber((fiber) => Effect.succeed(merge(headers, headersOf(fiber), propagatorOf(fiber).fields)))

const merge = (
  headers: Carrier,
  written: Readonly<Record<string, string>>,
  fields: ReadonlyArray<string>
): Record<string, string> => {
  const merged: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !fields.includes(name.toLowerCase())) {
      merged[name] = typeof value === "string" ? value : value.join(",")
    }
  }
  return Object.assign(merged, written)
}

const lookupIn = (carrier: Carrier): HeaderLookup => {
  let lowered: Map<string, string> | undefined
  return (name) => {
    lowered ??= new Map(
      Object.entries(carrier).flatMap(([key, value]) =>
        value === undefined ? [] : [[key.toLowerCase(), typeof value === "string" ? value : value.join(",")]]
      )
    )
    return lowered.get(name)
  }
}

/** What the carrier holds. Never fails: headers that are malformed hold no context. */
export const extract = (carrier: Carrier): Effect.Effect<PropagatedContext> =>
  Effect.withFiber((fiber) => Effect.succeed(extractFor(fiber, carrier)))

/** {@link extract}, for code that already has the fiber in its hand. */
export const extractFor = (fiber: Fiber.Fiber<unknown, unknown>, carrier: Carrier): PropagatedContext =>
  propagatorOf(fiber).extract(lookupIn(carrier))

/**
 * Runs an effect as part of the trace that a carrier holds: its spans become children of the remote span, and the
 * remote baggage becomes its own. A carrier that holds no valid context changes nothing.
 */
export const continueFrom: {
  (carrier: Carrier): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(self: Effect.Effect<A, E, R>, carrier: Carrier): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, carrier: Carrier) =>
  Effect.withFiber((fiber) => continueWith(self, extractFor(fiber, carrier)))
) as never

/** Runs an effect under a context that was extracted before. */
export const continueWith = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  context: PropagatedContext
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> => {
  const withBaggage = context.baggage.size === 0 ? self : Effect.provideService(self, CurrentBaggage, context.baggage)
  return context.span === undefined
    ? (withBaggage as Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>)
    : Effect.provideService(withBaggage, Tracer.ParentSpan, SpanContext.toExternalSpan(context.span))
}
