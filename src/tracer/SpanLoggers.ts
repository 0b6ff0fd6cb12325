/**
 * The loggers of a fiber, as they are inside its spans.
 *
 * They are exchanged where a span is opened and not where the layer is
 * provided: so it does not matter whether loggers are provided around the
 * tracing layer, inside it or beside it, and nobody's loggers are lost.
 */
import * as Context from "effect/Context"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"

export type Loggers = ReadonlySet<Logger.Logger<unknown, unknown>>

/** What the loggers of a fiber become inside a span; the very same set where nothing is to be changed. */
export type Exchange = (loggers: Loggers) => Loggers

/** The loggers that a span of this fiber brings; `undefined` where the fiber has them already. */
export const toExchange = (
  fiber: Fiber.Fiber<unknown, unknown>,
  exchange: Exchange | undefined
): Loggers | undefined => {
  if (exchange === undefined) return undefined
  const current = fiber.getRef(Logger.CurrentLoggers)
  const exchanged = exchange(current)
  return exchanged === current ? undefined : exchanged
}

/**
 * The same for a span that Effect's own API opens: it asks the tracer for a span, and then makes a context for it out
 * of the fiber's. What the fiber's context is given here outlives the span, and means nothing outside of spans.
 */
export const exchangeCurrent = (exchange: Exchange | undefined): void => {
  const fiber = exchange === undefined ? undefined : Fiber.getCurrent()
  if (fiber === undefined) return
  const loggers = toExchange(fiber, exchange)
  if (loggers !== undefined) fiber.setContext(Context.add(fiber.context, Logger.CurrentLoggers, loggers))
}
