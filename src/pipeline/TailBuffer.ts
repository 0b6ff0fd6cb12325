/**
 * Where spans wait for the verdict on their trace, bounded in spans, bytes and traces.
 *
 * What does not fit is made room for by the trace that has waited longest,
 * which goes whole. One trace may hold only so many spans.
 */
import type { SpanData } from "../model/SpanData.ts"
import * as SpanSize from "./SpanSize.ts"
import { isLocalRoot } from "../model/SpanIdWords.ts"
import { TailTrace } from "./TailTrace.ts"

export interface TailBufferOptions {
  /** How many spans may wait, of all traces and of one. */
  readonly maxSpans: number
  readonly maxSpansPerTrace: number
  /** How many bytes they may take, by estimate. */
  readonly maxBytes: number
  /** How many traces may be undecided, those among them that have no ended span yet. */
  readonly maxTraces: number
}

/** Which bound was met. */
export type Bound = "spans" | "bytes" | "traces"

export class TailBuffer {
  spans = 0
  bytes = 0
  /** Oldest first. */
  readonly #traces = new Map<string, TailTrace>()
  readonly #options: TailBufferOptions

  constructor(options: TailBufferOptions) {
    this.#options = options
  }

  get traces(): number {
    return this.#traces.size
  }

  get(traceId: string): TailTrace | undefined {
    return this.#traces.get(traceId)
  }

  /** A local root began, which belongs to a trace that waits already or to a new one. */
  open(traceId: string, rootId: string): void {
    const known = this.#traces.get(traceId)
    if (known === undefined) this.#traces.set(traceId, new TailTrace(traceId, rootId))
    else known.open(rootId)
  }

  /** Keeps a span with its trace; false when the trace holds as many as it may. Local roots are always kept. */
  add(trace: TailTrace, span: SpanData): boolean {
    if (trace.spans.length >= this.#options.maxSpansPerTrace && !isLocalRoot(span)) {
      trace.missing++
      return false
    }
    const bytes = SpanSize.estimate(span)
    trace.spans.push(span)
    trace.bytes += bytes
    this.spans++
    this.bytes += bytes
    return true
  }

  /** Takes a trace out; its spans count until they have left. */
  remove(trace: TailTrace): void {
    this.#traces.delete(trace.traceId)
  }

  /** So many spans have left, and their share of the bytes. */
  leave(spans: number, bytes: number): void {
    this.spans -= spans
    this.bytes -= bytes
  }

  /** The bound that is exceeded. */
  get exceeded(): Bound | undefined {
    const { maxBytes, maxSpans, maxTraces } = this.#options
    if (this.spans > maxSpans) return "spans"
    if (this.bytes > maxBytes) return "bytes"
    return this.#traces.size > maxTraces ? "traces" : undefined
  }

  /** The trace that has waited longest. */
  get oldest(): TailTrace | undefined {
    return this.#traces.values().next().value
  }

  /** All that wait; they may be taken out meanwhile. */
  all(): Iterable<TailTrace> {
    return this.#traces.values()
  }
}
