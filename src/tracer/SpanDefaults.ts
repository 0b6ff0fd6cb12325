/**
 * What a fiber says about every span it opens: clock, level, annotations, links and loggers.
 *
 * Six look-ups in the fiber's context. A span hands them to its children
 * with the context it makes, so that a deep trace looks them up once.
 */
import * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import * as SpanLoggers from "./SpanLoggers.ts"
import * as SpanClock from "./SpanClock.ts"

export interface SpanDefaults {
  /** Absent where spans are not timed. */
  readonly clock: Clock.Clock | undefined
  /** False where the trace level rules spans out. */
  readonly sampled: boolean
  readonly annotations: Readonly<Record<string, unknown>>
  readonly links: ReadonlyArray<Tracer.SpanLink>
  /** The loggers inside, where the fiber has others. */
  readonly loggers: SpanLoggers.Loggers | undefined
}

/** True unless the fiber's trace level rules spans out. */
export const isSampled = (fiber: Fiber.Fiber<unknown, unknown>): boolean => {
  const minimum = fiber.getRef(Tracer.MinimumTraceLevel)
  return minimum === "All" || !LogLevel.isGreaterThan(minimum, fiber.getRef(Tracer.CurrentTraceLevel))
}

export const fromFiber = (fiber: Fiber.Fiber<unknown, unknown>, exchange?: SpanLoggers.Exchange): SpanDefaults => ({
  clock: fiber.getRef(References.TracerTimingEnabled) ? fiber.getRef(Clock.Clock) : undefined,
  sampled: isSampled(fiber),
  annotations: fiber.getRef(References.TracerSpanAnnotations),
  links: fiber.getRef(References.TracerSpanLinks),
  loggers: SpanLoggers.toExchange(fiber, exchange)
})

/** The same for the spans inside, whose fiber has the loggers. */
export const inside = (defaults: SpanDefaults): SpanDefaults =>
  defaults.loggers === undefined ? defaults : { ...defaults, loggers: undefined }

/** What the clock of the spans says now. */
export const now = (clock: Clock.Clock | undefined): SpanClock.Reading =>
  clock === undefined ? 0n : SpanClock.read(clock)
