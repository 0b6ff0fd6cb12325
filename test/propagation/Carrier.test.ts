import { assert, describe, it } from "@effect/vitest"
import { Effect, Tracer } from "effect"
import { Baggage, Carrier } from "@gorax/tracing"
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
