/**
 * What a spool does on its own from time to time, and what it says of it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { heartbeat } from "./SpoolOwner.ts"
import type { SpoolStore } from "./SpoolStore.ts"

/** How long a disk that takes nothing is left alone. */
const pause = "5 seconds"
/** A disk that is full again and again is not worth a line each time. */
const warnEvery = 60_000

export class SpoolUpkeep {
  #why = ""
  readonly #trouble = Latch.makeUnsafe()
  readonly #adopted = Latch.makeUnsafe()
  /** Waits until what was there at the start has been taken over. */
  readonly adopted: Effect.Effect<void> = this.#adopted.await

  /** The disk takes nothing. */
  broken(code: string): void {
    this.#why = code
    this.#trouble.openUnsafe()
  }

  /** Takes over what processes that are gone have left, gives signs of life, and drops what is too old. Never ends. */
  run(store: SpoolStore, found: () => void): Effect.Effect<never> {
    return Effect.gen({ self: this }, function* () {
      const { adopted, locked } = yield* store.adopt(yield* Clock.currentTimeMillis, found)
      yield* this.#adopted.open
      if (adopted > 0) {
        yield* Effect.logInfo(`Tracing found ${adopted} spans of a process that is gone, and delivers them.`)
      }
      if (locked > 0) {
        yield* Effect.logWarning(
          `Tracing cannot read ${locked} spans of a process that is gone: encrypted with another key (TRACING_SPOOL_KEY).`
        )
      }
      store.upkeep(yield* Clock.currentTimeMillis)
      yield* Effect.sleep(heartbeat)
    }).pipe(Effect.forever)
  }

  /** Tells that the disk takes nothing, at most once a minute, and tries until it does. Never ends. */
  mend(store: SpoolStore, directory: string): Effect.Effect<never> {
    let told = -Infinity
    const round = Effect.gen({ self: this }, function* () {
      yield* this.#trouble.await
      // A latch resumes its waiters on the stack of whoever opens it, which may be `push`
      yield* Effect.yieldNow
      this.#trouble.closeUnsafe()
      const now = yield* Clock.currentTimeMillis
      const tells = now - told >= warnEvery
      if (tells) {
        told = now
        yield* Effect.logWarning(
          `Tracing cannot write to its spool and keeps spans in memory alone: ${this.#why} (TRACING_SPOOL_DIR, ${directory}).`
        )
      }
      yield* Effect.repeat(
        Effect.map(Effect.sleep(pause), () => store.mend()),
        { until: (mended) => mended }
      )
      if (tells) yield* Effect.logInfo("Tracing writes to its spool again.")
    })
    return Effect.forever(round)
  }
}
