import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import { Effect } from "effect"
import { Baggage, Traced } from "@gorax/tracing"
import * as fc from "fast-check"
import { setImmediate as immediate } from "node:timers/promises"
import * as OtelContext from "../../src/tracer/OtelContext.ts"
import * as Recorder from "../tracer/recorder.ts"

const otelContext = OtelContext.make("on")

beforeAll(() => {
  Otel.context.setGlobalContextManager(otelContext.manager)
})
afterAll(() => Otel.context.disable())

type Act = "yield" | "promise" | "sleep" | "inner" | "fork" | "interrupt" | "fail"
const acts: ReadonlyArray<Act> = ["yield", "promise", "sleep", "inner", "fork", "interrupt", "fail"]

const seenTenant = () => Otel.propagation.getActiveBaggage()?.getEntry("tenant")?.value

/** Does what a tenant's program does, and complains where it finds anything of another tenant. */
const perform = (tenant: string, plan: ReadonlyArray<Act>, complain: (what: string) => void) => {
  const look = Effect.gen(function* () {
    const span = yield* Effect.currentSpan
    const active = Otel.trace.getActiveSpan()
    if (active?.spanContext().spanId !== span.spanId) complain(`${tenant}: another span is active`)
    if (seenTenant() !== tenant) complain(`${tenant}: baggage of ${seenTenant()}`)
    active?.setAttribute("seen.tenant", tenant)
  })
  const wait: Record<Act, Effect.Effect<unknown, unknown>> = {
    yield: Effect.yieldNow,
    promise: Effect.promise(async () => {
      const before = Otel.trace.getActiveSpan()?.spanContext().spanId
      await immediate()
      if (Otel.trace.getActiveSpan()?.spanContext().spanId !== before) complain(`${tenant}: lost behind an await`)
      if (seenTenant() !== tenant) complain(`${tenant}: baggage of ${seenTenant()} behind an await`)
    }),
    sleep: Effect.sleep("1 millis"),
    inner: Effect.andThen(Effect.yieldNow, look).pipe(Effect.withSpan("inner", { attributes: { tenant } })),
    fork: Effect.forkChild(look.pipe(Traced.span("forked", { attributes: { tenant } }))).pipe(
      Effect.andThen(Effect.yieldNow)
    ),
    interrupt: Effect.never.pipe(
      Effect.onInterrupt(() => look),
      Traced.span("interrupted", { attributes: { tenant } }),
      Effect.timeoutOption("1 millis")
    ),
    fail: Effect.fail("no").pipe(Effect.withSpan("failed", { attributes: { tenant } }), Effect.ignore)
  }
  return Effect.gen(function* () {
    for (const act of plan) {
      yield* look
      yield* wait[act]
      yield* look
    }
  }).pipe(Traced.span("program", { attributes: { tenant } }), Baggage.set("tenant", tenant))
}

it.live("10,000 programs of as many tenants run at once, and none finds a span, baggage or attribute of another", () =>
  Effect.promise(() =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom(...acts), { minLength: 1, maxLength: 4 }), { minLength: 7, maxLength: 7 }),
        async (plans) => {
          const recorder = Recorder.make({ otelContext })
          const complaints: Array<string> = []
          const programs = Array.from({ length: 10_000 }, (_, index) =>
            perform(`tenant-${index}`, plans[index % plans.length]!, (what) => complaints.push(what))
          )
          await Effect.runPromise(
            recorder.run(Effect.all(programs, { concurrency: "unbounded", discard: true })).pipe(Effect.orDie)
          )
          assert.deepStrictEqual(complaints.slice(0, 5), [])
          const tenants = new Map<string, unknown>()
          for (const { attributes, traceId } of recorder.spans) {
            const tenant = attributes.get("tenant")
            assert.strictEqual(attributes.get("seen.tenant") ?? tenant, tenant)
            assert.strictEqual(tenants.get(traceId) ?? tenant, tenant)
            tenants.set(traceId, tenant)
          }
          assert.strictEqual(tenants.size, programs.length)
        }
      ),
      { numRuns: 2, seed: 7, endOnFailure: true }
    )
  )
)
