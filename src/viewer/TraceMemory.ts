/**
 * The traces that fit into memory.
 *
 * Bounded in traces, in spans and in the characters they hold: past any of
 * the limits the oldest trace leaves, whole, and is counted.
 */
import type { Attributes } from "../model/Attributes.ts"
import type { Resource } from "../model/SpanData.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as TraceSummary from "./TraceSummary.ts"

export interface TraceMemoryOptions {
  /** Default 1000. */
  readonly maxTraces?: number | undefined
  /** Default 250 000. */
  readonly maxSpans?: number | undefined
  /** Of names, attributes and events, all traces together. Default 128 million. */
  readonly maxCharacters?: number | undefined
}

export interface StoredTrace {
  readonly summary: TraceSummary.TraceSummary
  /** In the order they arrived. */
  readonly spans: ReadonlyArray<ReceivedSpan>
}

export interface MemoryCounts {
  readonly traces: number
  readonly spans: number
  /** Left out to stay within the limits, since the start. */
  readonly droppedTraces: number
  readonly droppedSpans: number
}

const largeTrace = 2000

/** One trace as it grows. */
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

const lengthOf = (value: unknown): number =>
  typeof value === "string"
    ? value.length
    : Array.isArray(value)
      ? value.reduce<number>((sum, one) => sum + lengthOf(one), 8)
      : 8

const lengthOfRecord = (attributes: Attributes): number => {
  let total = 0
  for (const key in attributes) total += key.length + lengthOf(attributes[key])
  return total
}

const resourceLengths = new WeakMap<Resource, number>()

/** Counted with each of its spans: too much, but an upper bound. */
const lengthOfResource = (resource: Resource): number => {
  const known = resourceLengths.get(resource)
  if (known !== undefined) return known
  const length = lengthOfRecord(resource.attributes)
  resourceLengths.set(resource, length)
  return length
}

const charactersOf = (span: ReceivedSpan): number => {
  const { attributes, events, links, name, resource, scope, statusMessage, traceState } = span
  let total = 200 + name.length + statusMessage.length + traceState.length + scope.name.length + scope.version.length
  total += lengthOfResource(resource)
  for (const [key, value] of attributes) total += key.length + lengthOf(value)
  for (const event of events) total += 100 + event.name.length + lengthOfRecord(event.attributes)
  // Their `tracestate` was cut to its limit when they were received
  for (const link of links) total += 700 + lengthOfRecord(link.attributes)
  return total
}
