/**
 * Spans that wait, already laid out as the batches they will leave in.
 *
 * Adding a span is an addition and a push. What waits is measured a batch at
 * a time, and only while batches pile up: who keeps up pays nothing for it.
 */
import type { SpanData } from "../model/SpanData.ts"
import * as SpanSize from "./SpanSize.ts"

export interface BatchQueueOptions {
  readonly batchSize: number
  /** How many spans may wait. */
  readonly queueSize: number
  /** How many bytes they may take, by estimate. */
  readonly queueBytes: number
}

/** Neighbours in the order of arrival. `from` is the position of the first. */
export interface Batch {
  readonly spans: Array<SpanData>
  readonly from: number
  /** 0 until it is measured. */
  bytes: number
}

/** So many full batches are on their way before anyone notices: only what is behind them is measured. */
const unmeasured = 8

export class BatchQueue {
  /** How many spans were taken in, ever: the position of the next. */
  accepted = 0
  /** How many spans wait. */
  waiting = 0
  #bytes = 0
  /** The last one is being filled. */
  readonly #batches: Array<Batch> = []
  #filling: Batch = { spans: [], from: 0, bytes: 0 }
  readonly #options: BatchQueueOptions

  constructor(options: BatchQueueOptions) {
    this.#options = options
  }

  get isFull(): boolean {
    return this.waiting >= this.#options.queueSize || this.#bytes >= this.#options.queueBytes
  }

  /** How many bytes what waits takes, by estimate; measures what was not worth measuring yet. */
  get bytes(): number {
    let bytes = this.#bytes
    for (const batch of [...this.#batches, this.#filling]) {
      if (batch.bytes === 0) for (const span of batch.spans) bytes += SpanSize.estimate(span)
    }
    return bytes
  }

  /** The position behind the last full batch. */
  get filled(): number {
    return this.#filling.from
  }

  /** The position of the next batch to leave. */
  get next(): number {
    return (this.#batches[0] ?? this.#filling).from
  }

  /** True when this span filled a batch. */
  push(span: SpanData): boolean {
    this.accepted++
    this.waiting++
    if (this.#filling.spans.push(span) < this.#options.batchSize) return false
    this.#batches.push(this.#filling)
    this.#begin()
    if (this.#batches.length > unmeasured) this.#measure()
    return true
  }

  /** The oldest batch, full or not; `undefined` when nothing waits. */
  take(): Batch | undefined {
    if (this.waiting === 0) return undefined
    const batch = this.#batches.shift() ?? this.#filling
    if (batch === this.#filling) this.#begin()
    this.waiting -= batch.spans.length
    this.#bytes -= batch.bytes
    return batch
  }

  #begin(): void {
    this.#filling = { spans: [], from: this.accepted, bytes: 0 }
  }

  #measure(): void {
    for (let index = this.#batches.length - 1; index >= 0; index--) {
      const batch = this.#batches[index]!
      if (batch.bytes > 0) return
      for (const span of batch.spans) batch.bytes += SpanSize.estimate(span)
      this.#bytes += batch.bytes
    }
  }
}
