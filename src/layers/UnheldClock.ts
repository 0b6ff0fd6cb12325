/**
 * A clock on which waiting keeps no process alive.
 *
 * For delivery: that it will knock again in five seconds is no reason for a
 * program that has nothing else to do to stay. Whoever waits for a flush, or
 * for the layer to close, waits on the clock of the program, and that holds.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** As long as Node's timers go. */
const longest = 2_147_483_647

const sleep = (duration: Duration.Duration): Effect.Effect<void> => {
  const millis = Duration.toMillis(duration)
  return millis <= 0
    ? Effect.yieldNow
    : Effect.callback((resume) => {
        // Effect's own sleep has no such timer
        const timer = setTimeout(() => resume(Effect.void), Math.min(millis, longest)).unref()
        return Effect.sync(() => clearTimeout(timer))
      })
}

/** Node's own clock with such timers; any other clock, of a test for example, as it is. */
export const make = (clock: Clock.Clock): Clock.Clock => {
  if (clock !== Context.get(Context.empty(), Clock.Clock)) return clock
  return {
    currentTimeMillis: clock.currentTimeMillis,
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
    currentTimeNanos: clock.currentTimeNanos,
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    sleep
  }
}
