/**
 * Spans that wait, already laid out as the batches they will leave in.
 *
 * Adding a span is an addition and a push; every so often those that came last
 * take on the form in which they wait. What waits is measured a batch at a
 * time, and only while batches pile up: who keeps up pays nothing for it.
 */
import type { SpanData } from "../model/SpanData.ts"
import type { Countable } from "../model/SpanExporter.ts"
import type { SpanForm } from "./SpanForm.ts"
import * as SpanSize from "./SpanSize.ts"
import * as SpanWorth from "./SpanWorth.ts"

export interface BatchQueueOptions {
  readonly batchSize: number
  /** How many spans may wait. */
  readonly queueSize: number
  /** How many bytes they may take, by estimate. */
  readonly queueBytes: number
}

/** Neighbours in the order of arrival. `from` is the position of the first. */
export interface Batch<Spans> {
  readonly from: number
  readonly spans: Spans
  readonly length: number
}

/** A batch that waits. */
interface Waiting<Spans> {
  readonly from: number
  parts: Array<Spans>
  /** How many spans are in the parts. */
  length: number
  /** 0 until it is measured. */
  bytes: number
  /** No span in it is known to be worth less. */
  worth: number
}

/** A batch that takes so many bytes is full: collectors take four mebibytes over gRPC. */
const fullBytes = 2 * 1024 * 1024

/** So many full batches are on their way before anyone notices: only what is behind them is measured. */
const unmeasured = 8

const begun = <Spans>(from: number): Waiting<Spans> => ({ from, parts: [], length: 0, bytes: 0, worth: 0 })

export class BatchQueue<Spans extends Countable<Spans>> {
  /** How many spans were taken in, ever: the position of the next. */
  accepted = 0
  /** How many spans wait. */
  waiting = 0
  #bytes = 0
  readonly #full: Array<Waiting<Spans>> = []
  #filling: Waiting<Spans> = begun(0)
  /** The last spans of the batch that is being filled, which have not taken on their form. */
  #fresh: Array<SpanData> = []
  /** How many they may become. */
  #room: number
  /** How many bytes one of them took on the average, when the last of them took on their form. */
  #mean = 0
  readonly #form: SpanForm<Spans>
  readonly #options: BatchQueueOptions

  constructor(form: SpanForm<Spans>, options: BatchQueueOptions) {
    this.#form = form
    this.#options = options
    this.#room = Math.min(form.partSize, options.batchSize)
  }

  get isFull(): boolean {
    return this.waiting >= this.#options.queueSize || this.#bytes >= this.#options.queueBytes
  }

  /** How many bytes what waits takes, by estimate; measures what was not worth measuring yet. */
  get bytes(): number {
    let bytes = this.#bytes + SpanSize.ofAll(this.#fresh)
    for (const batch of [...this.#full, this.#filling]) if (batch.bytes === 0) bytes += this.#sizeOf(batch)
    return bytes
  }

  /** The position behind the last full batch. */
  get filled(): number {
    return this.#filling.from
  }

  /** The position of the next batch to leave. */
  get next(): number {
    return (this.#full[0] ?? this.#filling).from
  }

  /** True when this span filled a batch. */
  push(span: SpanData): boolean {
    this.accepted++
    this.waiting++
    if (this.#fresh.push(span) < this.#room) return false
    this.#shape()
    if (this.#filling.length < this.#options.batchSize && this.#filling.bytes < fullBytes) return false
    this.#full.push(this.#filling)
    this.#begin()
    if (this.#full.length > unmeasured && !this.#form.isWeighed) this.#measure()
    return true
  }

  /** The oldest batch, full or not; `undefined` when nothing waits. */
  take(): Batch<Spans> | undefined {
    if (this.waiting === 0) return undefined
    let batch = this.#full.shift()
    if (batch === undefined) {
      this.#shape()
      batch = this.#filling
      this.#begin()
    }
    this.waiting -= batch.length
    this.#bytes -= batch.bytes
    return { from: batch.from, length: batch.length, spans: this.#form.join(batch.parts) }
  }

  /** Gives up those spans of the oldest full batch that are worth least, if that is less than `worth`. */
  thin(worth: number): Batch<Spans> | undefined {
    const { filter } = this.#form
    if (filter === undefined) return undefined
    for (let least = 0; least < worth; least++) {
      for (const batch of this.#full) {
        if (batch.worth > least) continue
        batch.worth = least + 1
        const spans = this.#form.join(batch.parts)
        const kept = filter(spans, (span) => SpanWorth.of(span) > least)
        if (kept.length < batch.length) {
          return this.#replace(
            batch,
            kept,
            filter(spans, (span) => SpanWorth.of(span) <= least)
          )
        }
      }
    }
    return undefined
  }

  /** What is left of a batch keeps its first positions. */
  #replace(batch: Waiting<Spans>, kept: Spans, lost: Spans): Batch<Spans> {
    batch.parts = [kept]
    batch.length -= lost.length
    this.waiting -= lost.length
    if (batch.bytes > 0) {
      this.#bytes -= batch.bytes
      batch.bytes = this.#form.bytesOf(kept)
      this.#bytes += batch.bytes
    }
    return { from: batch.from + batch.length, length: lost.length, spans: lost }
  }

  #begin(): void {
    this.#filling = begun(this.accepted)
    this.#makeRoom()
  }

  /** Those that came last take on the form in which they wait. */
  #shape(): void {
    const { length } = this.#fresh
    if (length === 0) return
    const part = this.#form.from(this.#fresh)
    this.#filling.parts.push(part)
    this.#filling.length += length
    if (this.#form.isWeighed) {
      const bytes = this.#form.bytesOf(part)
      this.#filling.bytes += bytes
      this.#bytes += bytes
      this.#mean = bytes / length
    }
    this.#fresh = []
    this.#makeRoom()
  }

  /** Large spans are taken a few at a time, so that none of their batches is much larger than it should be. */
  #makeRoom(): void {
    const { bytes, length } = this.#filling
    const fitting = Math.max(1, Math.ceil((fullBytes - bytes) / this.#mean))
    this.#room = Math.min(this.#form.partSize, this.#options.batchSize - length, fitting)
  }

  #sizeOf({ parts }: Waiting<Spans>): number {
    return parts.reduce((sum, part) => sum + this.#form.bytesOf(part), 0)
  }

  #measure(): void {
    for (let index = this.#full.length - 1; index >= 0; index--) {
      const batch = this.#full[index]!
      if (batch.bytes > 0) return
      batch.bytes = this.#sizeOf(batch)
      this.#bytes += batch.bytes
    }
  }
}
