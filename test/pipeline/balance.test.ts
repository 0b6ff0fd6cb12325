import { assert, describe, it } from "@effect/vitest"
import { ExportError, type LeftOut, Sampler, type SpanExporter, Tracing, TracingHealth } from "@gorax/tracing"
import { ConfigProvider, Deferred, Effect, Exit, Layer, Logger, Scope, type Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"

const answers = ["ok", "reject", "partial", "unreadable", "die"] as const

/** What a program, its destination and time may do next. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ _tag: fc.constant("open" as const), kind: fc.nat(3) }) },
  { weight: 6, arbitrary: fc.record({ _tag: fc.constant("end" as const), which: fc.nat(), fails: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("burst" as const), spans: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ _tag: fc.constant("answer" as const), how: fc.constantFrom(...answers) }) },
  {
    weight: 2,
    arbitrary: fc.record({ _tag: fc.constant("wait" as const), millis: fc.integer({ min: 1, max: 400_000 }) })
  },
  { weight: 1, arbitrary: fc.constant({ _tag: "flush" as const }) }
)

type Step = typeof step extends fc.Arbitrary<infer A> ? A : never

type Answer = Deferred.Deferred<LeftOut | void, ExportError>

/** An exporter that answers when it is told to, and knows what it has been given and not answered. */
const scripted = () => {
  const asked: Array<{ readonly answer: Answer; readonly spans: number }> = []
  const exporter: SpanExporter = {
    export: (spans) =>
      Effect.suspend(() => {
        const entry = { answer: Deferred.makeUnsafe<LeftOut | void, ExportError>(), spans: spans.length }
        asked.push(entry)
        return Effect.ensuring(
          Deferred.await(entry.answer),
          Effect.sync(() => void asked.splice(asked.indexOf(entry), 1))
        )
      })
  }
  const reply = (how: (typeof answers)[number]): Effect.Effect<unknown> => {
    const [next] = asked
    if (next === undefined) return Effect.void
    const exits: Record<typeof how, () => Exit.Exit<LeftOut | void, ExportError>> = {
      ok: () => Exit.void,
      reject: () => Exit.fail(new ExportError({ reason: "Rejected", endpoint: "there", advice: "No." })),
      partial: () => Exit.succeed({ rejected: 1, unreadable: 0, message: "one" }),
      // No destination can leave out more than it was given
      unreadable: () => Exit.succeed({ rejected: 1, unreadable: 99, message: "many" }),
      die: () => Exit.die("broken")
    }
    return Deferred.done(next.answer, exits[how]())
  }
  return { exporter, reply, pending: () => asked.reduce((sum, { spans }) => sum + spans, 0) }
}

/** Every third trace is left out, so that children of both kinds are opened. */
const everyThird = (): Sampler.Sampler => {
  let traces = 0
  return Sampler.parentBased({
    description: "every third out",
    decide: () => ({ sampled: ++traces % 3 !== 0, reason: "third" })
  })
}

const settings = {
  TRACING_ENABLED: "true",
  TRACING_EXPORTER: "none",
  TRACING_BATCH_SIZE: "3",
  TRACING_BATCH_QUEUE_SIZE: "8",
  TRACING_MAX_CONCURRENT_EXPORTS: "2",
  TRACING_MAX_SPANS_PER_SECOND: "20"
}

const settle = TestClock.adjust(0)

const drops = ["newest", "oldest", "trace", "priority"] as const

/** Does all that is asked, and looks at the books after every step. */
const drive = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>, drop: (typeof drops)[number]) {
  const { exporter, pending, reply } = scripted()
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    Tracing.layerConfig({
      exporters: [exporter],
      sampler: everyThird(),
      stages: [
        (next) =>
          Effect.succeed({
            ...next,
            push(span) {
              if (span.name === "trips") throw new Error("a stage that trips")
              next.push(span)
            }
          })
      ]
    }).pipe(
      Layer.provide([
        ConfigProvider.layer(ConfigProvider.fromUnknown({ ...settings, TRACING_BATCH_DROP: drop })),
        Logger.layer([])
      ])
    ),
    scope
  )
  const open: Array<Tracer.Span> = []
  let started = 0

  const check = Effect.fnUntraced(function* (what: string) {
    const { books, queues } = yield* TracingHealth.snapshot
    const { held, open: stillOpen, queued, sending } = books.inFlight
    const dropped = Object.values(books.dropped).reduce((sum, count) => sum + count, 0)
    const told = JSON.stringify({ what, books })
    assert.strictEqual(books.started, started, told)
    assert.strictEqual(stillOpen, open.length, told)
    assert.strictEqual(
      books.started,
      books.sampledOut + books.exported + books.rejected + dropped + stillOpen + queued + sending + held,
      told
    )
    assert.strictEqual(queued, queues[0]?.spans, told)
    assert.strictEqual(sending, pending(), told)
    assert.strictEqual(queues[0]?.sending, pending(), told)
    assert.strictEqual(held, 0, told)
    for (const count of [books.exported, books.rejected, dropped, queued, sending, stillOpen])
      assert.isAtLeast(count, 0)
    return books
  })

  const openOne = Effect.fnUntraced(function* (kind: number) {
    const parent = open.at(-1)
    const span = yield* Effect.makeSpan(kind === 3 ? "trips" : "work", {
      root: kind === 0,
      ...(kind === 1 && parent !== undefined ? { parent } : undefined),
      ...(kind === 2 ? { sampled: false } : undefined)
    })
    started++
    open.push(span)
  })
  const endOne = (which: number, exit: Exit.Exit<unknown, unknown>) =>
    Effect.clockWith((clock) =>
      Effect.sync(() => {
        const [span] = open.splice(which % Math.max(1, open.length), 1)
        span?.end(clock.currentTimeNanosUnsafe(), exit)
      })
    )

  return yield* Effect.gen(function* () {
    for (const next of steps) {
      switch (next._tag) {
        case "open":
          yield* openOne(next.kind)
          break
        case "end":
          yield* endOne(next.which, next.fails ? Exit.fail("no") : Exit.void)
          break
        case "burst":
          for (let count = 0; count < next.spans; count++) {
            yield* openOne(0)
            yield* endOne(open.length - 1, Exit.void)
          }
          break
        case "answer":
          yield* reply(next.how)
          break
        case "wait":
          yield* TestClock.adjust(next.millis)
          break
        case "flush":
          yield* Effect.forkChild(TracingHealth.flush, { startImmediately: true })
          break
      }
      yield* settle
      yield* check(next._tag)
    }
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
    yield* TestClock.adjust("10 seconds")
    assert.isDefined(closing.pollUnsafe())
    open.length = 0
    yield* check("closed")
    // Who goes on after the end is counted too
    yield* openOne(0)
    yield* endOne(0, Exit.void)
    const books = yield* check("after the end")
    assert.deepStrictEqual(books.inFlight, { open: 0, undecided: 0, queued: 0, sending: 0, onDisk: 0, held: 0 })
    return books
  }).pipe(Effect.provide(context))
})

describe("the books balance after every step, whatever program and destination do", () => {
  for (const drop of drops) {
    it(`where ${drop} says who goes when the queue is full`, async () => {
      const fates = new Set<string>()
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
          const books = await Effect.runPromise(drive(steps, drop).pipe(Effect.provide(TestClock.layer())))
          for (const fate of [...Object.keys(books.dropped), ...Object.keys(books.refused)]) fates.add(fate)
          for (const fate of ["exported", "rejected", "sampledOut"] as const) if (books[fate] > 0) fates.add(fate)
        }),
        { numRuns: 60 }
      )
      // Else some step could do nothing, and nobody would notice
      assert.sameMembers(
        [...fates],
        ["exported", "rejected", "sampledOut", "rate_limit", "queue_full", "unreadable", "stage_failed", "shut_down"]
      )
    })
  }
})
