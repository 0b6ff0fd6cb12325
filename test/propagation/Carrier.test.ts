import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Tracer } from "effect"
import { Baggage, Carrier, Propagator } from "@gorax/tracing"
import * as GoraxTracer from "../../src/tracer/GoraxTracer.ts"
import * as Recorder from "../tracer/recorder.ts"

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

describe("by hand", () => {
  it.effect("what is injected on one side is continued on the other", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const headers = yield* recorder.run(
        Carrier.inject({ "content-type": "text/plain" }).pipe(Effect.withSpan("here"), Baggage.set("tier", "gold"))
      )
      assert.deepInclude(headers, { "content-type": "text/plain", baggage: "tier=gold" })
      const tier = yield* recorder.run(Baggage.all.pipe(Effect.withSpan("there"), Carrier.continueFrom(headers)))
      assert.strictEqual(recorder.named("there").parentSpanId, recorder.named("here").spanId)
      assert.strictEqual(recorder.named("there").traceId, recorder.named("here").traceId)
      assert.deepStrictEqual(tier.get("tier"), { value: "gold" })
    })
  )

  it.effect("keys are looked up without regard to case, and lists are joined", () =>
    Effect.gen(function* () {
      const context = yield* Carrier.extract({ TraceParent: parent, TRACESTATE: ["a=1", "b=2"], other: undefined })
      assert.deepInclude(context.span, { spanId: "b7ad6b7169203331", traceState: "a=1,b=2" })
    })
  )

  it.effect("a header that was sent twice is seen as such, under whatever names", () =>
    Effect.gen(function* () {
      for (const carrier of [
        { traceparent: [parent, parent] },
        { traceparent: parent, TraceParent: parent },
        { traceparent: `${parent}, ${parent}` }
      ]) {
        assert.isUndefined((yield* Carrier.extract(carrier)).span)
      }
      const lists = yield* Carrier.extract({
        traceparent: [parent],
        tracestate: ["a=1"],
        TraceState: "b=2",
        baggage: ["x=1", "y=2"]
      })
      assert.strictEqual(lists.span?.traceState, "a=1,b=2")
      assert.deepStrictEqual([...lists.baggage.keys()], ["x", "y"])
    })
  )

  it.effect("what got past the types is no header, and no reason to fail", () =>
    Effect.gen(function* () {
      const carrier = { traceparent: parent, baggage: Buffer.from("tier=gold"), tracestate: [7], b3: null, other: 1 }
      const { baggage, span } = yield* Carrier.extract(carrier as never)
      assert.deepInclude(span, { spanId: "b7ad6b7169203331", traceState: "" })
      assert.strictEqual(baggage.size, 0)
      const every = Propagator.provide(Propagator.all(Object.values(Propagator.named)))
      assert.deepStrictEqual(yield* Carrier.inject().pipe(Baggage.set("tier", undefined as never), every), {})
    })
  )

  it.effect("headers of an older trace are replaced, whatever their case", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const headers = yield* recorder.run(
        Carrier.inject({ Traceparent: parent, Baggage: "old=1" }).pipe(Effect.withSpan("work"))
      )
      assert.deepStrictEqual(Object.keys(headers), ["traceparent"])
      assert.notStrictEqual(headers["traceparent"], parent)
    })
  )

  it.effect("a carrier without a valid context changes nothing", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(
        Effect.void.pipe(
          Effect.withSpan("child"),
          Carrier.continueFrom({ traceparent: "nonsense" }),
          Effect.withSpan("own")
        )
      )
      assert.strictEqual(recorder.named("child").parentSpanId, recorder.named("own").spanId)
    })
  )

  it.effect("outside any span nothing is injected", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Carrier.inject(), {})
    })
  )

  it.effect("a disabled tracer passes a foreign context on, byte for byte", () =>
    Effect.gen(function* () {
      const arrived = { traceparent: parent.replace(/01$/, "03"), tracestate: "a=1,b=2", baggage: "tier=gold;ttl=3" }
      const left = yield* Carrier.inject().pipe(
        Effect.withSpan("work"),
        Carrier.continueFrom(arrived),
        Effect.provideService(Tracer.Tracer, GoraxTracer.passThrough)
      )
      assert.deepStrictEqual(left, arrived)
    })
  )
})

describe("through the environment of a process", () => {
  it.effect("what the parent was in, the child continues", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const env = yield* recorder.run(
        Carrier.toEnv({ PATH: "/bin", TRACEPARENT: parent, BAGGAGE: "old=1", UNSET: undefined }).pipe(
          Effect.withSpan("build"),
          Baggage.set("tier", "gold")
        )
      )
      assert.sameMembers(Object.keys(env), ["PATH", "TRACEPARENT", "BAGGAGE"])
      assert.strictEqual(env["BAGGAGE"], "tier=gold")
      const tier = yield* recorder.run(
        Baggage.get("tier").pipe(Effect.withSpan("compile"), Carrier.continueFrom(Carrier.fromEnv(env)))
      )
      assert.deepStrictEqual(tier, Option.some("gold"))
      assert.strictEqual(recorder.named("compile").parentSpanId, recorder.named("build").spanId)
    })
  )

  it.effect("a trace state goes along, and what was there before is gone", () =>
    Effect.gen(function* () {
      const arrived = { TRACEPARENT: parent, TRACESTATE: "a=1" }
      const env = yield* Carrier.toEnv({ TRACESTATE: "stale=1" }).pipe(Carrier.continueFrom(Carrier.fromEnv(arrived)))
      assert.deepStrictEqual(env, arrived)
      assert.deepStrictEqual(yield* Carrier.toEnv({ ...arrived, HOME: "/root" }), { HOME: "/root" })
    })
  )

  it.effect("names of other formats become variables and back", () =>
    Effect.gen(function* () {
      const every = Propagator.provide(Propagator.all(Object.values(Propagator.named)))
      const env = yield* Carrier.toEnv().pipe(
        Carrier.continueFrom({ traceparent: parent, baggage: "tier=gold" }),
        every
      )
      assert.sameMembers(Object.keys(env), [
        "TRACEPARENT",
        "BAGGAGE",
        "B3",
        "X_B3_TRACEID",
        "X_B3_SPANID",
        "X_B3_SAMPLED",
        "UBER_TRACE_ID",
        "UBERCTX_TIER",
        "X_AMZN_TRACE_ID"
      ])
      for (const format of Object.values(Propagator.named)) {
        const { baggage, span } = yield* Carrier.extract(Carrier.fromEnv(env)).pipe(Propagator.provide(format))
        assert.isTrue(span?.spanId === "b7ad6b7169203331" || baggage.get("tier")?.value === "gold")
      }
    })
  )

  it.effect("variables in small letters are other variables", () =>
    Effect.gen(function* () {
      assert.isUndefined((yield* Carrier.extract(Carrier.fromEnv({ traceparent: parent, Traceparent: parent }))).span)
    })
  )
})
