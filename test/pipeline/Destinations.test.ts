import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Latch, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import type { LeftOut, SpanExporter } from "../../src/model/SpanExporter.ts"
import { ExportError } from "../../src/model/TracingError.ts"
import type { BatchingOptions } from "../../src/pipeline/Batching.ts"
import * as Destinations from "../../src/pipeline/Destinations.ts"
import * as spans from "../export/spans.ts"

const refusal = new ExportError({ reason: "Rejected", endpoint: "there", advice: "no" })

/** An exporter that answers as it is told, and remembers what it was given. */
const answering = (answer: Effect.Effect<LeftOut | void, ExportError> = Effect.void) => {
  const batches: Array<ReadonlyArray<SpanData>> = []
  const exporter: SpanExporter = {
    export: (batch) =>
      Effect.suspend(() => {
        batches.push(batch)
        return answer
      })
  }
  return { batches, exporter }
}

const make = (exporters: ReadonlyArray<SpanExporter>, options: Partial<BatchingOptions> = {}) =>
  Effect.gen(function* () {
    const books = SpanBooks.make()
    const scope = yield* Scope.make()
    const sink = yield* Destinations.make(
      exporters.map((exporter, index) => ({ name: `number ${index}`, exporter })),
      {
        queueSize: 100,
        queueBytes: 1_000_000,
        batchSize: 10,
        concurrency: 2,
        drop: "newest",
        interval: "1 second",
        exportTimeout: "1 minute",
        shutdownTimeout: "2 seconds",
        books,
        ...options
      }
    ).pipe(Scope.provide(scope))
    const push = (count: number) => {
      for (let index = 0; index < count; index++) {
        books.started++
        books.ended++
        sink.push(spans.make({}))
      }
    }
    return { ...sink, again: sink.push, push, books, close: Scope.close(scope, Exit.void) }
  })

describe("Destinations", () => {
  it.effect("every span goes to all of them, and has arrived when the last has it", () =>
    Effect.gen(function* () {
      const slow = yield* Latch.make()
      const quick = answering()
      const late = answering(slow.await)
      const { books, flush, push } = yield* make([quick.exporter, late.exporter])
      push(3)
      const flushing = yield* Effect.forkChild(flush, { startImmediately: true })
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual([quick.batches.flat().length, late.batches.flat().length], [3, 3])
      assert.deepStrictEqual([books.exported, SpanBooks.inFlight(books)], [0, 3])
      yield* slow.open
      assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 3, left: 0 })
      assert.deepStrictEqual([books.exported, SpanBooks.inFlight(books)], [3, 0])
    })
  )

  it.effect("one that is down never holds up the others, and only its own queue overflows", () =>
    Effect.gen(function* () {
      const up = answering()
      const down = answering(Effect.never)
      const { books, push } = yield* make([down.exporter, up.exporter], { queueSize: 20 })
      for (let round = 0; round < 20; round++) {
        push(10)
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(up.batches.flat().length, 200)
      // Two batches of ten are on their way to the one that is down, two wait, and the rest found its queue full
      assert.deepStrictEqual(Object.fromEntries(books.dropped), { queue_full: 160 })
      assert.deepStrictEqual([books.exported, SpanBooks.inFlight(books)], [0, 40])
    })
  )

  it.effect("a span is entered once: as exported only when all have it, and else as what first went wrong", () =>
    Effect.gen(function* () {
      const partly = answering(Effect.succeed({ rejected: 1, unreadable: 1, message: "some" }))
      const refusing = answering(Effect.fail(refusal))
      const three = yield* make([answering().exporter, partly.exporter, answering().exporter])
      three.push(5)
      yield* three.flush
      assert.deepInclude(three.books, { exported: 3, rejected: 1 })
      assert.deepStrictEqual(Object.fromEntries(three.books.dropped), { unreadable: 1 })
      assert.strictEqual(SpanBooks.inFlight(three.books), 0)

      const two = yield* make([refusing.exporter, partly.exporter])
      two.push(5)
      assert.deepStrictEqual(yield* two.flush, { exported: 0, left: 5 })
      assert.deepInclude(two.books, { exported: 0, rejected: 5 })
      assert.strictEqual(SpanBooks.inFlight(two.books), 0)
    })
  )

  it.effect("a span that one of them puts off has no fate yet, and comes again to that one alone", () =>
    Effect.gen(function* () {
      const steady = answering()
      let isAway = true
      const back: Array<SpanData> = []
      const fickle = answering(
        Effect.suspend(() =>
          isAway ? Effect.fail(refusal) : Effect.succeed({ rejected: 1, unreadable: 0, message: "" })
        )
      )
      const fates: Array<readonly [SpanBooks.Fate, number]> = []
      const { again, books, close, flush, push } = yield* make([steady.exporter, fickle.exporter], {
        // It can keep all but the last
        keep: (spans) => (back.push(...spans.slice(0, -1)), spans.slice(-1)),
        onFate: (fate, spans) => fates.push([fate, spans.length])
      })
      push(5)
      assert.deepStrictEqual(yield* flush, { exported: 0, left: 5 })
      assert.deepInclude(books, { exported: 0, rejected: 1 })
      assert.strictEqual(SpanBooks.inFlight(books), 4)
      isAway = false
      for (const span of back) again(span)
      yield* flush
      assert.deepStrictEqual(
        steady.batches.map(({ length }) => length),
        [5]
      )
      assert.deepStrictEqual(
        fickle.batches.map(({ length }) => length),
        [5, 4]
      )
      assert.deepInclude(books, { exported: 3, rejected: 2 })
      assert.strictEqual(SpanBooks.inFlight(books), 0)
      assert.deepStrictEqual(fates, [
        ["rejected", 1],
        ["exported", 3],
        ["rejected", 1]
      ])
      yield* close
    })
  )

  it.effect("the books balance at every moment, whatever each of them does", () =>
    Effect.gen(function* () {
      let number = 0
      const fickle = (period: number): SpanExporter => ({
        export: () =>
          Effect.suspend((): Effect.Effect<LeftOut | void, ExportError> => {
            number++
            if (number % period === 0) return Effect.fail(refusal)
            if (number % period === 1) return Effect.succeed({ rejected: 2, unreadable: 1, message: "" })
            return number % period === 2 ? Effect.sleep("3 seconds") : Effect.void
          })
      })
      const { books, close, push } = yield* make([fickle(3), fickle(5), fickle(7)], { queueSize: 30, drop: "oldest" })
      for (let round = 0; round < 50; round++) {
        push(7)
        yield* TestClock.adjust("400 millis")
        assert.isAtLeast(SpanBooks.inFlight(books), 0)
        assert.isAtMost(SpanBooks.inFlight(books), 3 * (30 + 20))
      }
      const closing = yield* Effect.forkChild(close)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(closing)
      push(1)
      assert.strictEqual(SpanBooks.inFlight(books), 0)
      assert.strictEqual(books.dropped.get("shut_down"), 1)
      assert.isAbove(books.exported, 0)
    })
  )

  it.effect("the end takes as long as one of them may, not as long as all of them together", () =>
    Effect.gen(function* () {
      const { books, close, push } = yield* make([1, 2, 3].map(() => answering(Effect.never).exporter))
      push(1)
      const closing = yield* Effect.forkChild(close)
      yield* TestClock.adjust("1999 millis")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.isDefined(closing.pollUnsafe())
      assert.deepInclude(books, { exported: 0, rejected: 1 })
    })
  )

  it.effect("one of them may be impatient", () =>
    Effect.gen(function* () {
      const books = SpanBooks.make()
      const [patient, impatient] = [answering(), answering()]
      const { push } = yield* Destinations.make(
        [
          { name: "patient", exporter: patient.exporter },
          { name: "impatient", exporter: impatient.exporter, interval: "200 millis" }
        ],
        {
          queueSize: 100,
          queueBytes: 1_000_000,
          batchSize: 10,
          concurrency: 1,
          drop: "newest",
          interval: "5 seconds",
          exportTimeout: "1 minute",
          books
        }
      )
      push(spans.make({}))
      yield* TestClock.adjust("250 millis")
      assert.deepStrictEqual([patient.batches.length, impatient.batches.length], [0, 1])
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual([patient.batches.length, impatient.batches.length], [1, 1])
    })
  )
})
