/**
 * A rate that may be used up in bursts: a bucket of tokens that fills at the rate, and holds those of one second.
 */
import * as Clock from "effect/Clock"

export type TokenClock = Pick<Clock.Clock, "monotonicTimeNanosUnsafe">

/** The time as programs have it outside of tests. */
const liveClock: TokenClock = Clock.Clock.defaultValue()

export class TokenBucket {
  readonly #most: number
  readonly #perSecond: number
  readonly #clock: TokenClock
  #tokens: number
  #filled: bigint
  #short = false

  /** Holds one token at least, however low the rate is. */
  constructor(perSecond: number, clock: TokenClock = liveClock) {
    this.#perSecond = perSecond > 0 ? perSecond : 0
    this.#most = Math.max(1, this.#perSecond)
    this.#clock = clock
    this.#tokens = this.#most
    this.#filled = clock.monotonicTimeNanosUnsafe()
  }

  /** Takes a token if there is one. */
  take(): boolean {
    this.#fill()
    if (this.#tokens < 1) {
      this.#short = true
      return false
    }
    this.#tokens -= 1
    return true
  }

  /** Takes a token in any case: one that is not there is owed, and the next wait until it is paid back. */
  owe(): void {
    this.#fill()
    this.#tokens -= 1
  }

  /** True once somebody was refused, until the bucket is full again: what it lets through is a part of all then. */
  get isShort(): boolean {
    return this.#short
  }

  /** True when nothing is missing: nothing is lost if it is thrown away and made again. */
  get isFull(): boolean {
    this.#fill()
    return this.#tokens === this.#most
  }

  #fill(): void {
    const now = this.#clock.monotonicTimeNanosUnsafe()
    this.#tokens = Math.min(this.#most, this.#tokens + (Number(now - this.#filled) / 1e9) * this.#perSecond)
    this.#filled = now
    if (this.#tokens === this.#most) this.#short = false
  }
}
