/**
 * The traces that fit into memory.
 *
 * Bounded in traces, in spans and in the characters they hold: past any of
 * the limits the oldest trace leaves, whole, and is counted.
 */
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import { charactersOf } from "./SpanWeight.ts"
import { TraceEntry } from "./TraceEntry.ts"

export interface TraceMemoryOptions {
  /** Default 1000. */
  readonly maxTraces?: number | undefined
  /** Default 250 000. */
  readonly maxSpans?: number | undefined
  /** Of names, attributes and events, all traces together. Default 128 million. */
  readonly maxCharacters?: number | undefined
}

export interface MemoryCounts {
  readonly traces: number
  readonly spans: number
  /** Left out to stay within the limits, since the start. */
  readonly droppedTraces: number
  readonly droppedSpans: number
}

export class TraceMemory {
  /** Oldest first. */
  readonly entries = new Map<string, TraceEntry>()
  readonly #maxTraces: number
  readonly #maxSpans: number
  readonly #maxCharacters: number
  #spans = 0
  #characters = 0
  #droppedTraces = 0
  #droppedSpans = 0

  constructor(options: TraceMemoryOptions) {
    this.#maxTraces = options.maxTraces ?? 1000
    this.#maxSpans = options.maxSpans ?? 250_000
    this.#maxCharacters = options.maxCharacters ?? 128_000_000
  }

  get counts(): MemoryCounts {
    return {
      traces: this.entries.size,
      spans: this.#spans,
      droppedTraces: this.#droppedTraces,
      droppedSpans: this.#droppedSpans
    }
  }

  /** Says which traces grew by which spans, and which were let go. A span that is here already changes nothing. */
  add(
    spans: Iterable<ReceivedSpan>,
    now: number
  ): {
    readonly grown: ReadonlySet<string>
    readonly gone: ReadonlySet<string>
    readonly taken: ReadonlyArray<ReceivedSpan>
  } {
    const taken: Array<ReceivedSpan> = []
    const grown = new Set<string>()
    const gone = new Set<string>()
    for (const span of spans) {
      if (this.entries.get(span.traceId)?.spans.has(span.spanId) === true) continue
      const size = charactersOf(span)
      if (!this.#makeRoom(span.traceId, size, gone)) {
        this.#droppedSpans++
        continue
      }
      const entry = this.entries.get(span.traceId) ?? new TraceEntry(span.traceId)
      entry.grow(span, size, now)
      this.entries.set(span.traceId, entry)
      this.#spans++
      this.#characters += size
      grown.add(span.traceId)
      taken.push(span)
    }
    return { grown, gone, taken }
  }

  /** Lets a trace go that somebody wants gone; it does not count as dropped. */
  remove(traceId: string): boolean {
    const entry = this.entries.get(traceId)
    if (entry === undefined) return false
    this.entries.delete(traceId)
    this.#spans -= entry.spans.size
    this.#characters -= entry.characters
    return true
  }

  /** Lets the oldest traces go until one span more fits; false when its own trace fills the memory alone. */
  #makeRoom(traceId: string, size: number, gone: Set<string>): boolean {
    if (size > this.#maxCharacters) return false
    for (const oldest of this.entries.values()) {
      if (this.#fits(traceId, size)) return true
      if (oldest.traceId === traceId) continue
      this.remove(oldest.traceId)
      gone.add(oldest.traceId)
      this.#droppedSpans += oldest.spans.size
      this.#droppedTraces++
    }
    return this.#fits(traceId, size)
  }

  #fits(traceId: string, size: number): boolean {
    return (
      this.#spans < this.#maxSpans &&
      this.#characters + size <= this.#maxCharacters &&
      (this.entries.size < this.#maxTraces || this.entries.has(traceId))
    )
  }
}
