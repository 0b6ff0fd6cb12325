/**
 * Traces of which a span was lost, so that no more of them is kept than anybody can read.
 */
import type { SpanData } from "../model/SpanData.ts"

/** So many are remembered, a megabyte; of one that is forgotten, what comes later is kept again. */
const most = 10_000

export class TornTraces {
  readonly #ids = new Set<string>()

  add({ traceId }: SpanData): void {
    this.#ids.add(traceId)
    if (this.#ids.size > most) this.#ids.delete(this.#ids.values().next().value!)
  }

  /** True for a span of such a trace. */
  readonly has = ({ traceId }: SpanData): boolean => this.#ids.size > 0 && this.#ids.has(traceId)
}
