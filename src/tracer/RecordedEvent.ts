/**
 * An event of a span of ours.
 *
 * Its time is kept as the distance from the span's start, a small number that
 * costs no memory of its own.
 */
import type { Attributes, fromRecord } from "../model/Attributes.ts"
import type { SpanEvent } from "../model/SpanData.ts"

/** Knows when it began. */
interface Timeline {
  /** Nanoseconds since the epoch, so many nanoseconds after the start. */
  readonly timeAfter: (sinceStart: number | bigint) => bigint
}

export class RecordedEvent implements SpanEvent {
  readonly name: string
  readonly attributes: Attributes
  readonly droppedAttributes: number
  readonly #span: Timeline
  readonly #sinceStart: number | bigint

  constructor(span: Timeline, sinceStart: number | bigint, name: string, converted: ReturnType<typeof fromRecord>) {
    this.name = name
    this.attributes = converted.attributes
    this.droppedAttributes = converted.dropped
    this.#span = span
    this.#sinceStart = sinceStart
  }
  get time(): bigint {
    return this.#span.timeAfter(this.#sinceStart)
  }
}
