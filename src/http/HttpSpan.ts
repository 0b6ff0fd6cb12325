/**
 * A span that ends as HTTP says it went, not as its effect did.
 *
 * A server that answers 404 with a failing effect did well, and a client that
 * was answered 503 did not, though its effect succeeded.
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { AttributeProfile } from "../model/References.ts"
import * as SpanOpener from "../model/SpanOpener.ts"

const openerOf = (fiber: Fiber.Fiber<unknown, unknown>): SpanOpener.SpanOpener | undefined =>
  SpanOpener.fromTracer(fiber.getRef(Tracer.Tracer))

/** Runs an effect in a span of its own. Where a child of the current span would not be recorded, it is none at all. */
export const use = <A, E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  spec: SpanOpener.SpanSpec
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> => SpanOpener.open(openerOf(fiber), fiber, self, spec)

/** Writes the status of the response, in the keys of the profile. */
export const writeStatus = (span: Tracer.Span, status: number, fiber: Fiber.Fiber<unknown, unknown>): void => {
  span.attribute(AttributeKeys.httpResponseStatusCode, status)
  if (fiber.getRef(AttributeProfile) === "gorax") span.attribute(AttributeKeys.oldHttpStatusCode, status)
}

/** Gives a span its route, and its name by it. */
export const nameByRoute = (
  span: Tracer.Span,
  method: string,
  route: unknown,
  fiber: Fiber.Fiber<unknown, unknown>
): void => {
  if (typeof route === "string" && route !== "") openerOf(fiber)?.rename(span, `${method} ${route}`)
}

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
  return openerOf(fiber) === undefined ? Exit.fail(new StatusFailure(String(status))) : Exit.void
}
