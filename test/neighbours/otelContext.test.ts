import { assert, describe, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import { Deferred, Effect } from "effect"
import { type SpanExporter, Traced, Tracing } from "@gorax/tracing"
import * as OtelContext from "../../src/tracer/OtelContext.ts"
import * as Recorder from "../tracer/recorder.ts"
import { outside, remembering } from "./Neighbourhood.ts"

const activeId = () => Otel.trace.getActiveSpan()?.spanContext().spanId

/** True when a promise begun in a fiber carries the fiber's span behind its awaits: contexts are being entered. */
const isEntered = Effect.gen(function* () {
  const { spanId } = yield* Effect.currentSpan
  let found: string | undefined
  const answered = yield* Deferred.make<void>()
  // Looks at the end only: to look is to turn it on.
  yield* Effect.promise(async () => {
    await Promise.resolve()
    found = activeId()
    Deferred.doneUnsafe(answered, Effect.void)
  })
  return found === spanId
}).pipe(Effect.withSpan("work"))

const layer = (otelContext: "auto" | "on" | "off", exporters: ReadonlyArray<SpanExporter> = [remembering().exporter]) =>
  Tracing.layer({ exporter: "none", exporters, otelContext })

describe("TRACING_OTEL_CONTEXT", () => {
  it.live("on: the active span is the fiber's from the beginning", () =>
    Effect.map(Effect.provide(isEntered, layer("on")), (entered) => assert.isTrue(entered))
  )

  it.live("auto: nothing is entered before anybody asks", () =>
    Effect.map(Effect.provide(isEntered, layer("auto")), (entered) => assert.isFalse(entered))
  )

  it.live("auto: it begins with the first tracer that somebody gets", () =>
    Effect.gen(function* () {
      Otel.trace.getTracer("foreign")
      assert.isTrue(yield* isEntered)
    }).pipe(Effect.provide(layer("auto")))
  )

  it.live("auto: it begins with the first span of a tracer that was there before the layer", () =>
    Effect.gen(function* () {
      const early = Otel.trace.getTracer("early")
      yield* Effect.gen(function* () {
        early.startSpan("first").end()
        assert.isTrue(yield* isEntered)
      }).pipe(Effect.provide(layer("auto")))
    })
  )

  it.live("auto: it begins with the first question for the active context, which is answered rightly", () =>
    Effect.gen(function* () {
      const { spanId } = yield* Effect.currentSpan
      assert.strictEqual(activeId(), spanId)
      assert.isTrue(yield* isEntered)
    }).pipe(Effect.withSpan("work"), Effect.provide(layer("auto")))
  )

  it.live("auto: our own delivery does not begin it", () =>
    Effect.gen(function* () {
      const sent = yield* Deferred.make<void>()
      const { url } = yield* outside((request, response) => {
        request.resume().on("end", () => response.end())
        Deferred.doneUnsafe(sent, Effect.void)
      })
      yield* Effect.gen(function* () {
        yield* Effect.void.pipe(Traced.step("sent"))
        yield* Deferred.await(sent)
        assert.isFalse(yield* isEntered)
      }).pipe(Effect.provide(Tracing.layer({ endpoint: url, otelContext: "auto", batchTimeout: "1 millis" })))
    })
  )

  it.live("off: nothing is registered with OpenTelemetry", () =>
    Effect.gen(function* () {
      const key = Otel.createContextKey("key")
      const manages = Otel.context.with(
        Otel.ROOT_CONTEXT.setValue(key, true),
        () => Otel.context.active().getValue(key) === true
      )
      const carrier = {}
      const valid = Otel.trace.wrapSpanContext({ traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 })
      Otel.propagation.inject(Otel.trace.setSpan(Otel.ROOT_CONTEXT, valid), carrier)
      assert.isFalse(manages)
      assert.deepStrictEqual(carrier, {})
      assert.isFalse(Otel.trace.getTracer("foreign").startSpan("foreign").isRecording())
      assert.isUndefined(activeId())
      assert.isFalse(yield* isEntered)
    }).pipe(Effect.withSpan("work"), Effect.provide(layer("off")))
  )

  it.live("on: nothing stays registered when the layer is released, and tracers that were kept make nothing more", () =>
    Effect.gen(function* () {
      const { exporter, spans } = remembering()
      const kept = yield* Effect.provide(
        Effect.sync(() => Otel.trace.getTracer("kept")),
        layer("on", [exporter])
      )
      const span = kept.startSpan("late")
      assert.isFalse(span.isRecording())
      span.end()
      assert.deepStrictEqual(spans, [])
      assert.isFalse(Otel.trace.getTracer("later").startSpan("later").isRecording())
      assert.isFalse(
        Otel.context.with(Otel.trace.setSpan(Otel.ROOT_CONTEXT, span), () => Otel.trace.getActiveSpan() === span)
      )
    })
  )

  it.live("leaves nothing behind on the stack of whoever ran a program that is none", () => {
    const otelContext = OtelContext.make("on")
    const recorder = Recorder.make({ otelContext })
    const broken: Effect.Effect<never> = Effect.flatMap(Effect.void, () => "no effect" as never)
    return Effect.sync(() => {
      Effect.runSyncExit(recorder.run(broken.pipe(Effect.withSpan("broken"))))
      assert.strictEqual(otelContext.manager.active(), Otel.ROOT_CONTEXT)
    })
  })
})
