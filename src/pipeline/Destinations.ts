/**
 * Several destinations at once, each with a queue, requests and retries of its own.
 *
 * They share nothing but the spans: one that is down fills its own queue, and
 * the others never notice. In the books a span is entered once, when the last
 * of them is done with it: it is exported when all of them have it, and else
 * what first went wrong with it. Until then it is in flight. One that some of
 * them put off, and that is kept, comes again to those alone.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { AnySpanExporter } from "../model/SpanExporter.ts"
import type { Flushed, SpanSink } from "../model/SpanSink.ts"
import * as Batching from "./Batching.ts"

export interface Destination {
  /** What it is called in messages. */
  readonly name: string
  readonly exporter: AnySpanExporter
  /** How long an ended span waits for others at most, where it is not what the options say. */
  readonly interval?: Duration.Input
}

/** A span that some destination is not done with yet. */
interface Shared {
  awaited: number
  fate: SpanBooks.Fate
  /** Those among them, by number, that have put it off, and are given it when it comes again. */
  waiting: Set<number> | undefined
}

/** Enters spans in the books when so many destinations are done with them. */
class SharedBooks {
  readonly #shared = new Map<SpanData, Shared>()
  readonly #options: Batching.BatchingOptions
  readonly #everybody: ReadonlyArray<number>

  constructor(options: Batching.BatchingOptions, destinations: number) {
    this.#options = options
    this.#everybody = Array.from({ length: destinations }, (_, number) => number)
  }

  /** Answers whom to give a span to: everybody, or, when it comes again, those that have put it off. */
  begin(span: SpanData): Iterable<number> {
    const known = this.#shared.get(span)
    if (known === undefined) {
      this.#shared.set(span, { awaited: this.#everybody.length, fate: "exported", waiting: undefined })
      return this.#everybody
    }
    const { waiting = [] } = known
    known.waiting = undefined
    return waiting
  }

  readonly settle = (fate: SpanBooks.Fate, spans: ReadonlyArray<SpanData>): void => {
    const done = new Map<SpanBooks.Fate, Array<SpanData>>()
    for (const span of spans) {
      const shared = this.#shared.get(span)
      if (shared === undefined) continue
      if (shared.fate === "exported") shared.fate = fate
      if (--shared.awaited > 0) continue
      this.#shared.delete(span)
      const alike = done.get(shared.fate)
      if (alike === undefined) done.set(shared.fate, [span])
      else alike.push(span)
    }
    for (const [fate, alike] of done) {
      SpanBooks.enter(this.#options.books, fate, alike.length, () => alike.map(({ traceId }) => traceId))
      this.#options.onFate?.(fate, alike)
    }
  }

  putOff(number: number, spans: ReadonlyArray<SpanData>, lost: ReadonlyArray<SpanData>): void {
    const gone = new Set(lost)
    for (const span of spans) {
      const shared = gone.has(span) ? undefined : this.#shared.get(span)
      if (shared !== undefined) (shared.waiting ??= new Set()).add(number)
    }
  }
}

/** A flush went as well as it did where it went worst. */
const worse = (self: Flushed, that: Flushed): Flushed =>
  that.left > self.left || (that.left === self.left && that.exported < self.exported) ? that : self

const several = Effect.fnUntraced(function* (
  destinations: ReadonlyArray<Destination>,
  options: Batching.BatchingOptions
): Effect.fn.Return<SpanSink, never, Scope.Scope> {
  const { keep } = options
  const books = new SharedBooks(options, destinations.length)
  // Closed side by side, so that the end takes as long as one of them needs, and not all of them
  const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
  const sinks = yield* Effect.forEach(destinations, ({ exporter, interval = options.interval, name }, number) =>
    Effect.flatMap(Scope.fork(scope), (own) =>
      Batching.make(exporter, {
        ...options,
        interval,
        books: SpanBooks.make(),
        onFate: books.settle,
        ...(keep && {
          keep: (spans, cause) => {
            const lost = keep(spans, cause)
            books.putOff(number, spans, lost)
            return lost
          }
        }),
        destination: name
      }).pipe(Scope.provide(own))
    )
  )
  return {
    push(span) {
      for (const number of books.begin(span)) sinks[number]!.push(span)
    },
    flush: Effect.forEach(sinks, ({ flush }) => flush, { concurrency: "unbounded" }).pipe(
      Effect.map((all) => all.reduce(worse))
    )
  }
})

/** Makes the sink in front of all of them. With one destination it is `Batching` and nothing else. */
export const make = (
  destinations: ReadonlyArray<Destination>,
  options: Batching.BatchingOptions
): Effect.Effect<SpanSink, never, Scope.Scope> => {
  const [only, ...others] = destinations
  if (only === undefined || others.length > 0) return several(destinations, options)
  return Batching.make(only.exporter, { ...options, interval: only.interval ?? options.interval })
}
