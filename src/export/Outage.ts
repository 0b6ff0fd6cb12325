/**
 * The time in which a destination takes nothing: how long to wait, and what is said about it.
 *
 * Waits grow from one failure to the next and are jittered, so that the
 * processes that an outage brought into step fall out of it again.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { ExportError } from "../model/TracingError.ts"

/** However long a destination asks for, it is asked again after this: five minutes. */
const longestAsked = 5 * 60_000

const warnEvery = 60_000
/** Longer than any wait. */
const mostDoublings = 30

export interface OutageOptions {
  /** The wait after the first failure, in milliseconds; each further one doubles it. */
  readonly first: number
  /** No wait is longer, unless the destination asks for it. */
  readonly longest: number
}

export class Outage {
  /** True from a failure until the next success. */
  lasting = false
  /** When the next try is due. */
  until = 0
  #failures = 0
  #told = -Infinity
  #toldLast = false
  readonly #options: OutageOptions

  constructor(options: OutageOptions) {
    this.#options = options
  }

  /** Nothing was taken, for now. `knocked` is false for what was under way when the outage was noticed. */
  failed(error: ExportError, knocked: boolean): Effect.Effect<void> {
    const { first, longest } = this.#options
    return Effect.flatMap(Effect.all([Clock.currentTimeMillis, Random.next]), ([now, random]) => {
      const asked = now + Math.min(error.retryAfterMillis ?? 0, longestAsked)
      const begins = !this.lasting
      if (begins || knocked) {
        const wait = Math.min(longest, first * 2 ** this.#failures) * (0.5 + random / 2)
        this.until = Math.max(now + wait, asked)
        this.#failures = Math.min(this.#failures + 1, mostDoublings)
      } else this.until = Math.max(this.until, asked)
      this.lasting = true
      if (!begins || now - this.#told < warnEvery) return Effect.void
      this.#told = now
      this.#toldLast = true
      return Effect.logWarning(`Tracing cannot deliver and tries again; spans wait meanwhile. ${error.message}`)
    })
  }

  /** There is no more time: the next try is due now. */
  hurry(): void {
    this.until = 0
    this.#failures = 0
  }

  /** The destination answers again. */
  get ended(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.lasting = false
      this.#failures = 0
      if (!this.#toldLast) return Effect.void
      this.#toldLast = false
      return Effect.logInfo("Tracing delivers again.")
    })
  }
}
