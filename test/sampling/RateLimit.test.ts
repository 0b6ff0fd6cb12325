import { assert, describe, it } from "@effect/vitest"
import { Sampler, Traced, Tracing } from "@gorax/tracing"
import { TracingTest } from "@gorax/tracing/testing"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import * as RateLimit from "../../src/sampling/RateLimit.ts"

const run = Effect.void.pipe(
  Traced.step("one"),
  Traced.step("two"),
  Traced.workflow("w", { tenantId: "t", executionId: "1" })
)

/** Runs a program under a cap, and counts what it refused. */
const capped = <A, E>(
  spansPerSecond: number,
  sampler: Sampler.Sampler,
  self: (refused: () => number) => Effect.Effect<A, E, TracingTest.TracingTest>
) =>
  Effect.gen(function* () {
    let refused = 0
    const clock = yield* Clock.Clock
    const limited = RateLimit.make(sampler, { spansPerSecond, clock, onRefused: () => void refused++ })
    return yield* self(() => refused).pipe(Effect.provide(TracingTest.layerWith({ sampler: limited })))
  })

const names = Effect.flatMap(TracingTest.TracingTest, ({ spans }) => Effect.map(spans, (all) => all.length))

describe("a cap on recorded spans", () => {
  it.effect("records traces whole, until the spans of a second are used up, and again when there are new ones", () =>
    capped(6, Sampler.parentBased(Sampler.always), (refused) =>
      Effect.gen(function* () {
        yield* Effect.repeat(run, { times: 9 })
        assert.strictEqual(yield* names, 6)
        assert.strictEqual(refused(), 8)
        yield* TestClock.adjust("1 second")
        yield* Effect.repeat(run, { times: 9 })
        assert.strictEqual(yield* names, 12)
      })
    )
  )

  it.effect("owes what a trace took beyond it, so that the rate holds over time", () =>
    capped(2, Sampler.parentBased(Sampler.always), () =>
      Effect.gen(function* () {
        // Three spans where two were left
        yield* run
        yield* TestClock.adjust("500 millis")
        yield* run
        assert.strictEqual(yield* names, 3)
        yield* TestClock.adjust("500 millis")
        yield* run
        assert.strictEqual(yield* names, 6)
      })
    )
  )

  it.effect("leaves a refused trace out whole, also where the sampler would choose its spans again", () =>
    capped(1, Sampler.always, (refused) =>
      Effect.gen(function* () {
        yield* run
        yield* Effect.void.pipe(
          Effect.andThen(TestClock.adjust("10 seconds")),
          Traced.step("after a rest"),
          Traced.workflow("refused", { tenantId: "t", executionId: "2" })
        )
        assert.strictEqual(yield* names, 3)
        assert.strictEqual(refused(), 1)
      })
    )
  )

  it("asks the sampler first, and keeps its description, its reasons and its state", () => {
    const clock = { monotonicTimeNanosUnsafe: () => 0n }
    const limited = RateLimit.make(Sampler.never, { spansPerSecond: 5, clock })
    assert.strictEqual(limited.description, "ratelimit(always_off,5/s)")
    assert.deepStrictEqual(
      limited.decide({
        traceId: "1".repeat(32),
        name: "a",
        kind: "internal",
        attributes: new Map(),
        links: [],
        parent: undefined
      }),
      { sampled: false, reason: "never" }
    )
  })

  it.effect("says no probability of what it keeps while it refuses, and says it again after a rest", () =>
    capped(2, Sampler.parentBased(Sampler.ratio(1)), () =>
      Effect.gen(function* () {
        const step = Effect.void.pipe(Traced.step("inner"), Traced.step("outer"))
        yield* step
        yield* step
        yield* TestClock.adjust("500 millis")
        yield* step
        yield* TestClock.adjust("2 seconds")
        yield* step
        const { spans } = yield* TracingTest.TracingTest
        assert.deepStrictEqual(
          (yield* spans).map(({ traceState }) => traceState),
          ["ot=th:0", "ot=th:0", "", "", "ot=th:0", "ot=th:0"]
        )
      })
    )
  )

  it("never records more traces than its rate allows, however they come", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 200 }),
        (spansPerSecond, waits) => {
          let now = 0
          const limited = RateLimit.make(Sampler.always, {
            spansPerSecond,
            clock: { monotonicTimeNanosUnsafe: () => BigInt(now) * 1_000_000n }
          })
          let recorded = 0
          waits.forEach((wait, index) => {
            now += wait
            const { sampled } = limited.decide({
              traceId: index.toString(16).padStart(32, "0"),
              name: "a",
              kind: "server",
              attributes: new Map(),
              links: [],
              parent: undefined
            })
            if (sampled) recorded++
          })
          return recorded <= spansPerSecond + (now / 1000) * spansPerSecond + 1e-6
        }
      )
    )
  })

  it.effect("is a setting of the layer", () =>
    Effect.gen(function* () {
      const spans: Array<unknown> = []
      yield* Effect.repeat(run, { times: 4 }).pipe(
        Effect.provide(
          Tracing.layer({
            exporter: "none",
            maxSpansPerSecond: 3,
            exporters: [{ export: (batch: ReadonlyArray<unknown>) => Effect.sync(() => void spans.push(...batch)) }]
          })
        )
      )
      assert.strictEqual(spans.length, 3)
    })
  )
})
