/**
 * An event of a span of ours.
 *
 * Its time is kept as the distance from the span's start, a small number that
 * costs no memory of its own.
 */
import type { Attributes, fromRecord } from "../model/Attributes.ts"
import type { SpanEvent } from "../model/SpanData.ts"

export class RecordedEvent implements SpanEvent {
  readonly name: string
  readonly attributes: Attributes
  readonly droppedAttributes: number
  readonly #span: { readonly startTime: bigint }
  readonly #sinceStart: number | bigint

  constructor(
    span: { readonly startTime: bigint },
    sinceStart: number | bigint,
    name: string,
    converted: ReturnType<typeof fromRecord>
  ) {
    this.name = name
    this.attributes = converted.attributes
    this.droppedAttributes = converted.dropped
    this.#span = span
    this.#sinceStart = sinceStart
  }
  get time(): bigint {
    return this.#span.startTime + BigInt(this.#sinceStart)
  }
}
