/**
 * Flushes that wait until all spans that came before them have left.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { Flushed } from "../model/SpanSink.ts"

interface PendingFlush {
  /** Everything before this position is meant. */
  readonly target: number
  readonly waited: number
  readonly done: Latch.Latch
  settled: number
  exported: number
}

/** The longest timer there is, 24 days. */
const longest = 2_147_483_647

export class PendingFlushes {
  /** Spans before this position should leave without waiting for others. */
  target = 0
  readonly #pending = new Set<PendingFlush>()

  /**
   * Begins a flush of `waited` spans before `target`, and gives what waits for them to settle.
   *
   * Interrupting that abandons the wait, not the spans.
   */
  begin(target: number, waited: number): Effect.Effect<Flushed> {
    const flush: PendingFlush = { target, waited, done: Latch.makeUnsafe(), settled: 0, exported: 0 }
    this.#pending.add(flush)
    this.target = target
    return flush.done.await.pipe(
      // Nothing in delivery keeps Node running; whoever waits for it does, with this timer
      Effect.timeoutOption(longest),
      Effect.map(() => ({ exported: flush.exported, left: flush.waited - flush.exported })),
      Effect.ensuring(Effect.sync(() => this.#pending.delete(flush)))
    )
  }

  /** So many spans from a position on are done, and so many of them arrived. */
  settle(from: number, count: number, exported: number): void {
    // Whoever waited goes on at once, and may begin another flush meanwhile
    for (const flush of new Set(this.#pending)) {
      const mine = Math.max(0, Math.min(from + count, flush.target) - from)
      flush.settled += mine
      flush.exported += Math.min(mine, exported)
      if (flush.settled >= flush.waited) flush.done.openUnsafe()
    }
  }
}
