import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger, Result, Scope, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as OtlpEncoder from "../../src/export/OtlpEncoder.ts"
import type { AnySpanExporter, EncodingExporter, SpanExporter } from "../../src/model/SpanExporter.ts"
import { ExportError } from "../../src/model/TracingError.ts"
import * as Batching from "../../src/pipeline/Batching.ts"
import * as OtlpBody from "../../src/receiver/OtlpBody.ts"
import * as spans from "../export/spans.ts"

const span = (name: string): SpanData => ({ name }) as SpanData

const refusal = new ExportError({ reason: "Rejected", endpoint: "nowhere", advice: "Try elsewhere." })

/** An exporter that remembers its batches and does what it is told with each. */
const scripted = (answer: (batch: number) => Effect.Effect<void, ExportError> = () => Effect.void) => {
  const batches: Array<string> = []
  const exporter: SpanExporter = {
    export: (spans) => {
      batches.push(spans.map((span) => span.name).join(""))
      return answer(batches.length)
    }
  }
  return { batches, exporter }
}

/** An exporter that takes bytes, and keeps them. */
const encoding = () => {
  const bodies: Array<Uint8Array> = []
  const exporter: EncodingExporter = {
    encode: OtlpEncoder.encodeSpans,
    export: (spans) =>
      Effect.sync(() => {
        bodies.push(spans.toBody())
        return spans.unreadable === 0 ? undefined : { rejected: 0, unreadable: spans.unreadable, message: "unreadable" }
      })
  }
  return { bodies, exporter }
}

/** A sink in a scope of its own; spans are pushed by the letters of their names. */
const make = (exporter: AnySpanExporter, options: Partial<Batching.BatchingOptions> = {}) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const books = SpanBooks.make()
    const sink = yield* Batching.make(exporter, {
      queueSize: 8,
      queueBytes: 1_000_000,
      batchSize: 3,
      concurrency: 1,
      drop: "newest",
      interval: "5 seconds",
      exportTimeout: "30 seconds",
      books,
      ...options
    }).pipe(Scope.provide(scope))
    return {
      push: (names: string) => {
        for (const name of names) {
          books.ended++
          sink.push(span(name))
        }
      },
      pushSpan: (span: SpanData) => {
        books.ended++
        sink.push(span)
      },
      flush: sink.flush,
      books,
      close: Scope.close(scope, Exit.void)
    }
  })

const counts = (books: SpanBooks.SpanBooks) => ({
  exported: books.exported,
  rejected: books.rejected,
  dropped: Object.fromEntries(books.dropped),
  inFlight: SpanBooks.inFlight(books)
})

/** Lets the worker do all it can without time going by. */
const settle = TestClock.adjust(0)

describe("Batching", () => {
  it.effect("spans wait for others, and no longer than the interval", () =>
    Effect.gen(function* () {
      const { batches, exporter } = scripted()
      const { books, push } = yield* make(exporter)
      push("a")
      yield* TestClock.adjust("4 seconds")
      push("b")
      assert.deepStrictEqual(batches, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(batches, ["ab"])
      push("c")
      yield* TestClock.adjust("4999 millis")
      assert.deepStrictEqual(batches, ["ab"])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(batches, ["ab", "c"])
      assert.deepStrictEqual(counts(books), { exported: 3, rejected: 0, dropped: {}, inFlight: 0 })
    })
  )

  it.effect(
    "a full batch leaves at once, what is left over waits for others, a delay of nothing holds nothing up",
    () =>
      Effect.gen(function* () {
        const { batches, exporter } = scripted()
        const { push } = yield* make(exporter)
        push("abcd")
        yield* settle
        assert.deepStrictEqual(batches, ["abc"])
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(batches, ["abc", "d"])
        const eager = scripted()
        const other = yield* make(eager.exporter, { interval: 0 })
        other.push("a")
        yield* settle
        assert.deepStrictEqual(eager.batches, ["a"])
      })
  )

  it.effect("push runs nothing of the exporter on its own stack", () =>
    Effect.gen(function* () {
      const { batches, exporter } = scripted()
      const { push } = yield* make(exporter, { interval: 0 })
      yield* settle
      push("abcdef")
      assert.deepStrictEqual(batches, [])
    })
  )

  it.effect("no more batches are on their way than may be, and the next goes as soon as any is done", () =>
    Effect.gen(function* () {
      const first = yield* Deferred.make<void>()
      const second = yield* Deferred.make<void>()
      const answers = [Deferred.await(first), Deferred.await(second)]
      const { batches, exporter } = scripted((batch) => answers[batch - 1] ?? Effect.void)
      const { books, push } = yield* make(exporter, { concurrency: 2 })
      push("abcdefgh")
      yield* settle
      push("i")
      yield* settle
      assert.deepStrictEqual(batches, ["abc", "def"])
      assert.strictEqual(SpanBooks.inFlight(books), 9)
      yield* Deferred.succeed(second, undefined)
      yield* settle
      assert.deepStrictEqual(batches, ["abc", "def", "ghi"])
      assert.strictEqual(SpanBooks.inFlight(books), 3)
      yield* Deferred.succeed(first, undefined)
      yield* settle
      assert.strictEqual(SpanBooks.inFlight(books), 0)
    })
  )

  it.effect("a flush counts its own spans, whichever batch is done first", () =>
    Effect.gen(function* () {
      const first = yield* Deferred.make<void>()
      const { exporter } = scripted((batch) => (batch === 1 ? Deferred.await(first) : Effect.void))
      const { flush, push } = yield* make(exporter, { concurrency: 3 })
      push("abcde")
      const flushing = yield* Effect.forkChild(flush, { startImmediately: true })
      yield* settle
      push("fgh")
      yield* settle
      assert.isUndefined(flushing.pollUnsafe())
      yield* Deferred.succeed(first, undefined)
      assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 5, left: 0 })
    })
  )

  it.effect("what a destination left out is in the books with its reason, and told", () => {
    const warnings: Array<string> = []
    const logger = Logger.make(({ message }) => void warnings.push(String(message)))
    return Effect.gen(function* () {
      const { books, flush, push } = yield* make({
        export: () => Effect.succeed({ rejected: 1, unreadable: 1, message: "too old" })
      })
      push("abc")
      assert.deepStrictEqual(yield* flush, { exported: 1, left: 2 })
      assert.deepStrictEqual(counts(books), { exported: 1, rejected: 1, dropped: { unreadable: 1 }, inFlight: 0 })
      yield* settle
      assert.deepStrictEqual(warnings, ["Tracing lost spans: 1 not delivered, 1 not readable. Last error: too old"])
      push("d")
      yield* flush
      assert.deepStrictEqual(counts(books), { exported: 1, rejected: 1, dropped: { unreadable: 2 }, inFlight: 0 })
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.effect("a full queue drops the batch that has waited longest, if it is told to", () =>
    Effect.gen(function* () {
      const { batches, exporter } = scripted((batch) => (batch === 1 ? Effect.never : Effect.void))
      const { books, flush, push } = yield* make(exporter, { drop: "oldest" })
      push("abc")
      yield* settle
      push("0123456789")
      assert.deepStrictEqual(counts(books), { exported: 0, rejected: 0, dropped: { queue_full: 3 }, inFlight: 10 })
      const flushing = yield* Effect.forkChild(flush, { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(batches, ["abc", "345", "678", "9"])
      assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 7, left: 3 })
    })
  )

  it.effect("a full queue drops whole traces, if it is told to: what of them waits, and what is still to come", () =>
    Effect.gen(function* () {
      const { batches, exporter } = scripted((batch) => (batch === 1 ? Effect.never : Effect.void))
      const { books, flush, pushSpan } = yield* make(exporter, { drop: "trace" })
      const push = (names: string) => {
        for (const name of names) pushSpan({ ...span(name), traceId: name.toLowerCase() })
      }
      push("xyz")
      yield* settle
      push("abcdabce")
      // There is no room for this one, so its trace is lost
      push("A")
      assert.deepStrictEqual(counts(books).dropped, { queue_full: 1 })
      const flushing = yield* Effect.forkChild(flush, { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      push("aBf")
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(batches, ["xyz", "bc", "db", "ce", "Bf"])
      assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 6, left: 5 })
      assert.deepStrictEqual(counts(books), { exported: 8, rejected: 3, dropped: { queue_full: 4 }, inFlight: 0 })
    })
  )

  it.effect("a full queue keeps what failed longest, and then what came from outside, if it is told to", () =>
    Effect.gen(function* () {
      const { batches, exporter } = scripted((batch) => (batch === 1 ? Effect.never : Effect.void))
      const { books, flush, pushSpan } = yield* make(exporter, { drop: "priority" })
      /** Capitals have failed, digits came from outside, and the others are steps on the way. */
      const push = (names: string) => {
        for (const name of names) {
          pushSpan({
            ...span(name),
            parentSpanId: "1",
            parentIsRemote: /[0-9]/.test(name),
            statusCode: /[A-Z]/.test(name) ? "error" : "unset"
          })
        }
      }
      push("xyz")
      yield* settle
      push("a1Bc2dEf")
      push("g")
      assert.deepStrictEqual(counts(books).dropped, { queue_full: 1 })
      push("3H4")
      assert.deepStrictEqual(counts(books).dropped, { queue_full: 4 })
      push("IJKLMN")
      const flushing = yield* Effect.forkChild(flush, { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      const kept = batches.slice(1).join("")
      assert.strictEqual(kept.replaceAll(/[^A-Z]/g, ""), "BEHIJKLM")
      assert.notMatch(kept, /[a-z]/)
      const { exported, left } = yield* Fiber.join(flushing)
      assert.strictEqual(exported + left, 11)
      assert.strictEqual(counts(books).inFlight, 0)
    })
  )

  it.effect("for an exporter that encodes, spans wait as bytes, and are handed over a batch at a time", () =>
    Effect.gen(function* () {
      const { bodies, exporter } = encoding()
      const { books, close, pushSpan } = yield* make(exporter, { queueSize: 1000, batchSize: 100 })
      for (let index = 0; index < 250; index++) pushSpan(spans.make({ name: String(index) }))
      pushSpan(spans.make({ name: "unreadable", traceId: "none" }))
      yield* close
      const received = bodies.map((body) => Result.getOrThrow(OtlpBody.decode(body, "protobuf")).spans)
      assert.deepStrictEqual(
        received.map(({ length }) => length),
        [100, 100, 50]
      )
      assert.deepStrictEqual(
        received.flat().map(({ name }) => name),
        Array.from({ length: 250 }, (_, index) => String(index))
      )
      assert.deepStrictEqual(counts(books), { exported: 250, rejected: 0, dropped: { unreadable: 1 }, inFlight: 0 })
    })
  )

  it.effect("a batch is full, too, when it is as large as receivers like it", () =>
    Effect.gen(function* () {
      const { bodies, exporter } = encoding()
      const { close, pushSpan } = yield* make(exporter, { queueSize: 2000, queueBytes: 1e9, batchSize: 1000 })
      const large = spans.make({ attributes: { body: "x".repeat(50_000) } })
      for (let index = 0; index < 200; index++) pushSpan(large)
      yield* close
      for (const body of bodies.slice(1)) assert.isBelow(body.length, 2_200_000)
      assert.isAtLeast(bodies.length, 4)
    })
  )

  it.effect("what waits is bounded in bytes too", () =>
    Effect.gen(function* () {
      const { exporter } = scripted(() => Effect.never)
      const { books, pushSpan } = yield* make(exporter, { queueSize: 1000, batchSize: 1, queueBytes: 100_000 })
      const large = spans.make({ attributes: { body: "x".repeat(9_500) } })
      for (let index = 0; index < 20; index++) pushSpan(large)
      // Ten of them are a hundred thousand bytes
      assert.deepStrictEqual(counts(books), { exported: 0, rejected: 0, dropped: { queue_full: 10 }, inFlight: 10 })
    })
  )

  it.effect("the end is told to the exporter before the last flush", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const exporter: SpanExporter = {
        export: () => Effect.sync(() => void told.push("export")),
        ending: Effect.sync(() => void told.push("ending"))
      }
      const { close, push } = yield* make(exporter)
      push("a")
      yield* close
      assert.deepStrictEqual(told, ["ending", "export"])
    })
  )

  it.effect("a full queue drops the newest and counts it", () =>
    Effect.gen(function* () {
      const { batches, exporter } = scripted((batch) => (batch === 1 ? Effect.never : Effect.void))
      const { books, push } = yield* make(exporter)
      push("abc")
      yield* settle
      push("0123456789")
      assert.deepStrictEqual(counts(books), { exported: 0, rejected: 0, dropped: { queue_full: 2 }, inFlight: 11 })
      yield* TestClock.adjust("30 seconds")
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(batches, ["abc", "012", "345", "67"])
      assert.deepStrictEqual(counts(books), { exported: 8, rejected: 3, dropped: { queue_full: 2 }, inFlight: 0 })
    })
  )

  it.effect("whatever an exporter does costs its batch and not the next", () =>
    Effect.gen(function* () {
      const answers: ReadonlyArray<Effect.Effect<void, ExportError>> = [
        Effect.fail(refusal),
        Effect.die(new Error("poison")),
        Effect.interrupt,
        Effect.never,
        Effect.suspend(() => {
          throw new Error("thrown")
        })
      ]
      const { batches, exporter } = scripted((batch) => answers[batch - 1] ?? Effect.void)
      const { books, push } = yield* make({
        export: (spans: ReadonlyArray<SpanData>) => {
          const answer = exporter.export(spans)
          if (batches.length === 6) throw new Error("thrown early")
          return answer
        }
      })
      for (const name of "abcdefg") {
        push(name)
        yield* TestClock.adjust("35 seconds")
      }
      assert.deepStrictEqual(batches, ["a", "b", "c", "d", "e", "f", "g"])
      assert.deepStrictEqual(counts(books), { exported: 1, rejected: 6, dropped: {}, inFlight: 0 })
    })
  )

  it.effect("a flush delivers what waited when it began, what is under way among it, and says how much", () =>
    Effect.gen(function* () {
      const first = yield* Deferred.make<void>()
      const { batches, exporter } = scripted((batch) =>
        batch === 1 ? Deferred.await(first) : batch === 2 ? Effect.fail(refusal) : Effect.void
      )
      const { flush, push } = yield* make(exporter)
      assert.deepStrictEqual(yield* flush, { exported: 0, left: 0 })
      push("abc")
      yield* settle
      push("defg")
      const flushing = yield* Effect.forkChild(flush, { startImmediately: true })
      push("h")
      yield* Deferred.succeed(first, undefined)
      assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 4, left: 3 })
      assert.deepStrictEqual(batches, ["abc", "def", "gh"])
    })
  )

  it.effect("two flushes at once count their own spans", () =>
    Effect.gen(function* () {
      const { flush, push } = yield* make(scripted().exporter)
      push("a")
      const one = yield* Effect.forkChild(flush, { startImmediately: true })
      push("b")
      const two = yield* Effect.forkChild(flush, { startImmediately: true })
      assert.deepStrictEqual(yield* Fiber.join(one), { exported: 1, left: 0 })
      assert.deepStrictEqual(yield* Fiber.join(two), { exported: 2, left: 0 })
    })
  )

  it.effect("a flush that is interrupted abandons the wait, not the spans", () =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<void>()
      const { exporter } = scripted(() => Deferred.await(answer))
      const { books, flush, push } = yield* make(exporter)
      push("a")
      const flushing = yield* Effect.forkChild(flush, { startImmediately: true })
      yield* settle
      yield* Fiber.interrupt(flushing)
      yield* Deferred.succeed(answer, undefined)
      yield* settle
      assert.strictEqual(books.exported, 1)
    })
  )

  it.effect("closing delivers what waits and takes no more", () =>
    Effect.gen(function* () {
      const { batches, exporter } = scripted()
      const { books, close, flush, push } = yield* make(exporter)
      push("abcd")
      yield* close
      assert.deepStrictEqual(batches, ["abc", "d"])
      push("e")
      assert.deepStrictEqual(yield* flush, { exported: 0, left: 0 })
      assert.deepStrictEqual(counts(books), { exported: 4, rejected: 0, dropped: { shut_down: 1 }, inFlight: 0 })
    })
  )

  it.live("closing gives up at its deadline, and what was left is rejected", () =>
    Effect.gen(function* () {
      const { batches, exporter } = scripted((batch) => (batch === 2 ? Effect.never : Effect.void))
      const { books, close, flush, push } = yield* make(exporter, { shutdownTimeout: "50 millis" })
      push("abcdefg")
      const flushing = yield* Effect.forkChild(flush, { startImmediately: true })
      const started = Date.now()
      yield* close
      assert.isBelow(Date.now() - started, 1000)
      assert.deepStrictEqual(batches, ["abc", "def"])
      assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 3, left: 4 })
      assert.deepStrictEqual(counts(books), { exported: 3, rejected: 4, dropped: {}, inFlight: 0 })
    })
  )

  it.effect("the first loss is one warning, further ones one a minute with their counts", () => {
    const warnings: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      if (logLevel === "Warn") warnings.push(String(message))
    })
    return Effect.gen(function* () {
      const { close, push } = yield* make(scripted(() => Effect.fail(refusal)).exporter)
      for (let second = 0; second < 13; second++) {
        push("ab")
        yield* TestClock.adjust("5 seconds")
      }
      push("ab")
      yield* TestClock.adjust("6 seconds")
      const error = "Last error: ExportError: Rejected: nowhere. Try elsewhere."
      assert.deepStrictEqual(warnings, [
        `Tracing lost spans: 2 not delivered. ${error}`,
        `Tracing lost spans: 22 not delivered. ${error}`
      ])
      push("0123456789")
      yield* close
      assert.deepStrictEqual(warnings.slice(2), [
        `Tracing lost spans: 12 not delivered, 2 found the queue full. ${error}`
      ])
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.live("spans lost at the end say so", () => {
    const warnings: Array<string> = []
    const logger = Logger.make(({ message }) => void warnings.push(String(message)))
    return Effect.gen(function* () {
      const { close, push } = yield* make(scripted(() => Effect.never).exporter, { shutdownTimeout: "20 millis" })
      push("abcd")
      yield* close
      assert.deepStrictEqual(warnings, [
        "Tracing lost spans: 4 not delivered. Last error: no answer before the end (TRACING_SHUTDOWN_TIMEOUT)."
      ])
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.effect("delivery does not trace itself: no span is its parent, and its tracer is the one it is given", () => {
    const seen: Array<unknown> = []
    const quiet = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
    const exporter: SpanExporter = {
      export: () =>
        Effect.gen(function* () {
          const context = yield* Effect.context()
          seen.push((yield* Effect.tracer) === quiet, context.mapUnsafe.has(Tracer.ParentSpanKey))
        })
    }
    return Effect.gen(function* () {
      const { close, flush, push } = yield* make(exporter, {
        untraced: Effect.provideService(Tracer.Tracer, quiet)
      })
      push("a")
      yield* flush.pipe(Effect.withSpan("caller"))
      push("b")
      yield* close
      assert.deepStrictEqual(seen, [true, false, true, false])
    }).pipe(Effect.withSpan("the layer's own"))
  })

  it.live("100 000 spans from many fibers balance in the books", () =>
    Effect.gen(function* () {
      const { exporter } = scripted((batch) => (batch % 7 === 0 ? Effect.fail(refusal) : Effect.yieldNow))
      const { books, close, push } = yield* make(exporter, { queueSize: 2048, batchSize: 512 })
      yield* Effect.forEach(
        Array.from({ length: 1000 }),
        () =>
          Effect.suspend(() => {
            push("x".repeat(100))
            return Effect.yieldNow
          }),
        { concurrency: 50, discard: true }
      )
      yield* close
      assert.strictEqual(books.ended, 100_000)
      assert.strictEqual(SpanBooks.inFlight(books), 0)
      assert.isAbove(books.exported, 0)
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
