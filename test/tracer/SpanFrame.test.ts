import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Option, References, Tracer } from "effect"
import { Sampler, Traced } from "@gorax/tracing"
import * as spanCombinator from "../../src/internal/spanCombinator.ts"
import * as SpanFrame from "../../src/tracer/SpanFrame.ts"
import * as Recorder from "./recorder.ts"

const ways = {
  "on the fiber's stack": { publicApiOnly: false },
  "through Effect's public API": { publicApiOnly: true }
}

const named =
  (name: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>) =>
    spanCombinator.open(self, { name })

const currentName = Effect.map(
  Effect.option(Effect.currentSpan),
  Option.map((span) => span.name)
)

it("this version of Effect is one whose stack is known", () => {
  assert.isTrue(SpanFrame.isKnown())
})

for (const [way, options] of Object.entries(ways)) {
  describe(`a span ${way}`, () => {
    const make = () => {
      const recorder = Recorder.make(options)
      return {
        ...recorder,
        ended: () =>
          recorder.spans.map((span) => {
            const how = span.attributes.get("effect.fiber.interrupted") === true ? "interrupted" : span.statusCode
            return `${span.name} ${how}`
          })
      }
    }

    it.effect("is current inside, and nowhere else", () =>
      Effect.gen(function* () {
        const { run } = make()
        const names = yield* run(
          Effect.gen(function* () {
            const before = yield* currentName
            const inside = yield* Effect.andThen(Effect.yieldNow, currentName).pipe(named("inner"), named("outer"))
            return [before, inside, yield* currentName]
          })
        )
        assert.deepStrictEqual(names, [Option.none(), Option.some("inner"), Option.none()])
      })
    )

    it.effect("leaves all services where they were, however many there are, under siblings and in depth", () =>
      Effect.gen(function* () {
        const { run } = make()
        const references = Array.from({ length: 30 }, (_, index) =>
          Context.Reference<number>(`test/SpanFrame/${index}`, { defaultValue: () => -1 })
        )
        const seen = Effect.all(references)
        const below = (depth: number): Effect.Effect<void> =>
          Effect.gen(function* () {
            const expected = references.map((_, index) => (index < depth ? index : -1))
            for (let sibling = 0; sibling < 3; sibling++) {
              assert.deepStrictEqual(yield* seen.pipe(named("inner"), named("sibling")), expected)
            }
            assert.deepStrictEqual(yield* seen, expected)
            const reference = references[depth]
            if (reference !== undefined) {
              yield* Effect.suspend(() => below(depth + 1)).pipe(Effect.provideService(reference, depth))
            }
            assert.deepStrictEqual(yield* Effect.forkChild(seen).pipe(Effect.flatMap(Fiber.join)), expected)
          })
        yield* run(below(0).pipe(named("outer")))
      })
    )

    it.effect("ends with success, failure and defect, and passes them on", () =>
      Effect.gen(function* () {
        const { ended, run } = make()
        assert.strictEqual(yield* run(Effect.succeed(1).pipe(named("good"))), 1)
        assert.strictEqual(yield* run(Effect.fail("no").pipe(named("bad"), Effect.flip)), "no")
        assert.isTrue(Exit.hasDies(yield* run(Effect.die("bang").pipe(named("worse"), Effect.exit))))
        const thrown = Effect.sync(() => {
          throw new Error("thrown")
        })
        assert.isTrue(Exit.hasDies(yield* run(thrown.pipe(named("thrown"), Effect.exit))))
        assert.deepStrictEqual(ended(), ["good unset", "bad error", "worse error", "thrown error"])
      })
    )

    it.effect("ends as whoever concludes it says, and its effect as it did", () =>
      Effect.gen(function* () {
        const { ended, run, spans } = make()
        const seen: Array<string> = []
        const concluded =
          (name: string, ending: (exit: Exit.Exit<unknown, unknown>) => Exit.Exit<unknown, unknown>) =>
          <A, E, R>(self: Effect.Effect<A, E, R>) =>
            spanCombinator.open(self, {
              name,
              conclude: (span, exit) => {
                seen.push(Exit.isSuccess(exit) ? `success ${exit.value}` : exit.cause.reasons[0]!._tag)
                span.attribute("concluded", true)
                return ending(exit)
              }
            })
        assert.strictEqual(yield* run(Effect.succeed(1).pipe(concluded("bad", () => Exit.fail("no")))), 1)
        assert.strictEqual(
          yield* run(
            Effect.fail("no").pipe(
              concluded("good", () => Exit.void),
              Effect.flip
            )
          ),
          "no"
        )
        const throws = concluded("throws", () => {
          throw new Error("not the program's")
        })
        assert.strictEqual(yield* run(Effect.succeed(2).pipe(throws)), 2)
        const waiting = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          run(
            Effect.andThen(Deferred.succeed(waiting, undefined), Effect.never).pipe(concluded("left", (exit) => exit))
          )
        )
        yield* Deferred.await(waiting)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(seen, ["success 1", "Fail", "success 2", "Interrupt"])
        assert.deepStrictEqual(ended(), ["bad error", "good unset", "throws unset", "left interrupted"])
        assert.isTrue(spans.every((span) => span.attributes.get("concluded") === true))
      })
    )

    it.effect("is left out, with all below it, when it is told not to be sampled", () =>
      Effect.gen(function* () {
        const { ended, run } = make()
        const left = <A, E, R>(self: Effect.Effect<A, E, R>) =>
          spanCombinator.open(self, { name: "left out", sampled: false })
        yield* run(Effect.void.pipe(named("inner"), Effect.withSpan("below"), left))
        yield* run(Effect.void.pipe(named("after")))
        assert.deepStrictEqual(ended(), ["after unset"])
      })
    )

    it.effect("gives handlers outside it their turn, with the outer span current", () =>
      Effect.gen(function* () {
        const { run } = make()
        const handled = yield* run(
          Effect.fail("no").pipe(
            named("inner"),
            Effect.catch(() => currentName),
            named("outer")
          )
        )
        assert.deepStrictEqual(handled, Option.some("outer"))
      })
    )

    it.effect("is marked when its fiber is interrupted, however deep it waits", () =>
      Effect.gen(function* () {
        const { ended, run } = make()
        const waiting = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          run(Effect.andThen(Deferred.succeed(waiting, undefined), Effect.never).pipe(named("inner"), named("outer")))
        )
        yield* Deferred.await(waiting)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(ended(), ["inner interrupted", "outer interrupted"])
      })
    )

    it.effect("is marked when the fiber interrupts itself while it runs", () =>
      Effect.gen(function* () {
        const { ended, run } = make()
        const selfInterrupt = Effect.withFiber((fiber) => {
          fiber.interruptUnsafe()
          return Effect.void
        })
        const fiber = yield* Effect.forkChild(run(selfInterrupt.pipe(Effect.andThen(Effect.void), named("work"))))
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
        assert.deepStrictEqual(ended(), ["work interrupted"])
      })
    )

    it.live("is marked when it loses a race or runs out of time", () =>
      Effect.gen(function* () {
        const { ended, run } = make()
        yield* run(Effect.race(Effect.never.pipe(named("loser")), Effect.yieldNow.pipe(named("winner"))))
        yield* run(Effect.never.pipe(named("late"), Effect.timeoutOption("1 millis")))
        assert.sameMembers(ended(), ["winner unset", "loser interrupted", "late interrupted"])
      })
    )

    it.effect("stays interruptible outside when what is inside is not", () =>
      Effect.gen(function* () {
        const { ended, run } = make()
        const started = yield* Deferred.make<void>()
        const release = yield* Deferred.make<void>()
        let after = false
        const fiber = yield* Effect.forkChild(
          run(
            Effect.andThen(Deferred.succeed(started, undefined), Deferred.await(release)).pipe(
              Effect.uninterruptible,
              named("protected"),
              Effect.andThen(
                Effect.sync(() => {
                  after = true
                })
              )
            )
          )
        )
        yield* Deferred.await(started)
        const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber))
        yield* Effect.yieldNow
        yield* Deferred.succeed(release, undefined)
        yield* Fiber.await(interruption)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
        assert.isFalse(after)
        assert.strictEqual(ended().length, 1)
      })
    )

    it.effect("leaves the fiber uninterruptible where it was", () =>
      Effect.gen(function* () {
        const { run } = make()
        const interruptible = Effect.withFiber((fiber) =>
          Effect.succeed((fiber as unknown as { interruptible: boolean }).interruptible)
        )
        assert.isFalse(
          yield* run(Effect.andThen(Effect.void.pipe(named("work")), interruptible)).pipe(Effect.uninterruptible)
        )
        assert.isTrue(yield* run(Effect.andThen(Effect.void.pipe(named("work")), interruptible)))
        assert.isTrue(yield* run(Effect.andThen(Effect.fail(1).pipe(named("work"), Effect.ignore), interruptible)))
      })
    )

    it.effect("hears of finalizers, which run before it ends", () =>
      Effect.gen(function* () {
        const { named: find, run } = make()
        yield* run(
          Effect.acquireRelease(Effect.void, () => Effect.annotateCurrentSpan("released", true)).pipe(
            Effect.scoped,
            named("work")
          )
        )
        assert.strictEqual(find("work").attributes.get("released"), true)
      })
    )

    it.effect("keeps services that were provided around and inside it", () =>
      Effect.gen(function* () {
        const { run } = make()
        const annotations = yield* run(
          Effect.gen(function* () {
            const inside = yield* References.CurrentLogAnnotations
            const deeper = yield* Effect.annotateLogs(References.CurrentLogAnnotations, "b", 2)
            return [inside, deeper]
          }).pipe(named("work"), Effect.annotateLogs("a", 1))
        )
        assert.deepStrictEqual(annotations, [{ a: 1 }, { a: 1, b: 2 }])
      })
    )

    it.effect("honours annotations, links, levels and root", () =>
      Effect.gen(function* () {
        const { named: find, run, spans } = make()
        const linked = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16) })
        yield* run(
          Effect.void.pipe(
            (self) => spanCombinator.open(self, { name: "root", root: true, kind: "consumer" }),
            named("outer"),
            Effect.annotateSpans("tenant_id", "acme"),
            Effect.linkSpans(linked)
          )
        )
        yield* run(Effect.void.pipe(named("quiet"), Effect.provideService(Tracer.MinimumTraceLevel, "Error")))
        assert.deepStrictEqual(
          spans.map((span) => span.name),
          ["root", "outer"]
        )
        assert.isUndefined(find("root").parentSpanId)
        assert.strictEqual(find("root").kind, "consumer")
        assert.strictEqual(find("outer").attributes.get("tenant_id"), "acme")
        assert.strictEqual(find("outer").links[0]?.span.spanId, "b".repeat(16))
      })
    )

    it.live("loses none of a thousand spans on two hundred fibers that fail, wait and are interrupted", () =>
      Effect.gen(function* () {
        const { books, run, spans } = make()
        const work = (index: number) =>
          Effect.gen(function* () {
            for (let turn = 0; turn < 4; turn++) {
              yield* (turn % 2 === 0 ? Effect.yieldNow : Effect.sleep(index % 3)).pipe(named("turn"))
            }
            if (index % 5 === 0) return yield* Effect.fail("no")
            return yield* Effect.sleep(index % 2 === 0 ? 0 : 50)
          }).pipe(named("fiber"))
        const fibers = yield* Effect.forEach(
          Array.from({ length: 200 }, (_, index) => index),
          (index) => Effect.forkChild(run(work(index)))
        )
        yield* Effect.sleep(15)
        yield* Effect.forEach(fibers, Fiber.interrupt, { concurrency: "unbounded" })
        assert.strictEqual(books.started, books.ended)
        assert.strictEqual(spans.length, books.ended)
        assert.strictEqual(spans.filter((span) => span.name === "fiber").length, 200)
      })
    )
  })
}

describe("below an unsampled span", () => {
  const child = Effect.map(Effect.currentSpan, (span) => span.spanId)
  const below = (sampler: Sampler.Sampler) =>
    Effect.gen(function* () {
      const recorder = Recorder.make({ sampler })
      const ids = yield* recorder.run(
        Effect.all([child, child.pipe(named("child")), child.pipe(Traced.step("child"))]).pipe(named("parent"))
      )
      return { ...recorder, ids }
    })

  it.effect("nothing is made where it would not be recorded, and it is counted all the same", () =>
    Effect.gen(function* () {
      const { books, ids, spans } = yield* below(Sampler.parentBased(Sampler.never))
      assert.strictEqual(new Set(ids).size, 1)
      assert.strictEqual(spans.length, 0)
      assert.deepInclude(books, { started: 3, sampledOut: 3 })
    })
  )

  it.effect("a sampler that may think otherwise is asked", () =>
    Effect.gen(function* () {
      const onlyChildren: Sampler.Sampler = {
        description: "only children",
        decide: ({ parent }) => ({ sampled: parent !== undefined, reason: "test" })
      }
      const { books, spans } = yield* below(onlyChildren)
      assert.deepStrictEqual(
        spans.map((span) => span.name),
        ["child", "workflow.step.execute"]
      )
      assert.deepInclude(books, { started: 3, sampledOut: 1, ended: 2 })
    })
  )

  it.effect("a root of its own is decided on its own", () =>
    Effect.gen(function* () {
      const notTheOuter: Sampler.Sampler = Sampler.parentBased({
        description: "not the outer",
        decide: ({ name }) => ({ sampled: name !== "outer", reason: "test" })
      })
      const { run, spans } = Recorder.make({ sampler: notTheOuter })
      yield* run(
        Effect.void.pipe(
          Traced.span("own root", { root: true }),
          (child) =>
            Effect.andThen(
              Effect.map(Effect.currentSpan, (span) => span.spanId),
              child
            ),
          named("outer")
        )
      )
      assert.deepStrictEqual(
        spans.map((span) => span.name),
        ["own root"]
      )
    })
  )
})

it.effect("a layer built inside a span is built inside it either way", () =>
  Effect.gen(function* () {
    const recorder = Recorder.make()
    const layer = Layer.effectDiscard(Effect.void.pipe(named("building")))
    yield* recorder.run(Effect.void.pipe(Effect.provide(layer), named("outer")))
    assert.strictEqual(recorder.named("building").parentSpanId, recorder.named("outer").spanId)
  })
)
