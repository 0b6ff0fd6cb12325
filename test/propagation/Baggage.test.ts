import { assert, describe, it } from "@effect/vitest"
import { Baggage, Carrier, Traced, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Effect, Fiber, Option, Schema } from "effect"
import { BaggageAttributes } from "../../src/model/References.ts"

describe("an entry", () => {
  it.effect("is set for what runs inside, forked or not, and nowhere else", () =>
    Effect.gen(function* () {
      const tier = Baggage.get("tier")
      const inside = Effect.all([tier, Effect.flatMap(Effect.forkChild(tier), Fiber.join)])
      assert.deepStrictEqual(yield* inside.pipe(Baggage.set("tier", "gold")), [
        Option.some("gold"),
        Option.some("gold")
      ])
      assert.deepStrictEqual(yield* tier, Option.none())
      assert.strictEqual((yield* Baggage.all).size, 0)
    })
  )

  it.effect("can be set anew, removed and replaced inside, and is as it was outside", () =>
    Effect.gen(function* () {
      const entries = Effect.map(Baggage.all, (baggage) => [...baggage].map(([name, { value }]) => `${name}=${value}`))
      const seen = yield* Effect.all([
        entries,
        entries.pipe(Baggage.set("tier", "silver")),
        entries.pipe(Baggage.remove("tier")),
        entries.pipe(Baggage.remove("unknown")),
        entries.pipe(Baggage.replace(new Map([["only", { value: "this" }]]))),
        entries
      ]).pipe(Baggage.set("tier", "gold"), Baggage.set("region", "eu"))
      assert.deepStrictEqual(seen, [
        ["region=eu", "tier=gold"],
        ["region=eu", "tier=silver"],
        ["region=eu"],
        ["region=eu", "tier=gold"],
        ["only=this"],
        ["region=eu", "tier=gold"]
      ])
    })
  )

  it.effect("with a name that is no token stays in this process", () =>
    Effect.gen(function* () {
      const headers = yield* Carrier.inject().pipe(Baggage.set("no token", "1"), Baggage.set("token", "2"))
      assert.deepStrictEqual(headers, { baggage: "token=2" })
      assert.deepStrictEqual(yield* Baggage.get("no token").pipe(Baggage.set("no token", "1")), Option.some("1"))
    })
  )

  it.effect("keeps its properties on the way through, until it is set anew", () =>
    Effect.gen(function* () {
      const arrived = { baggage: "tier=gold;ttl=30;secure" }
      assert.deepStrictEqual(yield* Carrier.inject().pipe(Carrier.continueFrom(arrived)), arrived)
      assert.deepStrictEqual(
        yield* Carrier.inject().pipe(Baggage.set("tier", "silver"), Carrier.continueFrom(arrived)),
        { baggage: "tier=silver" }
      )
    })
  )

  it.effect("with properties that were made by hand cannot break the header", () =>
    Effect.gen(function* () {
      const baggage = new Map([["tier", { value: "a,b", metadata: "ok=1;bad prop;x=1,injected=2" }]])
      assert.deepStrictEqual(yield* Carrier.inject().pipe(Baggage.replace(baggage)), {
        baggage: "tier=a%2Cb;ok=1;x=1;injected=2"
      })
    })
  )
})

describe("a described entry", () => {
  const Tier = Baggage.entry("tier", Schema.Literals(["gold", "silver"]))
  const Attempt = Baggage.entry("attempt", Schema.NumberFromString.check(Schema.isInt()))

  it.effect("has values of its type on both sides of a boundary", () =>
    Effect.gen(function* () {
      const headers = yield* Carrier.inject().pipe(Tier.set("gold"), Attempt.set(3))
      assert.deepStrictEqual(headers, { baggage: "attempt=3,tier=gold" })
      const there = yield* Effect.all([Tier.get, Attempt.get]).pipe(Carrier.continueFrom(headers))
      assert.deepStrictEqual(there, [Option.some("gold" as const), Option.some(3)])
    })
  )

  it("does not compile with a value of another type", () => {
    // @ts-expect-error
    Tier.set("bronze")
    // @ts-expect-error
    Attempt.set("3")
    // @ts-expect-error: values of baggage are text
    Baggage.entry("count", Schema.Number)
  })

  it.effect("is none where nobody set it, or after it was removed", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Tier.get, Option.none())
      assert.deepStrictEqual(yield* Tier.get.pipe(Tier.remove, Tier.set("gold")), Option.none())
    })
  )

  it.effect("is a typed error that keeps the value to itself where a stranger sent another one", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Tier.get.pipe(Carrier.continueFrom({ baggage: "tier=s3cret" })))
      assert.deepInclude(error, { _tag: "BaggageError", reason: "Unreadable", entry: "tier" })
      assert.notInclude(error.message, "s3cret")
    })
  )

  it.effect("is a typed error where a value is set that its schema refuses", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.void.pipe(Attempt.set(1.5)))
      assert.deepInclude(error, { _tag: "BaggageError", reason: "Unwritable", entry: "attempt" })
    })
  )
})

describe("chosen entries", () => {
  const chosen = Effect.provideService(BaggageAttributes, ["tier", "region"])

  it.effect("are attributes of every span under them, whoever opens it", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(
        Effect.withSpan("effect"),
        Traced.step("ours"),
        Baggage.set("other", "unseen"),
        Baggage.set("tier", "gold"),
        Traced.span("outside")
      )
      assert.strictEqual(
        yield* SpanTree.draw("node_id", "tier", "other"),
        "outside\n└─ workflow.step.execute node_id=ours tier=gold\n   └─ effect tier=gold"
      )
    }).pipe(chosen, Effect.provide(TracingTest.layer))
  )

  it.effect("follow what the baggage says, and leave annotations of others alone", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(Traced.span("removed"), Baggage.remove("tier"), Baggage.set("tier", "gold"))
      yield* Effect.void.pipe(Traced.span("changed"), Baggage.set("tier", "silver"), Baggage.set("tier", "gold"))
      yield* Effect.void.pipe(
        Traced.span("annotated"),
        Baggage.remove("tier"),
        Effect.annotateSpans({ tier: "mine", more: 1 }),
        Baggage.set("tier", "gold")
      )
      assert.strictEqual(
        yield* SpanTree.draw("tier", "more"),
        "removed\nchanged tier=silver\nannotated tier=mine more=1"
      )
    }).pipe(chosen, Effect.provide(TracingTest.layer))
  )

  it.effect("are none without the setting", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(Traced.span("plain"), Baggage.set("tier", "gold"))
      assert.strictEqual(yield* SpanTree.draw("tier"), "plain")
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("are chosen by the layer", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* BaggageAttributes, ["tier"])
    }).pipe(Effect.provide(Tracing.layer({ baggageAttributes: ["tier"], exporter: "none" })))
  )
})
