/**
 * What delivery does on fibers of its own: under no span of whoever made it, and not traced itself.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"

/** Wraps an effect. */
export type Around = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Keeps an effect apart; `untraced` keeps delivery from tracing itself. */
export const apart =
  (untraced: Around = (same) => same): Around =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.updateContext(
      untraced(effect),
      (context: Context.Context<R>) =>
        Context.omit(Tracer.ParentSpan)(context as Context.Context<R | Tracer.ParentSpan>) as Context.Context<R>
    )
