/**
 * Hands on the spans of kept traces, a slice at a time, so that a run of ten thousand spans stops nobody when it is kept.
 *
 * The first slice goes at once, which is all of most traces; the rest as the
 * program yields, or in one go where there is no time left.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { SpanData } from "../model/SpanData.ts"

/** With a spool, which writes each of them down, a few milliseconds. */
const slice = 128

interface Released {
  readonly spans: ReadonlyArray<SpanData>
  readonly handOn: (span: SpanData) => void
  /** How many have gone. */
  gone: number
}

export class Releasing {
  readonly #waiting: Array<Released> = []
  readonly #some = Latch.makeUnsafe()

  /** Releases spans; `handOn` does not throw. */
  add(spans: ReadonlyArray<SpanData>, handOn: Released["handOn"]): void {
    this.#waiting.push({ spans, handOn, gone: 0 })
    if (this.#waiting.length === 1) this.next()
    if (this.#waiting.length > 0) this.#some.openUnsafe()
  }

  /** Releases the next slice; false when nothing is left. */
  next(): boolean {
    const [first] = this.#waiting
    if (first === undefined) return false
    const from = first.gone
    first.gone = Math.min(first.spans.length, from + slice)
    for (let index = from; index < first.gone; index++) first.handOn(first.spans[index]!)
    if (first.gone === first.spans.length) this.#waiting.shift()
    return true
  }

  /** Releases all that is left, now. */
  finish(): void {
    while (this.next());
  }

  /** The same, and lets others have their turn meanwhile. */
  readonly drain: Effect.Effect<void> = Effect.whileLoop({
    while: () => this.next(),
    body: () => Effect.yieldNow,
    step: () => undefined
  })

  /** Never ends. A latch resumes its waiters on the stack of whoever opens it, which may be `push`: hence the yield. */
  readonly run: Effect.Effect<never> = Effect.suspend(() => {
    if (this.#waiting.length === 0) this.#some.closeUnsafe()
    return this.#some.await
  }).pipe(Effect.andThen(Effect.yieldNow), Effect.andThen(this.drain), Effect.forever)
}
