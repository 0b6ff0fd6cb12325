import { assert, describe, it } from "@effect/vitest"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"

describe("TracingTest", () => {
  it.effect("gives the same ids and times to the same program", () =>
    Effect.gen(function* () {
      yield* Effect.sleep("2 seconds").pipe(
        Effect.withSpan("child"),
        Effect.withSpan("root"),
        Effect.forkChild,
        Effect.tap(() => TestClock.adjust("2 seconds")),
        Effect.flatMap(Fiber.join)
      )
      const { spans } = yield* TracingTest.TracingTest
      assert.deepStrictEqual(
        (yield* spans).map((span) => [
          span.name,
          span.traceId.at(-1),
          span.spanId.at(-1),
          span.parentSpanId?.at(-1),
          span.startTime,
          span.endTime
        ]),
        [
          ["child", "1", "2", "1", 0n, 2_000_000_000n],
          ["root", "1", "1", undefined, 0n, 2_000_000_000n]
        ]
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("samples as it is told, and keeps the books", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(Effect.withSpan("kept"))
      yield* Effect.void.pipe(Effect.withSpan("noise"))
      const { books } = yield* TracingTest.TracingTest
      assert.strictEqual(yield* SpanTree.draw(), "kept")
      assert.deepInclude(books, { started: 2, ended: 1, sampledOut: 1, exported: 1 })
    }).pipe(
      Effect.provide(
        TracingTest.layerWith({
          sampler: { description: "named", decide: ({ name }) => ({ sampled: name !== "noise", reason: "name" }) }
        })
      )
    )
  )

  it.effect("fails a test that leaves a span open, and names the span", () =>
    Effect.gen(function* () {
      const leaking = Effect.never.pipe(
        Effect.withSpan("forgotten"),
        Effect.forkScoped({ startImmediately: true }),
        Effect.withSpan("order")
      )
      const exit = yield* leaking.pipe(Effect.provide(TracingTest.layer), Effect.exit)
      assert.isTrue(Exit.isFailure(exit))
      const said = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
      assert.match(
        said,
        /left 1 span open:\n {2}order › forgotten\nA fiber in them outlived the test's program: await it/
      )
    })
  )

  it.effect("lets a test leave spans open that means to", () =>
    Effect.gen(function* () {
      yield* Effect.never.pipe(Effect.withSpan("kept open"), Effect.forkScoped({ startImmediately: true }))
      assert.deepStrictEqual(yield* (yield* TracingTest.TracingTest).open, ["kept open"])
    }).pipe(Effect.provide(TracingTest.layerWith({ mayLeaveOpen: true })))
  )

  it.effect("does not hide the failure of a test behind the spans it left open", () =>
    Effect.gen(function* () {
      const failing = Effect.never.pipe(
        Effect.withSpan("forgotten"),
        Effect.forkScoped({ startImmediately: true }),
        Effect.andThen(Effect.fail("the real reason"))
      )
      const exit = yield* failing.pipe(Effect.provide(TracingTest.layer), Effect.exit)
      assert.deepStrictEqual(exit, Exit.fail("the real reason"))
    })
  )

  it.effect("shows which spans are open", () =>
    Effect.gen(function* () {
      const { open } = yield* TracingTest.TracingTest
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* open, ["outer", "inner"])
      }).pipe(Effect.withSpan("inner"), Effect.withSpan("outer"))
      assert.deepStrictEqual(yield* open, [])
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("makes no events of log lines, as TracingLive makes none", () =>
    Effect.gen(function* () {
      yield* Effect.log("hello").pipe(Effect.withSpan("work"), Effect.provide(Logger.layer([Logger.tracerLogger])))
      const { spans } = yield* TracingTest.TracingTest
      assert.deepStrictEqual(
        (yield* spans).map(({ events, name }) => [name, events.length]),
        [["work", 0]]
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )
})
