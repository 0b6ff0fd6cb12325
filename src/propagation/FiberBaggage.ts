/**
 * The baggage of a fiber: what it says, and how an effect is run with another one.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as References from "effect/References"
import type { Baggage } from "../model/Propagator.ts"
import { BaggageAttributes, CurrentBaggage } from "../model/References.ts"

/** All entries of the current fiber. */
export const all: Effect.Effect<Baggage> = CurrentBaggage

/** The value of one entry of the current fiber. */
export const get = (name: string): Effect.Effect<Option.Option<string>> =>
  Effect.map(all, (baggage) => Option.fromUndefinedOr(baggage.get(name)?.value))

/** Runs an effect, and all it calls, with one more entry in its baggage, or with another value in an entry it has. */
export const set: {
  (name: string, value: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, name: string, value: string): Effect.Effect<A, E, R>
} = dual(3, <A, E, R>(self: Effect.Effect<A, E, R>, name: string, value: string) =>
  Effect.withFiber((fiber) => under(fiber, self, new Map(fiber.getRef(CurrentBaggage)).set(name, { value })))
)

/** Runs an effect, and all it calls, without one entry of its baggage. */
export const remove: {
  (name: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, name: string): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, name: string) =>
  Effect.withFiber((fiber) => {
    const baggage = new Map(fiber.getRef(CurrentBaggage))
    return baggage.delete(name) ? under(fiber, self, baggage) : self
  })
)

/** Runs an effect, and all it calls, with this baggage in place of all that it had. */
export const replace: {
  (baggage: Baggage): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, baggage: Baggage): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, baggage: Baggage) =>
  Effect.withFiber((fiber) =>
    baggage.size === 0 && fiber.getRef(CurrentBaggage).size === 0 ? self : under(fiber, self, baggage)
  )
)

/** The one place where a fiber gets its baggage; chosen entries become attributes of every span opened under it. */
const under = <A, E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  baggage: Baggage
): Effect.Effect<A, E, R> => {
  const provided = Effect.provideService(self, CurrentBaggage, baggage)
  const chosen = fiber.getRef(BaggageAttributes)
  return chosen.length === 0
    ? provided
    : Effect.provideService(provided, References.TracerSpanAnnotations, annotationsOf(fiber, chosen, baggage))
}

/** The fiber's annotations, with what the new baggage says in place of what the old one said. */
const annotationsOf = (
  fiber: Fiber.Fiber<unknown, unknown>,
  chosen: ReadonlyArray<string>,
  baggage: Baggage
): Readonly<Record<string, unknown>> => {
  const annotations: Record<string, unknown> = { ...fiber.getRef(References.TracerSpanAnnotations) }
  const before = fiber.getRef(CurrentBaggage)
  for (const name of chosen) {
    const value = baggage.get(name)?.value
    if (value !== undefined) annotations[name] = value
    else if (before.has(name) && annotations[name] === before.get(name)?.value) delete annotations[name]
  }
  return annotations
}
