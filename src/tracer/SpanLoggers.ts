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

type AnyLogger = Logger.Logger<unknown, unknown>

export type Loggers = ReadonlySet<AnyLogger>

/** What the loggers of a fiber become inside a span; the very same set where nothing is to be changed. */
export type Exchange = (loggers: Loggers) => Loggers

/**
 * Exchanges loggers one by one; `undefined` leaves one out. `added` comes to those that are left, if there are any: who has
 * turned logging off wants none. Sets are few, and each is exchanged once.
 */
export const each = (change: (logger: AnyLogger) => AnyLogger | undefined, added?: AnyLogger): Exchange => {
  const known = new WeakMap<Loggers, Loggers>()
  const inside = (loggers: Loggers): Loggers => {
    const kept = Array.from(loggers, change).filter((logger) => logger !== undefined)
    const made = new Set(added === undefined || kept.length === 0 ? kept : [...kept, added])
    return made.size === loggers.size && kept.every((logger) => loggers.has(logger)) ? loggers : made
  }
  return (loggers) => {
    const found = known.get(loggers)
    if (found !== undefined) return found
    const made = inside(loggers)
    known.set(loggers, made)
    known.set(made, made)
    return made
  }
}

/** Leaves out Effect's logger that makes each line an event of its span. */
export const withoutEvents = (logger: AnyLogger): AnyLogger | undefined =>
  logger === Logger.tracerLogger ? undefined : logger

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
