import { assert, describe, it } from "@effect/vitest"
import { Sampler, Traced } from "@gorax/tracing"
import { TracingTest } from "@gorax/tracing/testing"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"

const run = (tenantId: string) =>
  Effect.void.pipe(Traced.step("one"), Traced.workflow("w", { tenantId, executionId: "1" }))

/** Runs a program under a limit a tenant, and counts what it refused. */
const limited = <A, E>(
  options: Omit<Sampler.TenantLimitOptions, "clock" | "onRefused">,
  self: (refused: ReadonlyArray<string>) => Effect.Effect<A, E, TracingTest.TracingTest>
) =>
  Effect.gen(function* () {
    const refused: Array<string> = []
    const clock = yield* Clock.Clock
    const sampler = Sampler.parentBased(
      Sampler.perTenant(Sampler.always, { ...options, clock, onRefused: (reason) => refused.push(reason) })
    )
    return yield* self(refused).pipe(Effect.provide(TracingTest.layerWith({ sampler })))
  })

/** How many workflows of each tenant were recorded. */
const recorded = Effect.gen(function* () {
  const { spans } = yield* TracingTest.TracingTest
  const counts: Record<string, number> = {}
  for (const { attributes, name } of yield* spans) {
    const tenant = String(attributes.get("tenant_id"))
    if (name === "workflow.execute") counts[tenant] = (counts[tenant] ?? 0) + 1
  }
  return counts
})

const times = (count: number) => ({ times: count - 1 })

describe("a limit for each tenant", () => {
  it.effect("lets a loud one drown nobody, and everybody begin again when time has passed", () =>
    limited({ tracesPerSecond: 2 }, (refused) =>
      Effect.gen(function* () {
        yield* Effect.repeat(run("loud"), times(10))
        yield* run("quiet")
        assert.deepStrictEqual(yield* recorded, { loud: 2, quiet: 1 })
        assert.strictEqual(refused.length, 8)
        yield* TestClock.adjust("500 millis")
        yield* Effect.repeat(run("loud"), times(10))
        assert.deepStrictEqual(yield* recorded, { loud: 3, quiet: 1 })
        // What is left out is left out whole
        const { spans } = yield* TracingTest.TracingTest
        assert.strictEqual((yield* spans).length, 8)
      })
    )
  )

  it.effect("does not hold for spans that name no tenant", () =>
    limited({ tracesPerSecond: 1 }, (refused) =>
      Effect.gen(function* () {
        yield* Effect.repeat(Effect.void.pipe(Traced.step("none")), times(5))
        const { spans } = yield* TracingTest.TracingTest
        assert.strictEqual((yield* spans).length, 5)
        assert.strictEqual(refused.length, 0)
      })
    )
  )

  it.effect("may be less than one a second", () =>
    limited({ tracesPerSecond: 0.1 }, () =>
      Effect.gen(function* () {
        yield* Effect.repeat(run("acme"), times(3))
        yield* TestClock.adjust("9 seconds")
        yield* run("acme")
        assert.deepStrictEqual(yield* recorded, { acme: 1 })
        yield* TestClock.adjust("1 second")
        yield* run("acme")
        assert.deepStrictEqual(yield* recorded, { acme: 2 })
      })
    )
  )

  it.effect("forgets who has rested, and lets those that come while all are busy share one limit", () =>
    limited({ tracesPerSecond: 1, maxTenants: 2 }, () =>
      Effect.gen(function* () {
        for (const tenant of ["a", "b", "c", "d", "a", "b"]) yield* run(tenant)
        assert.deepStrictEqual(yield* recorded, { a: 1, b: 1, c: 1 })
        yield* TestClock.adjust("1 second")
        // Both rested, so both make room
        for (const tenant of ["e", "f", "e", "f"]) yield* run(tenant)
        assert.deepStrictEqual(yield* recorded, { a: 1, b: 1, c: 1, e: 1, f: 1 })
      })
    )
  )

  it("never lets one tenant have more than its rate, however many others come and go", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 8 })), { maxLength: 200 }),
        (tracesPerSecond, maxTenants, arrivals) => {
          let now = 0
          const sampler = Sampler.perTenant(Sampler.always, {
            tracesPerSecond,
            maxTenants,
            clock: { monotonicTimeNanosUnsafe: () => BigInt(now) * 1_000_000n }
          })
          const kept = new Map<number, number>()
          for (const [wait, tenant] of arrivals) {
            now += wait
            const { sampled } = sampler.decide({
              traceId: "1".repeat(32),
              name: "a",
              kind: "server",
              attributes: new Map([["tenant_id", tenant]]),
              links: [],
              parent: undefined
            })
            if (sampled) kept.set(tenant, (kept.get(tenant) ?? 0) + 1)
          }
          // A bucket of its own, and what it found in the shared one
          const most = 2 * (tracesPerSecond + (now / 1000) * tracesPerSecond) + 1e-6
          for (const count of kept.values()) assert.isAtMost(count, most)
          const all = [...kept.values()].reduce((sum, count) => sum + count, 0)
          assert.isAtMost(all, (maxTenants + 1) * (tracesPerSecond + (now / 1000) * tracesPerSecond) + 1e-6)
        }
      )
    )
  })
})
