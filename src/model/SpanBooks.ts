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
  /** Left out on our side, by reason. */
  readonly dropped: Map<string, number>
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
  dropped: new Map(),
  onDisk: 0
})

export const drop = (books: SpanBooks, reason: string, count = 1): void => {
  books.dropped.set(reason, (books.dropped.get(reason) ?? 0) + count)
}

/** How many spans were left out, for whatever reason. */
export const droppedTotal = (books: SpanBooks): number => {
  let total = 0
  for (const count of books.dropped.values()) total += count
  return total
}

/** Spans that ended, here or in a process before, and have neither arrived nor been given up. */
export const inFlight = (books: SpanBooks): number =>
  books.ended + books.adopted - books.exported - books.rejected - droppedTotal(books)
