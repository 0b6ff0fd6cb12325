/**
 * The books of one tracing layer: where every span went.
 *
 * Plain counters, so that the hot path pays an addition. They balance:
 * `started = sampledOut + ended + open` and
 * `ended + adopted = exported + rejected + dropped + letGo + inFlight`.
 */
import { LeftOutTraces } from "./LeftOutTraces.ts"

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
  /** What the sampler decided where a trace began here or came in, by reason. */
  readonly decided: Map<string, Decided>
  /** Traces that were chosen, by the sampler or for how they ended, and that a cap left out whole, by reason. Their spans are among those sampled out or let go. */
  readonly refused: Map<string, number>
  /** Left out on our side, by reason. */
  readonly dropped: Map<string, number>
  /** What was masked in spans and elsewhere, by the rule that asked for it. */
  readonly masked: Map<string, number>
  /** How many of those in flight wait for a verdict on their trace. */
  undecided: number
  /** How many of those in flight wait on disk, and nowhere else. */
  onDisk: number
  /** Of which traces something was left out lately. */
  readonly leftOut: LeftOutTraces
}

/** How many traces the sampler kept and left out for one reason. */
export interface Decided {
  kept: number
  leftOut: number
}

export const make = (): SpanBooks => ({
  started: 0,
  ended: 0,
  adopted: 0,
  sampledOut: 0,
  letGo: 0,
  exported: 0,
  rejected: 0,
  decided: new Map(),
  refused: new Map(),
  dropped: new Map(),
  masked: new Map(),
  undecided: 0,
  onDisk: 0,
  leftOut: new LeftOutTraces()
})

export const drop = (books: SpanBooks, reason: string, count = 1): void => {
  books.dropped.set(reason, (books.dropped.get(reason) ?? 0) + count)
}

/** What became of a span: it arrived, was refused, or was left out for the reason that is given. */
export type Fate = "exported" | "rejected" | { readonly dropped: string }

/** Enters what became of so many spans, which had ended. Asks for their traces only where they did not arrive. */
export const enter = (books: SpanBooks, fate: Fate, count: number, traceIds: () => Iterable<string>): void => {
  if (typeof fate === "string") books[fate] += count
  else drop(books, fate.dropped, count)
  if (fate === "exported") return
  const reason = typeof fate === "string" ? fate : fate.dropped
  for (const traceId of traceIds()) books.leftOut.note(traceId, reason)
}

/** Reasons are few; a sampler that invents them does not fill memory with them. */
const mostReasons = 200
const other = "other"

/** The counts of one reason. */
export const decidedFor = (books: SpanBooks, reason: string): Decided => {
  const known = books.decided.get(reason)
  if (known !== undefined) return known
  if (books.decided.size >= mostReasons && reason !== other) return decidedFor(books, other)
  const counts: Decided = { kept: 0, leftOut: 0 }
  books.decided.set(reason, counts)
  return counts
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

/** Spans that ended, here or in a process before, and have neither arrived nor been given up or let go. */
export const inFlight = (books: SpanBooks): number =>
  books.ended + books.adopted - books.exported - books.rejected - books.letGo - droppedTotal(books)
