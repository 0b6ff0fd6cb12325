/**
 * What can be seen of a queue of spans while it works.
 *
 * Every field is read from the queue's own counters when it is asked for:
 * who does not look pays nothing.
 */
import type { SpanBooks } from "../model/SpanBooks.ts"

export interface QueueView {
  /** Where it enters what became of its spans. */
  readonly books: SpanBooks
  /** How many spans wait. */
  readonly waiting: number
  /** How many bytes they take, by estimate. Spans that were not measured yet are measured now. */
  readonly bytes: number
  /** How many spans are on their way: handed to the exporter, which has not answered. */
  readonly sending: number
  /** How many spans were handed to the exporter, ever. */
  readonly handedOver: number
  /** True when the next span finds no place. */
  readonly isFull: boolean
  /** How many spans, and how many bytes, may wait. */
  readonly maxSpans: number
  readonly maxBytes: number
}
