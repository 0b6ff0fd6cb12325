import { assert, describe, it } from "@effect/vitest"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

class Declined extends Data.TaggedError("Declined")<{ readonly message: string }> {}

const named = (name: string, attributes: Record<string, unknown> = {}) => Effect.withSpan(name, { attributes })

describe("SpanTree", () => {
  it.effect("draws what ran as a tree, with the attributes asked for behind the name", () =>
    Effect.gen(function* () {
      const charge = (attempt: number) => Effect.void.pipe(named("attempt", { "retry.attempt": attempt, secret: "x" }))
      yield* charge(1).pipe(Effect.andThen(charge(2)), named("step", { node_id: "charge card" }), named("workflow"))
      assert.strictEqual(
        yield* SpanTree.draw("node_id", "retry.attempt"),
        `
workflow
└─ step node_id="charge card"
   ├─ attempt retry.attempt=1
   └─ attempt retry.attempt=2`.slice(1)
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("keeps steps in the order they ran, though the clock of the test stands still", () =>
    Effect.gen(function* () {
      yield* Effect.forEach(["validate", "charge", "archive"], (name) => Effect.void.pipe(named(name))).pipe(
        named("all")
      )
      assert.strictEqual(yield* SpanTree.draw(), "all\n├─ validate\n├─ charge\n└─ archive")
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("draws things that run together in the order of their labels, whichever began first", () =>
    Effect.gen(function* () {
      const both = (names: ReadonlyArray<string>) =>
        Effect.forEach(names, (name) => Effect.yieldNow.pipe(named("branch", { name })), {
          concurrency: "unbounded"
        }).pipe(named("all"))
      yield* both(["stock", "receipt"])
      yield* both(["receipt", "stock"])
      const picture = "all\n├─ branch name=receipt\n└─ branch name=stock"
      assert.strictEqual(yield* SpanTree.draw("name"), `${picture}\n${picture}`)
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("orders alike labels by what happened below them", () =>
    Effect.gen(function* () {
      const both = (names: ReadonlyArray<string>) =>
        Effect.forEach(names, (name) => Effect.yieldNow.pipe(named(name), named("branch")), { concurrency: 2 }).pipe(
          named("all")
        )
      yield* both(["b", "a"])
      assert.strictEqual(yield* SpanTree.draw(), "all\n├─ branch\n│  └─ a\n└─ branch\n   └─ b")
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("orders by time first", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forEach(
        ["z", "a"],
        (name, index) => Effect.void.pipe(named(name), Effect.delay(`${index + 1} seconds`)),
        { concurrency: 2 }
      ).pipe(named("all"), Effect.forkChild)
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* SpanTree.draw(), "all\n├─ z\n└─ a")
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("marks what failed and what was interrupted", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.all(
        [
          new Declined({ message: "no" }).pipe(Effect.delay("1 second"), named("charge")),
          Effect.never.pipe(named("stock"))
        ],
        { concurrency: 2 }
      ).pipe(
        named("order"),
        Effect.exit,
        Effect.forkChild,
        Effect.tap(() => TestClock.adjust("1 second")),
        Effect.flatMap(Fiber.join)
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(yield* SpanTree.draw(), "order ✗ Declined\n├─ charge ✗ Declined\n└─ stock ⊘")
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("finds spans by name, and shows what there is when there is none", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(
        named("step", { n: 1 }),
        Effect.andThen(Effect.void.pipe(named("step", { n: 2 }))),
        named("all")
      )
      assert.strictEqual((yield* SpanTree.find("step")).attributes.get("n"), 1)
      assert.strictEqual((yield* SpanTree.findAll("step")).length, 2)
      const exit = yield* Effect.exit(SpanTree.find("stop"))
      assert.match(String(Exit.isFailure(exit) && exit.cause), /No span "stop" has finished/)
      assert.match(String(Exit.isFailure(exit) && exit.cause), /all\W+├─ step/)
    }).pipe(Effect.provide(TracingTest.layer))
  )
})
