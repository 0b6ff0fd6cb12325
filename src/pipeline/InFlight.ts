/**
 * Where the spans are whose fate is not known yet.
 *
 * With the counters of `SpanBooks` they make up everything that was started:
 * `started + adopted = sampledOut + exported + rejected + dropped + letGo`
 * `+ open + undecided + queued + sending + onDisk + held`.
 */
import * as SpanBooks from "../model/SpanBooks.ts"
import type { QueueView } from "./QueueView.ts"

export interface InFlight {
  /** Not ended, be it decided already whether they are recorded or not. */
  readonly open: number
  /** Ended, and waiting for the end of their run, which decides whether they are kept. */
  readonly undecided: number
  /** Ended, and waiting to be sent. */
  readonly queued: number
  /** On their way to a destination that has not answered. */
  readonly sending: number
  /** On disk, and nowhere else: they are read back when there is room for them. */
  readonly onDisk: number
  /** Ended, and in no queue: a stage keeps them, or has left them out without saying so. */
  readonly held: number
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, count) => total + count, 0)

/**
 * Splits what is in flight, at this instant.
 *
 * A span that waits for several destinations counts once: as queued while it
 * waits in a queue, and as being sent when it is on its way to all that have
 * not answered. Only there are the parts themselves an estimate: `queued` is
 * the fullest queue, and `held` no more than what is certain.
 */
export const split = (books: SpanBooks.SpanBooks, queues: ReadonlyArray<QueueView>): InFlight => {
  const ended = SpanBooks.inFlight(books)
  const elsewhere = Math.max(0, ended - sum(queues.map(({ sending, waiting }) => sending + waiting)))
  const undecided = Math.min(elsewhere, books.undecided)
  const onDisk = Math.min(elsewhere - undecided, books.onDisk)
  const queued = Math.min(ended - elsewhere, Math.max(0, ...queues.map(({ waiting }) => waiting)))
  const sending = ended - elsewhere - queued
  return { open: SpanBooks.open(books), undecided, queued, sending, onDisk, held: elsewhere - undecided - onDisk }
}
