/**
 * The books of one tracing layer: where every span went.
 *
 * Plain counters, so that the hot path pays an addition. They balance:
 * `started = sampledOut + ended + open` and
 * `ended + adopted = exported + rejected + dropped + letGo + inFlight`.
 */
export interface SpanBooks {
  started: number
  ended: number
  /** Ended by a process that is gone, and taken over from the disk it left them on. */
  adopted: number
  sampledOut: number
  /** Recorded although they were not sampled, and let go when they had ended, as nobody wanted them kept. */
  letGo: number
  exported: number
  /** Refused by the destination, or not delivered before the end. */
  rejected: number
  /** Traces that were chosen, by the sampler or for how they ended, and that a cap left out whole, by reason. Their spans are among those sampled out or let go. */
  readonly refused: Map<string, number>
  /** Left out on our side, by reason. */
  readonly dropped: Map<string, number>
  /** How many of those in flight wait for a verdict on their trace. */
  undecided: number
  /** How many of those in flight wait on disk, and nowhere else. */
  onDisk: number
}

export const make = (): SpanBooks => ({
  started: 0,
  ended: 0,
  adopted: 0,
  sampledOut: 0,
  letGo: 0,
  exported: 0,
  rejected: 0,
  refused: new Map(),
  dropped: new Map(),
  undecided: 0,
  onDisk: 0
})

export const drop = (books: SpanBooks, reason: string, count = 1): void => {
  books.dropped.set(reason, (books.dropped.get(reason) ?? 0) + count)
}

/** What became of a span: it arrived, was refused, or was left out for the reason that is given. */
export type Fate = "exported" | "rejected" | { readonly dropped: string }

/** Enters what became of so many spans that had ended. */
export const enter = (books: SpanBooks, fate: Fate, count: number): void => {
  if (typeof fate === "string") books[fate] += count
  else drop(books, fate.dropped, count)
}

/** Counts a trace that was refused whole. */
export const refuse = (books: SpanBooks, reason: string): void => {
  books.refused.set(reason, (books.refused.get(reason) ?? 0) + 1)
}

/** How many spans were left out, for whatever reason. */
export const droppedTotal = (books: SpanBooks): number => {
  let total = 0
  for (const count of books.dropped.values()) total += count
  return total
}

/** Spans that have not ended, those among them too that will be sampled out. */
export const open = (books: SpanBooks): number => books.started - books.ended - books.sampledOut

/** Spans that ended, here or in a process before, and have neither arrived nor been given up or let go. */
export const inFlight = (books: SpanBooks): number =>
  books.ended + books.adopted - books.exported - books.rejected - books.letGo - droppedTotal(books)
