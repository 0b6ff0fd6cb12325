/**
 * Says which spans, or log records, were lost, without a flood: the first loss at once, further ones once a minute.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"

const told = {
  queue_full: "found the queue full",
  rejected: "not delivered",
  unreadable: "not readable",
  spool_full: "found the spool full",
  spool_expired: "too old for the spool",
  spool_damaged: "damaged on disk",
  tail_spans: "of undecided runs that had too many spans (TRACING_TAIL_MAX_SPANS)",
  tail_bytes: "of undecided runs that took too much room (TRACING_TAIL_MAX_BYTES)",
  tail_traces: "of too many undecided runs (TRACING_TAIL_MAX_TRACES)",
  tail_trace: "too many for one undecided run (TRACING_TAIL_MAX_TRACE_SPANS)"
}

export type Loss = keyof typeof told

export class LossReport {
  /** The last reason that is known, without secrets. */
  lastError = ""
  readonly #lost = new Map<Loss, number>()
  readonly #some = Latch.makeUnsafe()
  readonly #what: string

  /** `destination` is told where there are several. */
  constructor(destination?: string, what = "spans") {
    this.#what = destination === undefined ? what : `${what} on their way to ${destination}`
  }

  add(reason: Loss, count: number): void {
    if (count <= 0) return
    this.#lost.set(reason, (this.#lost.get(reason) ?? 0) + count)
    this.#some.openUnsafe()
  }

  /** Tells what has not been told yet. */
  readonly tell: Effect.Effect<void> = Effect.suspend(() => {
    this.#some.closeUnsafe()
    if (this.#lost.size === 0) return Effect.void
    const counts = Array.from(this.#lost, ([reason, count]) => `${count} ${told[reason]}`).join(", ")
    this.#lost.clear()
    const why = this.lastError === "" ? "" : ` Last error: ${this.lastError}`
    return Effect.logWarning(`Tracing lost ${this.#what}: ${counts}.${why}`)
  })

  /** Never ends. A latch resumes its waiters on the stack of whoever opens it, which may be `push`: hence the yield. */
  readonly run: Effect.Effect<never> = Effect.suspend(() => this.#some.await).pipe(
    Effect.andThen(Effect.yieldNow),
    Effect.andThen(this.tell),
    Effect.andThen(Effect.sleep("1 minute")),
    Effect.forever
  )
}
