/**
 * How many traces may be kept a second, for the hour in which every run fails.
 *
 * As many may be kept at once after a second of rest.
 */
import type * as Clock from "effect/Clock"

export class KeptRate {
  readonly #perSecond: number
  readonly #clock: Pick<Clock.Clock, "monotonicTimeNanosUnsafe">
  #left: number
  #at: bigint

  constructor(perSecond: number, clock: Pick<Clock.Clock, "monotonicTimeNanosUnsafe">) {
    this.#perSecond = perSecond
    this.#clock = clock
    this.#left = perSecond
    this.#at = clock.monotonicTimeNanosUnsafe()
  }

  /** True where another may be kept, which counts. */
  take(): boolean {
    const now = this.#clock.monotonicTimeNanosUnsafe()
    this.#left = Math.min(this.#perSecond, this.#left + (Number(now - this.#at) / 1e9) * this.#perSecond)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
