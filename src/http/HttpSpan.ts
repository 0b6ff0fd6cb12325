/**
 * A span that ends as HTTP says it went, not as its effect did.
 *
 * A server that answers 404 with a failing effect did well, and a client that
 * was answered 503 did not, though its effect succeeded.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanOpener from "../model/SpanOpener.ts"

/**
 * Runs an effect in a span of its own. What the effect came to is first shown to `conclude`, which writes the last
 * attributes and says how the span ends; the effect's own exit is passed on untouched.
 */
export const use = <A, E, R>(
  name: string,
  options: Tracer.SpanOptionsNoTrace,
  self: Effect.Effect<A, E, R>,
  conclude: (
    span: Tracer.Span,
    exit: Exit.Exit<A, E>,
    fiber: Fiber.Fiber<unknown, unknown>
  ) => Effect.Effect<Exit.Exit<unknown, unknown>>
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
  Effect.useSpan(name, options, (span) =>
    Effect.onExit(Effect.provideService(self, Tracer.ParentSpan, span), (exit) =>
      Effect.withFiber((fiber) =>
        Effect.map(conclude(span, exit, fiber), (ending) => span.end(nowUnsafe(fiber), ending))
      )
    )
  )

const nowUnsafe = (fiber: Fiber.Fiber<unknown, unknown>): bigint =>
  fiber.getRef(References.TracerTimingEnabled) ? fiber.getRef(Clock.Clock).currentTimeNanosUnsafe() : 0n

/** A bad status, for tracers that know of no error but a failed exit. */
class StatusFailure {
  readonly _tag: string
  readonly message = ""
  constructor(status: string) {
    this._tag = status
  }
}

/**
 * Ends a span whose status code alone is the error: `error.type` is the code, and there is no message to repeat it.
 * Our own tracer needs no exception to call that an error.
 */
export const failedWithStatus = (
  span: Tracer.Span,
  status: number,
  fiber: Fiber.Fiber<unknown, unknown>
): Exit.Exit<void, unknown> => {
  span.attribute(AttributeKeys.errorType, String(status))
  return SpanOpener.fromTracer(fiber.getRef(Tracer.Tracer)) === undefined
    ? Exit.fail(new StatusFailure(String(status)))
    : Exit.void
}
