/**
 * Several destinations at once, each with a queue, requests and retries of its own.
 *
 * They share nothing but the spans: one that is down fills its own queue, and
 * the others never notice. In the books a span is entered once, when the last
 * of them is done with it: it is exported when all of them have it, and else
 * what first went wrong with it. Until then it is in flight.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { SpanExporter } from "../model/SpanExporter.ts"
import type { Flushed, SpanSink } from "../model/SpanSink.ts"
import * as Batching from "./Batching.ts"

export interface Destination {
  /** What it is called in messages. */
  readonly name: string
  readonly exporter: SpanExporter
  /** How long an ended span waits for others at most, where it is not what the options say. */
  readonly interval?: Duration.Input
}

/** A span that some destination is not done with yet. */
interface Shared {
  awaited: number
  fate: SpanBooks.Fate
}

/** Enters spans in the books when so many destinations are done with them. */
class SharedBooks {
  readonly #shared = new Map<SpanData, Shared>()
  readonly #books: SpanBooks.SpanBooks
  readonly #destinations: number

  constructor(books: SpanBooks.SpanBooks, destinations: number) {
    this.#books = books
    this.#destinations = destinations
  }

  begin(span: SpanData): void {
    this.#shared.set(span, { awaited: this.#destinations, fate: "exported" })
  }

  readonly settle = (fate: SpanBooks.Fate, spans: ReadonlyArray<SpanData>): void => {
    for (const span of spans) {
      const shared = this.#shared.get(span)
      if (shared === undefined) continue
      if (shared.fate === "exported") shared.fate = fate
      if (--shared.awaited > 0) continue
      this.#shared.delete(span)
      SpanBooks.enter(this.#books, shared.fate, 1)
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
  const books = new SharedBooks(options.books, destinations.length)
  // Closed side by side, so that the end takes as long as one of them needs, and not all of them
  const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
  const sinks = yield* Effect.forEach(destinations, ({ exporter, interval = options.interval, name }) =>
    Effect.flatMap(Scope.fork(scope), (own) =>
      Batching.make(exporter, {
        ...options,
        interval,
        books: SpanBooks.make(),
        onFate: books.settle,
        destination: name
      }).pipe(Scope.provide(own))
    )
  )
  return {
    push(span) {
      books.begin(span)
      for (const sink of sinks) sink.push(span)
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
