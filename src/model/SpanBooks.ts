/**
 * The books of one tracing layer: where every span went.
 *
 * Plain counters, so that the hot path pays an addition. They balance:
 * `started = sampledOut + ended + open` and
 * `ended + adopted = exported + rejected + dropped + inFlight`.
 */
export interface SpanBooks {
  started: number
  ended: number
  /** Ended by a process that is gone, and taken over from the disk it left them on. */
  adopted: number
  sampledOut: number
  exported: number
  /** Refused by the destination, or not delivered before the end. */
  rejected: number
  /** Traces that the sampler chose and something else left out, by reason. Their spans are among those sampled out. */
  readonly refused: Map<string, number>
  /** Left out on our side, by reason. */
  readonly dropped: Map<string, number>
  /** What was masked in spans and elsewhere, by the rule that asked for it. */
  readonly masked: Map<string, number>
  /** How many of those in flight wait on disk, and nowhere else. */
  onDisk: number
}

export const make = (): SpanBooks => ({
  started: 0,
  ended: 0,
  adopted: 0,
  sampledOut: 0,
  exported: 0,
  rejected: 0,
  refused: new Map(),
  dropped: new Map(),
  masked: new Map(),
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

/** Counts a secret that was masked. */
export const mask = (books: SpanBooks, rule: string): void => {
  books.masked.set(rule, (books.masked.get(rule) ?? 0) + 1)
}

/** How many spans were left out, for whatever reason. */
export const droppedTotal = (books: SpanBooks): number => {
  let total = 0
  for (const count of books.dropped.values()) total += count
  return total
}

/** Spans that have not ended, those among them too that will be sampled out. */
export const open = (books: SpanBooks): number => books.started - books.ended - books.sampledOut

/** Spans that ended, here or in a process before, and have neither arrived nor been given up. */
export const inFlight = (books: SpanBooks): number =>
  books.ended + books.adopted - books.exported - books.rejected - droppedTotal(books)
