/**
 * A signal that comes while a layer closes: whoever sends it does not want to wait for the last spans.
 *
 * The first signal is the program's own affair, and mostly why the layer
 * closes. It is listened for only while one does, and decides nothing but
 * that: a process that nobody else keeps from dying of it, dies of it.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"

const signals = ["SIGINT", "SIGTERM"] as const

/** Of every layer that is closing. */
const closing = new Set<Latch.Latch>()

const onSignal = (signal: NodeJS.Signals): void => {
  for (const givenUp of closing) givenUp.openUnsafe()
  // Only we have kept it from what a signal does
  if (process.listenerCount(signal) > 1) return
  silence()
  process.kill(process.pid, signal)
}

const listen = (): void => {
  for (const signal of signals) process.on(signal, onSignal)
}

const silence = (): void => {
  for (const signal of signals) process.removeListener(signal, onSignal)
}

export interface SecondSignal {
  /** Opens when it comes. */
  readonly givenUp: Latch.Latch
  /** Listens from now on, until the scope is closed. */
  readonly listen: Effect.Effect<void>
}

/** Make it before, and listen after, what is to be given up is made: scopes close in reverse. */
export const make: Effect.Effect<SecondSignal, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const givenUp = Latch.makeUnsafe()
    return {
      givenUp,
      listen: Effect.sync(() => {
        if (closing.size === 0) listen()
        closing.add(givenUp)
      })
    }
  }),
  ({ givenUp }) =>
    Effect.sync(() => {
      if (closing.delete(givenUp) && closing.size === 0) silence()
    })
)
