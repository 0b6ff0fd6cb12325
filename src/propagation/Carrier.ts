/**
 * Hands the trace context on by hand, and takes it up again.
 *
 * A carrier is any record of text: HTTP headers, message headers, a column of
 * a table, the environment of a process. Names are written in lower case and
 * read without regard to case.
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
import { all, type PropagatedContext, type Propagator } from "../model/Propagator.ts"
import { CurrentBaggage, CurrentPropagator } from "../model/References.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as BaggageHeader from "./BaggageHeader.ts"
import { type Carrier, CarrierLines } from "./CarrierLines.ts"
import * as Environment from "./Environment.ts"
import * as FiberBaggage from "./FiberBaggage.ts"
import * as W3C from "./W3C.ts"

export type { Carrier }

/** What is used where no tracing layer says otherwise: W3C trace context and baggage. */
export const defaultPropagator: Propagator = all([W3C.propagator, BaggageHeader.propagator])

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
    const known = name.toLowerCase()
    if (value !== undefined && !fields.includes(known) && !Object.hasOwn(written, known)) {
      merged[name] = typeof value === "string" ? value : value.join(",")
    }
  }
  return Object.assign(merged, written)
}

/** What the carrier holds. Never fails: headers that are malformed hold no context. */
export const extract = (carrier: Carrier): Effect.Effect<PropagatedContext> =>
  Effect.withFiber((fiber) => Effect.succeed(extractFor(fiber, carrier)))

/** {@link extract}, for code that already has the fiber in its hand. */
export const extractFor = (fiber: Fiber.Fiber<unknown, unknown>, carrier: Carrier): PropagatedContext =>
  propagatorOf(fiber).extract(new CarrierLines(carrier))

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
  const { baggage, span } = context
  const continued = heeding(baggage.size === 0 ? self : FiberBaggage.replace(self, baggage), context)
  return span === undefined
    ? (continued as Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>)
    : Effect.provideService(continued, Tracer.ParentSpan, SpanContext.toExternalSpan(span))
}

/**
 * Runs the handling of a request or of a message among all that came with it but the parent: with its baggage in place
 * of the fiber's, and unrecorded where its sender asked for that. Goes around the span that is opened for it.
 */
export const surround = <A, E, R>(self: Effect.Effect<A, E, R>, context: PropagatedContext): Effect.Effect<A, E, R> =>
  heeding(FiberBaggage.replace(self, context.baggage), context)

/** Effect's own way to rule out all spans: they are not recorded, and tell whoever is called that they are not. */
const heeding = <A, E, R>(self: Effect.Effect<A, E, R>, { denied }: PropagatedContext): Effect.Effect<A, E, R> =>
  denied === true ? Effect.provideService(self, Tracer.MinimumTraceLevel, "None") : self

/**
 * A copy of an environment that carries the current span and baggage into a process that is about to be started.
 *
 * The variables are `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`, or what the names of other formats make in capitals; those
 * that were there before are replaced. Everybody who may look at the process sees them.
 *
 * ```ts
 * const env = yield* Carrier.toEnv(process.env)
 * ```
 *
 * @see https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */
export const toEnv = (env: Environment.Environment = {}): Effect.Effect<Record<string, string>> =>
  Effect.withFiber((fiber) =>
    Effect.succeed(Environment.withHeaders(env, headersOf(fiber), propagatorOf(fiber).fields))
  )

export { fromEnv } from "./Environment.ts"
