/**
 * The traces that fit into memory.
 *
 * Bounded in traces, in spans, in log records and in the characters they
 * hold: past any of the limits the oldest trace leaves, whole, and is counted.
 */
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as LogIdentity from "./LogIdentity.ts"
import { charactersOf, charactersOfLog } from "./SpanWeight.ts"
import { TraceEntry } from "./TraceEntry.ts"
import { WaitingLogs } from "./WaitingLogs.ts"

export interface TraceMemoryOptions {
  /** Default 1000. */
  readonly maxTraces?: number | undefined
  /** Default 250 000. */
  readonly maxSpans?: number | undefined
  /** Log records that belong to traces. Default 250 000. */
  readonly maxLogs?: number | undefined
  /** Of names, attributes, events and log records, all traces together. Default 128 million. */
  readonly maxCharacters?: number | undefined
}

export interface MemoryCounts {
  readonly traces: number
  readonly spans: number
  /** Log records of these traces. */
  readonly logs: number
  /** Log records of traces that are not here, or not yet: at most 20 000 wait. */
  readonly waitingLogs: number
  /** Left out to stay within the limits, since the start. */
  readonly droppedTraces: number
  readonly droppedSpans: number
  readonly droppedLogs: number
  /** Log records that said no trace, and were let go. */
  readonly untracedLogs: number
}

/** Which traces grew by what, and which were let go. */
export interface Intake {
  readonly grown: ReadonlySet<string>
  readonly gone: ReadonlySet<string>
  readonly taken: ReadonlyArray<ReceivedSpan>
  readonly noted: ReadonlyArray<LogIdentity.NotedLog>
}

const makeIntake = () => ({
  grown: new Set<string>(),
  gone: new Set<string>(),
  taken: Array<ReceivedSpan>(),
  noted: Array<LogIdentity.NotedLog>()
})

export class TraceMemory {
  /** Oldest first. */
  readonly entries = new Map<string, TraceEntry>()
  readonly #waiting = new WaitingLogs()
  readonly #maxTraces: number
  readonly #maxSpans: number
  readonly #maxLogs: number
  readonly #maxCharacters: number
  #spans = 0
  #logs = 0
  #characters = 0
  #droppedTraces = 0
  #droppedSpans = 0
  #droppedLogs = 0
  #untracedLogs = 0

  constructor(options: TraceMemoryOptions) {
    this.#maxTraces = options.maxTraces ?? 1000
    this.#maxSpans = options.maxSpans ?? 250_000
    this.#maxLogs = options.maxLogs ?? 250_000
    this.#maxCharacters = options.maxCharacters ?? 128_000_000
  }

  get counts(): MemoryCounts {
    return {
      traces: this.entries.size,
      spans: this.#spans,
      logs: this.#logs,
      waitingLogs: this.#waiting.size,
      droppedTraces: this.#droppedTraces,
      droppedSpans: this.#droppedSpans,
      droppedLogs: this.#droppedLogs + this.#waiting.dropped,
      untracedLogs: this.#untracedLogs
    }
  }

  /** A span that is here already changes nothing. Records that waited for a trace which begins now join it. */
  add(spans: Iterable<ReceivedSpan>, now: number): Intake {
    const intake = makeIntake()
    const begun = new Set<string>()
    for (const span of spans) {
      if (this.entries.get(span.traceId)?.spans.has(span.spanId) === true) continue
      const size = charactersOf(span)
      if (!this.#makeRoom(span.traceId, size, intake.gone, () => this.#spans < this.#maxSpans)) {
        this.#droppedSpans++
        continue
      }
      let entry = this.entries.get(span.traceId)
      if (entry === undefined) {
        entry = new TraceEntry(span.traceId)
        begun.add(span.traceId)
      }
      entry.grow(span, size, now)
      this.entries.set(span.traceId, entry)
      this.#spans++
      this.#characters += size
      intake.grown.add(span.traceId)
      intake.taken.push(span)
    }
    for (const traceId of begun) {
      if (this.entries.has(traceId)) this.#note(this.#waiting.take(traceId), now, intake)
    }
    return intake
  }

  /** Records join their trace, or wait for it. One that is here already changes nothing; one of no trace is let go. */
  addLogs(logs: Iterable<ReceivedLog>, now: number): Intake {
    const intake = makeIntake()
    const identify = LogIdentity.numbering()
    for (const log of logs) {
      const { traceId } = log
      if (traceId === undefined) this.#untracedLogs++
      else this.#note([{ identity: identify(log), traceId, log }], now, intake)
    }
    return intake
  }

  #note(all: Iterable<LogIdentity.NotedLog>, now: number, { gone, grown, noted }: ReturnType<typeof makeIntake>): void {
    for (const one of all) {
      const { identity, log, traceId } = one
      const entry = this.entries.get(traceId)
      if (entry === undefined) {
        this.#waiting.add(one)
        continue
      }
      if (entry.logs.has(identity)) continue
      const size = charactersOfLog(log)
      if (!this.#makeRoom(traceId, size, gone, () => this.#logs < this.#maxLogs)) {
        this.#droppedLogs++
        continue
      }
      entry.note(one, size, now)
      this.#logs++
      this.#characters += size
      grown.add(traceId)
      noted.push(one)
    }
  }

  /** Lets a trace go that somebody wants gone; it does not count as dropped. */
  remove(traceId: string): boolean {
    const entry = this.entries.get(traceId)
    if (entry === undefined) return false
    this.entries.delete(traceId)
    this.#spans -= entry.spans.size
    this.#logs -= entry.logs.size
    this.#characters -= entry.characters
    return true
  }

  /** Lets all records go that wait for a trace. */
  clearWaiting(): void {
    this.#waiting.clear()
  }

  /** Lets the oldest traces go until one more fits; false when its own trace fills the memory alone. */
  #makeRoom(traceId: string, size: number, gone: Set<string>, isRoom: () => boolean): boolean {
    const fits = (): boolean =>
      isRoom() &&
      this.#characters + size <= this.#maxCharacters &&
      (this.entries.size < this.#maxTraces || this.entries.has(traceId))
    if (size > this.#maxCharacters) return false
    for (const oldest of this.entries.values()) {
      if (fits()) return true
      if (oldest.traceId === traceId) continue
      this.remove(oldest.traceId)
      gone.add(oldest.traceId)
      this.#droppedSpans += oldest.spans.size
      this.#droppedLogs += oldest.logs.size
      this.#droppedTraces++
    }
    return fits()
  }
}
