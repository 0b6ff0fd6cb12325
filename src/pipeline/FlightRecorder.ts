/**
 * What tail sampling does with each span: holds it, decides its trace, or lets it follow a verdict.
 *
 * Synchronous and total. A span costs a look-up and an addition, and what a
 * trace costs when it is decided is spread over its spans.
 */
import * as RecordedSpan from "../model/RecordedSpan.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { SpanSink } from "../model/SpanSink.ts"
import type { TokenBucket } from "../sampling/TokenBucket.ts"
import { LatencySketch } from "./LatencySketch.ts"
import { Releasing } from "./Releasing.ts"
import * as SpanSize from "./SpanSize.ts"
import { type Bound, TailBuffer, type TailBufferOptions } from "./TailBuffer.ts"
import * as TailRule from "./TailRule.ts"
import { isLocalRoot } from "../model/SpanIdWords.ts"
import type { TailTrace } from "./TailTrace.ts"
import type { TailView } from "./TailView.ts"
import * as Verdict from "./Verdict.ts"

export interface FlightRecorderOptions extends TailBufferOptions {
  /** Asked in this order; the first reason counts. */
  readonly rules: ReadonlyArray<TailRule.TailRule>
  /** Those of them that are right before the end, too, once they give a reason. */
  readonly certainRules: ReadonlyArray<TailRule.TailRule>
  /** Which share of the runs of each operation is among its slowest; absent where nobody asks. */
  readonly slowest?: number | undefined
  /** Bounds what is kept; absent where nothing does. */
  readonly keptRate?: TokenBucket | undefined
  readonly books: SpanBooks.SpanBooks
  /** Told of spans that are lost. */
  readonly onLost?: (reason: TailLoss, spans: number) => void
}

/** Why spans are lost, as the books say it. */
export type TailLoss = "tail_spans" | "tail_bytes" | "tail_traces" | "tail_trace"

const lostTo: Readonly<Record<Bound, TailLoss>> = { spans: "tail_spans", bytes: "tail_bytes", traces: "tail_traces" }

const count = (counts: Map<string, number>, reason: string): void => {
  counts.set(reason, (counts.get(reason) ?? 0) + 1)
}

export class FlightRecorder implements TailView {
  readonly kept = new Map<string, number>()
  readonly evicted = new Map<string, number>()
  letGo = 0
  readonly releasing = new Releasing()
  readonly #options: FlightRecorderOptions
  readonly #buffer: TailBuffer
  readonly #verdicts: Verdict.VerdictMemory
  readonly #latencies: LatencySketch | undefined

  constructor(options: FlightRecorderOptions) {
    this.#options = options
    this.#buffer = new TailBuffer(options)
    this.#verdicts = new Verdict.VerdictMemory(options.maxTraces)
    if (options.slowest !== undefined) this.#latencies = new LatencySketch(options.slowest)
  }

  get undecided(): number {
    return this.#buffer.traces
  }
  get spans(): number {
    return this.#buffer.spans
  }
  get bytes(): number {
    return this.#buffer.bytes
  }

  /** What was kept once is kept on, and what was lost is lost until it is over; what was let go begins anew. */
  begin(traceId: string, rootId: string): void {
    const verdict = this.#verdicts.get(traceId)
    if (verdict?._tag === "kept") return
    if (verdict !== undefined) return verdict.trace.open(rootId)
    this.#buffer.open(traceId, rootId)
    this.#makeRoom()
  }

  push(span: SpanData, next: SpanSink): void {
    const slowest = this.#latencies !== undefined && isLocalRoot(span) && this.#latencies.observe(span)
    if (!RecordedSpan.isRecordedOnly(span)) return next.push(span)
    const trace = this.#buffer.get(span.traceId)
    if (trace === undefined) return this.#follow(span, next)
    trace.wasAmongSlowest ||= slowest
    if (this.#buffer.add(trace, span)) this.#options.books.undecided++
    else this.#lose("tail_trace", 1, span)
    if (trace.see(span)) this.#decide(trace, next)
    else this.#makeRoom()
  }

  /** Keeps the traces of which it is sure already. Others are not torn. */
  keepCertain(next: SpanSink): void {
    for (const trace of this.#buffer.all()) {
      if (TailRule.reasonOf(this.#options.certainRules, trace) !== undefined) this.#decide(trace, next)
    }
  }

  /** Decides all that is left, whose local roots nobody will end any more. */
  settle(next: SpanSink): void {
    for (const trace of this.#buffer.all()) {
      trace.wasInterrupted = true
      if (trace.spans.length === 0) this.#buffer.remove(trace)
      else this.#decide(trace, next)
    }
  }

  /** Its trace is decided, or nobody knows of it. */
  #follow(span: SpanData, next: SpanSink): void {
    const verdict = this.#verdicts.get(span.traceId)
    if (verdict === undefined) return next.push(span)
    if (verdict._tag === "kept") return next.push(RecordedSpan.keep(span, verdict.of(span)))
    this.#lose(lostTo[verdict.bound], 1, span)
    if (verdict.trace.see(span)) this.#verdicts.forget(span.traceId)
  }

  /** Why it is kept, if it is. */
  #reasonOf(trace: TailTrace): string | undefined {
    const { books, keptRate, rules } = this.#options
    const reason = TailRule.reasonOf(rules, trace)
    if (reason === undefined || keptRate === undefined || keptRate.take()) return reason
    SpanBooks.refuse(books, "tail_rate")
    return undefined
  }

  #decide(trace: TailTrace, next: SpanSink): void {
    this.#buffer.remove(trace)
    const reason = this.#reasonOf(trace)
    if (reason === undefined) {
      this.letGo++
      this.#options.books.letGo += trace.spans.length
      return this.#leave(trace.spans.length, trace.bytes)
    }
    count(this.kept, reason)
    if (trace.missing === 0) this.#options.books.leftOut.forget(trace.traceId)
    const verdict = Verdict.kept(reason, trace.missing)
    this.#verdicts.set(trace.traceId, verdict)
    this.releasing.add(trace.spans, (span) => {
      this.#leave(1, SpanSize.estimate(span))
      try {
        next.push(RecordedSpan.keep(span, verdict.of(span)))
      } catch {
        // A stage that trips over one has the others all the same
        SpanBooks.drop(this.#options.books, "stage_failed")
      }
    })
  }

  #makeRoom(): void {
    for (let bound = this.#buffer.exceeded; bound !== undefined; bound = this.#buffer.exceeded) {
      // What is kept already makes room before anything is lost
      if (bound !== "traces" && this.releasing.next()) continue
      const { oldest } = this.#buffer
      if (oldest === undefined) return
      this.#evict(oldest, bound)
    }
  }

  #evict(trace: TailTrace, bound: Bound): void {
    const { bytes, spans } = trace
    this.#buffer.remove(trace)
    this.#leave(spans.length, bytes)
    count(this.evicted, bound)
    if (spans.length > 0) this.#lose(lostTo[bound], spans.length, trace)
    spans.length = 0
    this.#verdicts.set(trace.traceId, { _tag: "evicted", bound, trace })
  }

  #lose(reason: TailLoss, spans: number, { traceId }: Pick<SpanData, "traceId">): void {
    SpanBooks.drop(this.#options.books, reason, spans)
    this.#options.books.leftOut.note(traceId, reason)
    this.#options.onLost?.(reason, spans)
  }

  #leave(spans: number, bytes: number): void {
    this.#buffer.leave(spans, bytes)
    this.#options.books.undecided -= spans
  }
}
