/**
 * One trace in memory, as it grows.
 */
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as TraceSummary from "./TraceSummary.ts"

export interface StoredTrace {
  readonly summary: TraceSummary.TraceSummary
  /** In the order they arrived. */
  readonly spans: ReadonlyArray<ReceivedSpan>
}

const largeTrace = 2000

export class TraceEntry {
  readonly traceId: string
  readonly spans = new Map<string, ReceivedSpan>()
  characters = 0
  /** When it last grew: milliseconds since the Unix epoch. */
  grewAt = 0
  /** True from when it came to rest until it grows again. */
  quiet = false
  #summary: TraceSummary.TraceSummary | undefined
  /** How many spans the summary is of. */
  #summed = 0

  constructor(traceId: string) {
    this.traceId = traceId
  }

  /**
   * That of a large trace may leave out what came last, up to a quarter of it: summing up after every arrival would cost
   * as much as there are arrivals times spans. `settle` says all of it.
   */
  get summary(): TraceSummary.TraceSummary {
    const size = this.spans.size
    const isClose = size > largeTrace && size < this.#summed * 1.25
    return this.#summary !== undefined && (size === this.#summed || isClose) ? this.#summary : this.#sum()
  }

  /** Sums up anew; true when that says more than before. */
  settle(): boolean {
    const isLate = this.#summary !== undefined && this.#summed !== this.spans.size
    if (isLate) this.#sum()
    return isLate
  }

  #sum(): TraceSummary.TraceSummary {
    this.#summed = this.spans.size
    return (this.#summary = TraceSummary.fromSpans([...this.spans.values()]))
  }

  toStored(): StoredTrace {
    return { summary: this.summary, spans: [...this.spans.values()] }
  }

  grow(span: ReceivedSpan, size: number, now: number): void {
    this.grewAt = now
    this.spans.set(span.spanId, span)
    this.characters += size
    this.quiet = false
  }
}
