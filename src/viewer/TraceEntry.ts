/**
 * One trace in memory, as it grows.
 */
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import type { NotedLog } from "./LogIdentity.ts"
import * as TraceSummary from "./TraceSummary.ts"

/** What a trace is made of, in the order it arrived. */
export interface TraceContent {
  readonly spans: ReadonlyArray<ReceivedSpan>
  /** What was written in it; see `LogIdentity` for those that arrive twice. */
  readonly logs: ReadonlyArray<ReceivedLog>
}

export interface StoredTrace extends TraceContent {
  readonly summary: TraceSummary.TraceSummary
}

const largeTrace = 2000

export class TraceEntry {
  readonly traceId: string
  readonly spans = new Map<string, ReceivedSpan>()
  /** By their identity. */
  readonly logs = new Map<string, ReceivedLog>()
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
    return { summary: this.summary, spans: [...this.spans.values()], logs: [...this.logs.values()] }
  }

  grow(span: ReceivedSpan, size: number, now: number): void {
    this.grewAt = now
    this.spans.set(span.spanId, span)
    this.characters += size
    this.quiet = false
  }

  /** Leaves it at rest: what was written in a trace may come long after its spans. */
  note({ identity, log }: NotedLog, size: number, now: number): void {
    this.grewAt = now
    this.logs.set(identity, log)
    this.characters += size
  }
}
