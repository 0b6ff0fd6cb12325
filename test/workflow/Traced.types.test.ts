import { expectTypeOf, it } from "@effect/vitest"
import { Effect, type Tracer } from "effect"
import { Traced } from "@gorax/tracing"

class Stock extends Error {}

it("a workflow must be given its ids", () => {
  // @ts-expect-error the options are required
  Traced.workflow("x")
  // @ts-expect-error the execution id is missing
  Traced.workflow("x", { tenantId: "acme" })
  Traced.step("x")
})

it("adds nothing to the type of what it wraps", () => {
  const work = Effect.succeed(1) as Effect.Effect<number, Stock, Tracer.ParentSpan | Map<string, string>>
  expectTypeOf(work.pipe(Traced.step("x"))).toEqualTypeOf<Effect.Effect<number, Stock, Map<string, string>>>()
  expectTypeOf(Traced.branches({ a: work, b: Effect.succeed("b") })).toEqualTypeOf<{
    readonly a: Effect.Effect<number, Stock, Map<string, string>>
    readonly b: Effect.Effect<string>
  }>()
})

it("reads the arguments of the function it decorates", () => {
  Effect.fnUntraced(
    function* (order: { readonly id: string }) {
      return yield* Effect.succeed(order.id)
    },
    Traced.workflow("x", (order) => {
      expectTypeOf(order).toEqualTypeOf<{ readonly id: string }>()
      return { tenantId: "acme", executionId: order.id }
    })
  )
})
