/**
 * Traces of which something was left out lately, and why: for whoever misses one.
 *
 * A trace is noted where something is left out and nowhere else, so spans that
 * are kept pay nothing. Bounded: the traces that were noted first are
 * forgotten for those that come later.
 */

/** What is known of one of them. */
export interface LeftOutTrace {
  readonly traceId: string
  /** Why, in the word that the books have for it, or the sampler. Of several reasons, the last. */
  readonly reason: string
  /** How often that was noted: once for each span, once for a trace that was not sampled. */
  readonly times: number
}

/** How many traces are remembered. */
export const capacity = 100

/** One place, written again and again. */
interface Slot {
  /** Empty where nothing is noted. */
  traceId: string
  reason: string
  times: number
}

/** Enough of an id, whose last digits are random, to pass over nearly all others. */
const markOf = (traceId: string): number => {
  const { length } = traceId
  return (
    (traceId.charCodeAt(length - 1) << 21) ^
    (traceId.charCodeAt(length - 2) << 14) ^
    (traceId.charCodeAt(length - 3) << 7) ^
    traceId.charCodeAt(length - 4)
  )
}

/**
 * A ring, because a `Map` whose entries come and go leaves tables behind that keep what they held for the garbage
 * collector: a hundred bytes for every span that a full queue drops, until it collects all.
 */
export class LeftOutTraces {
  readonly #slots: ReadonlyArray<Slot> = Array.from({ length: capacity }, () => ({ traceId: "", reason: "", times: 0 }))
  readonly #marks = new Int32Array(capacity)
  /** Where the next is noted. */
  #next = 0

  /** What has no id that is text is nobody's to ask for. */
  note(traceId: string, reason: string): void {
    if (typeof traceId !== "string") return
    const mark = markOf(traceId)
    const known = this.#find(traceId, mark)
    if (known?.reason === reason) {
      known.times++
      return
    }
    if (known !== undefined) known.traceId = ""
    const slot = this.#slots[this.#next]!
    this.#marks[this.#next] = mark
    slot.traceId = traceId
    slot.reason = reason
    slot.times = 1
    this.#next = (this.#next + 1) % capacity
  }

  /** It is whole after all. */
  forget(traceId: string): void {
    const known = this.#find(traceId, markOf(traceId))
    if (known !== undefined) known.traceId = ""
  }

  /** The latest first. */
  get all(): ReadonlyArray<LeftOutTrace> {
    return [...this.#slots.slice(this.#next), ...this.#slots.slice(0, this.#next)]
      .reverse()
      .filter(({ traceId }) => traceId !== "")
      .map((slot) => ({ ...slot }))
  }

  #find(traceId: string, mark: number): Slot | undefined {
    for (let at = this.#marks.indexOf(mark); at >= 0; at = this.#marks.indexOf(mark, at + 1)) {
      const slot = this.#slots[at]!
      if (slot.traceId === traceId) return slot
    }
    return undefined
  }
}
