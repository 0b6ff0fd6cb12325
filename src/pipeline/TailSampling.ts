/**
 * Decides which traces are kept when it is known how they ended: a flight recorder for the runs that sampling left out.
 *
 * Their spans are recorded and wait here. When the last open local root of a
 * trace has ended, the run is over, and a verdict falls at once: all of the
 * trace that happened in this process is kept, or let go. Spans that come
 * later follow the verdict. Sampled spans pass straight through.
 *
 * A span costs a look-up and an addition. What waits is bounded; the oldest
 * trace makes room, whole, and is counted. What is undecided lives in memory
 * alone, also where there is a spool.
 */
import * as Effect from "effect/Effect"
import * as RecordedSpan from "../model/RecordedSpan.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { SpanSink, Stage } from "../model/SpanSink.ts"
import { LatencySketch } from "./LatencySketch.ts"
import { type Bound, TailBuffer, type TailBufferOptions } from "./TailBuffer.ts"
import * as TailRule from "./TailRule.ts"
import { isLocalRoot, type TailTrace } from "./TailTrace.ts"
import type { TailView } from "./TailView.ts"
import * as Verdict from "./Verdict.ts"

export interface TailSamplingOptions extends TailBufferOptions {
  /** Asked in this order; the first reason counts. */
  readonly rules: ReadonlyArray<TailRule.TailRule>
  /** Which share of the runs of each operation is among its slowest; absent where nobody asks. */
  readonly slowest?: number | undefined
  readonly books: SpanBooks.SpanBooks
}

export interface TailSampling {
  /** Stands before everything that is meant for sampled spans. What it hands on unsampled is to be let go. */
  readonly stage: Stage
  /** Has to be told of every local root that is recorded only, when it begins. */
  readonly begin: (traceId: string, rootId: string) => void
  readonly view: TailView
}

const count = (counts: Map<string, number>, reason: string): void => {
  counts.set(reason, (counts.get(reason) ?? 0) + 1)
}

/** Told of spans that are lost, as the books say it. */
const lostTo: Readonly<Record<Bound, string>> = { spans: "tail_spans", bytes: "tail_bytes", traces: "tail_traces" }

class Recorder implements TailView {
  readonly kept = new Map<string, number>()
  readonly evicted = new Map<string, number>()
  letGo = 0
  #closed = false
  readonly #options: TailSamplingOptions
  readonly #buffer: TailBuffer
  readonly #verdicts: Verdict.VerdictMemory
  readonly #latencies: LatencySketch | undefined

  constructor(options: TailSamplingOptions) {
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
    if (this.#closed || verdict?._tag === "kept") return
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
    else SpanBooks.drop(this.#options.books, "tail_trace")
    if (trace.see(span)) this.#decide(trace, next)
    else this.#makeRoom()
  }

  /** Its trace is decided, or nobody knows of it. */
  #follow(span: SpanData, next: SpanSink): void {
    const verdict = this.#verdicts.get(span.traceId)
    if (verdict === undefined) return next.push(span)
    if (verdict._tag === "kept") return next.push(RecordedSpan.keep(span, verdict.of(span)))
    SpanBooks.drop(this.#options.books, lostTo[verdict.bound])
    if (verdict.trace.see(span)) this.#verdicts.forget(span.traceId)
  }

  #decide(trace: TailTrace, next: SpanSink): void {
    this.#take(trace)
    const reason = TailRule.reasonOf(this.#options.rules, trace)
    if (reason === undefined) {
      this.letGo++
      this.#options.books.letGo += trace.spans.length
    } else {
      count(this.kept, reason)
      const verdict = Verdict.kept(reason, trace.missing)
      this.#verdicts.set(trace.traceId, verdict)
      this.#release(trace, verdict, next)
    }
  }

  /** All of it, and each by itself: a stage that trips over one has the others all the same. */
  #release({ spans }: TailTrace, verdict: Verdict.Kept, next: SpanSink): void {
    for (const span of spans) {
      try {
        next.push(RecordedSpan.keep(span, verdict.of(span)))
      } catch {
        SpanBooks.drop(this.#options.books, "stage_failed")
      }
    }
  }

  #makeRoom(): void {
    for (let bound = this.#buffer.exceeded; bound !== undefined; bound = this.#buffer.exceeded) {
      const { oldest } = this.#buffer
      if (oldest === undefined) return
      this.#take(oldest)
      count(this.evicted, bound)
      if (oldest.spans.length > 0) SpanBooks.drop(this.#options.books, lostTo[bound], oldest.spans.length)
      oldest.spans.length = 0
      this.#verdicts.set(oldest.traceId, { _tag: "evicted", bound, trace: oldest })
    }
  }

  #take(trace: TailTrace): void {
    this.#buffer.remove(trace)
    this.#options.books.undecided -= trace.spans.length
  }

  /** Keeps the traces of which it is sure already, as an error will not go away. Others are not torn. */
  keepFailed(next: SpanSink): void {
    for (const trace of this.#buffer.all()) {
      if (trace.hasError && TailRule.reasonOf(this.#options.rules, trace) !== undefined) this.#decide(trace, next)
    }
  }

  /** Decides all that is left, whose local roots nobody will end any more. */
  close(next: SpanSink): void {
    this.#closed = true
    for (const trace of this.#buffer.all()) {
      trace.wasInterrupted = true
      if (trace.spans.length === 0) this.#take(trace)
      else this.#decide(trace, next)
    }
  }
}

/**
 * Makes a stage and what feeds it. A flush sends what is decided, and what is sure to be kept; closing the scope decides
 * the rest: what has failed or was interrupted is kept where that is wished, and all else let go.
 */
export const make = (options: TailSamplingOptions): TailSampling => {
  const recorder = new Recorder(options)
  return {
    view: recorder,
    begin: (traceId, rootId) => recorder.begin(traceId, rootId),
    stage: (next) =>
      Effect.as(
        Effect.addFinalizer(() => Effect.sync(() => recorder.close(next))),
        {
          push: (span) => recorder.push(span, next),
          flush: Effect.suspend(() => {
            recorder.keepFailed(next)
            return next.flush
          })
        }
      )
  }
}
