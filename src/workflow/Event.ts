/**
 * What happens during a span: events, attributes, errors, and the ids to find it by.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as Attributes from "../model/Attributes.ts"
import * as Failure from "../model/Failure.ts"
import * as SpanOpener from "../model/SpanOpener.ts"
import * as SpanContext from "../model/SpanContext.ts"

/** Marks a moment on the current span; outside any span it does nothing. */
export const event = (name: string, attributes?: Readonly<Record<string, unknown>>): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const { span, tracer } = fiber.cache
    if (span?._tag !== "Span") return Effect.void
    const opener = SpanOpener.fromTracer(tracer)
    if (opener !== undefined) opener.mark(fiber, span, name, attributes)
    else span.event(name, fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(), Attributes.readable(attributes))
    return Effect.void
  })

/** Sets attributes of the current span; outside any span it does nothing. */
export const annotate = (attributes: Readonly<Record<string, unknown>>): Effect.Effect<void> =>
  Effect.suspend(() => Effect.annotateCurrentSpan(Attributes.readable(attributes) ?? {}))

/**
 * Marks the current span as failed by an error that the program has handled.
 *
 * The error's type, its message without secrets and its stack become an `exception` event; the span ends with status
 * error although its effect succeeds.
 */
export const recordError = (error: unknown): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { message, stack, type } = Failure.fromUnknown(error)
    return Effect.andThen(
      annotate({ [AttributeKeys.errorType]: type }),
      event("exception", {
        [AttributeKeys.exceptionType]: type,
        [AttributeKeys.exceptionMessage]: message,
        [AttributeKeys.exceptionStacktrace]: stack
      })
    )
  })

const currentId = (read: (context: SpanContext.SpanContext) => string): Effect.Effect<Option.Option<string>> =>
  Effect.withFiber((fiber) => {
    const span = fiber.cache.span
    const context = span === undefined ? undefined : SpanContext.fromSpan(span)
    return Effect.succeed(
      context !== undefined && SpanContext.isValid(context) ? Option.some(read(context)) : Option.none()
    )
  })

/** The id of the current trace, to show to users or to store; none outside a trace. Reading it settles sampling. */
export const currentTraceId: Effect.Effect<Option.Option<string>> = currentId((context) => context.traceId)

/** The id of the current span; none outside a span. Reading it settles sampling. */
export const currentSpanId: Effect.Effect<Option.Option<string>> = currentId((context) => context.spanId)
