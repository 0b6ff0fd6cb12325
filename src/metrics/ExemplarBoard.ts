/**
 * Examples that wait until it is known whether their trace is kept.
 *
 * When a value is measured nobody knows yet whether its trace will be there to
 * be looked at: its span has not ended, and a verdict on the whole run may be
 * to come. So an example waits here under its trace and is shown only when a
 * span of that trace has gone on to be delivered. Bounded: of the traces that
 * nobody has kept, the one that waits longest is forgotten.
 */
import * as Effect from "effect/Effect"
import type { Exemplar } from "../model/MetricReading.ts"
import type { Stage } from "../model/SpanSink.ts"

/** A place for one example; the newest is shown. */
export class ExemplarSlot {
  shown: Exemplar | undefined
}

export interface ExemplarBoardOptions {
  /** How many traces may wait, and how many kept ones are remembered. */
  readonly traces?: number
}

export class ExemplarBoard {
  readonly #waiting = new Map<string, Map<ExemplarSlot, Exemplar>>()
  readonly #kept = new Set<string>()
  readonly #most: number
  #closed = false

  constructor({ traces = 2000 }: ExemplarBoardOptions = {}) {
    this.#most = traces
  }

  /** How many traces have examples that wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Shows an example in a slot once its trace is kept; at once where it is already. */
  offer(slot: ExemplarSlot, exemplar: Exemplar): void {
    if (this.#closed) return
    const { traceId } = exemplar
    if (this.#kept.has(traceId)) {
      slot.shown = exemplar
      return
    }
    const slots = this.#waiting.get(traceId)
    if (slots !== undefined) {
      slots.set(slot, exemplar)
      return
    }
    if (this.#waiting.size >= this.#most) this.#waiting.delete(this.#waiting.keys().next().value!)
    this.#waiting.set(traceId, new Map([[slot, exemplar]]))
  }

  /** A span of this trace is on its way to be delivered. */
  keep(traceId: string): void {
    if (this.#closed || this.#kept.has(traceId)) return
    if (this.#kept.size >= this.#most) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.add(traceId)
    const slots = this.#waiting.get(traceId)
    if (slots === undefined) return
    this.#waiting.delete(traceId)
    for (const [slot, exemplar] of slots) slot.shown = exemplar
  }

  /** Takes nothing more, and forgets what waits. */
  close(): void {
    this.#closed = true
    this.#waiting.clear()
    this.#kept.clear()
  }
}

/** Tells a board which traces are kept: those of which a span comes this far. */
export const witness =
  (board: ExemplarBoard): Stage =>
  (next) =>
    Effect.succeed({
      ...next,
      push(span) {
        board.keep(span.traceId)
        next.push(span)
      }
    })
