/**
 * The spans of a spool that are in memory, on their way, and where on disk each of them is.
 */
import type { SpanData } from "../model/SpanData.ts"
import type { SpoolPlace } from "./SpoolPlace.ts"

export interface SpoolWindowOptions {
  /** How many spans may be on their way. */
  readonly spans: number
  /** How many bytes they may take, by estimate. */
  readonly bytes: number
}

/** What a span takes in memory besides what is written of it (`npm run bench -- S4`). */
const overhead = 512

interface Entry {
  /** `undefined` when the span is in memory alone. */
  readonly place: SpoolPlace | undefined
  readonly bytes: number
  /** True when it stays on disk for whoever comes next. */
  left: boolean
}

export class SpoolWindow {
  #bytes = 0
  readonly #entries = new Map<SpanData, Entry>()
  readonly #options: SpoolWindowOptions

  constructor(options: SpoolWindowOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  /** True when one more may be on its way. */
  get hasRoom(): boolean {
    return this.#entries.size < this.#options.spans && this.#bytes < this.#options.bytes
  }

  /** True when less than half of it is taken. */
  get isHalfEmpty(): boolean {
    return 2 * this.#entries.size < this.#options.spans && 2 * this.#bytes < this.#options.bytes
  }

  add(span: SpanData, place: SpoolPlace | undefined, length: number): void {
    const bytes = length + overhead
    this.#entries.set(span, { place, bytes, left: false })
    this.#bytes += bytes
  }

  /** Where a span is that is on its way. */
  placeOf(span: SpanData): SpoolPlace | undefined {
    return this.#entries.get(span)?.place
  }

  /** It stays on disk for whoever comes next; answers where, the first time. */
  leave(span: SpanData): SpoolPlace | undefined {
    const entry = this.#entries.get(span)
    if (entry === undefined || entry.left) return undefined
    entry.left = true
    return entry.place
  }

  /** It is on its way no more; answers where it is on disk. */
  remove(span: SpanData): SpoolPlace | undefined {
    const entry = this.#entries.get(span)
    if (entry === undefined) return undefined
    this.#entries.delete(span)
    this.#bytes -= entry.bytes
    return entry.place
  }
}
