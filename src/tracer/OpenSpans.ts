/**
 * The spans that are open, so that those still open at the end of a program are told as well.
 *
 * A list that runs through the spans themselves: to open and to end a span
 * costs it two assignments, and it holds nothing that has ended.
 *
 * A span that a program opens and forgets stays on the list, which is
 * therefore bounded: of spans opened beyond {@link most}, those still open at
 * the end are lost, as all of them would be without it.
 */
import * as Exit from "effect/Exit"
import type * as SpanClock from "./SpanClock.ts"

/** A span, as a link of the list. */
export interface OpenSpan {
  after: OpenSpan | undefined
  before: OpenSpan | undefined
  readonly finish: (now: SpanClock.Reading, exit: Exit.Exit<unknown, unknown>) => void
}

const most = 10_000

const interrupted = Exit.interrupt()

export class OpenSpans {
  #last: OpenSpan | undefined
  #count = 0

  add(span: OpenSpan): void {
    if (this.#count === most) return
    this.#count++
    const last = this.#last
    span.before = last
    if (last !== undefined) last.after = span
    this.#last = span
  }

  /** Takes a span off the list, if it is on it. */
  remove(span: OpenSpan): void {
    const { after, before } = span
    if (after === undefined && this.#last !== span) return
    if (before !== undefined) before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    span.after = span.before = undefined
    this.#count--
  }

  /** Ends all of them, children before their parents; as interrupted, where nobody knows better. */
  endAll(now: SpanClock.Reading, exit: Exit.Exit<unknown, unknown> = interrupted): void {
    for (let span = this.#last; span !== undefined; span = this.#last) {
      this.remove(span)
      span.finish(now, exit)
    }
  }
}
