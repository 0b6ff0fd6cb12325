import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import { Context, Effect, Option, Tracer } from "effect"
import { EventEmitter, once } from "node:events"
import { Baggage } from "@gorax/tracing"
import * as SpanContext from "../../src/model/SpanContext.ts"
import * as OtelContext from "../../src/tracer/OtelContext.ts"
import * as Recorder from "./recorder.ts"

const otelContext = OtelContext.make("on")
const recorder = Recorder.make({ otelContext })
const activeId = () => Otel.trace.getActiveSpan()?.spanContext().spanId
const ownId = Effect.map(Effect.currentSpan, (span) => span.spanId)

beforeAll(() => {
  Otel.context.setGlobalContextManager(otelContext.manager)
})
afterAll(() => Otel.context.disable())

describe("OpenTelemetry's active span", () => {
  it.live("is the fiber's span in sync code, promises, after an await, in timers and event handlers", () =>
    recorder.run(
      Effect.gen(function* () {
        const own = yield* ownId
        const seen: Array<string | undefined> = [activeId()]
        seen.push(yield* Effect.sync(activeId))
        seen.push(
          ...(yield* Effect.promise(async () => {
            const before = activeId()
            await new Promise((resolve) => setImmediate(resolve))
            return [before, activeId()]
          }))
        )
        seen.push(
          yield* Effect.callback<string | undefined>((resume) => {
            setTimeout(() => resume(Effect.sync(activeId)), 1)
          })
        )
        seen.push(
          yield* Effect.promise(async () => {
            const emitter = new EventEmitter()
            setImmediate(() => emitter.emit("done"))
            await once(emitter, "done")
            return activeId()
          })
        )
        assert.deepStrictEqual(
          seen,
          seen.map(() => own)
        )
      }).pipe(Effect.withSpan("work"))
    )
  )

  it.live("is none outside, before and after", () =>
    Effect.gen(function* () {
      assert.isUndefined(activeId())
      yield* recorder.run(Effect.yieldNow.pipe(Effect.withSpan("work")))
      assert.isUndefined(yield* Effect.sync(activeId))
    })
  )

  it("is none on the stack of whoever started a fiber, or woke it, whatever the fiber does next", () => {
    let wake: () => void = () => undefined
    const waiting = Effect.callback<void>((resume) => {
      wake = () => resume(Effect.void)
    })
    const seen: Array<string | undefined> = []
    const looking = Effect.sync(() => seen.push(activeId()))
    const programs = {
      "waits, three times, in two spans": Effect.gen(function* () {
        yield* waiting
        yield* looking
        yield* Effect.andThen(waiting, looking).pipe(Effect.withSpan("inner"))
        yield* waiting
        yield* looking
      }),
      "is interrupted in the moment it begins to wait": Effect.withFiber((fiber) =>
        Effect.callback<void>(() => {
          fiber.interruptUnsafe()
        })
      ),
      "is interrupted so when it was woken": Effect.andThen(
        waiting,
        Effect.withFiber((fiber) =>
          Effect.callback<void>(() => {
            fiber.interruptUnsafe()
          })
        )
      ),
      fails: Effect.andThen(waiting, Effect.fail("expected")),
      "is no effect": Effect.andThen(waiting, 1 as unknown as Effect.Effect<void>)
    }
    // A parent that the fiber has from the first to the last
    const parent = Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "1".repeat(16) })
    const fork = Effect.runForkWith(
      Context.make(Tracer.ParentSpan, parent).pipe(Context.add(Tracer.Tracer, recorder.tracer))
    )
    for (const [name, program] of Object.entries(programs)) {
      fork(program.pipe(Effect.withSpan("work")))
      assert.isUndefined(activeId(), `started: ${name}`)
      for (let woken = 0; woken < 3; woken++) {
        wake()
        assert.isUndefined(activeId(), `woken: ${name}`)
      }
    }
    assert.strictEqual(seen.length, 3)
    assert.strictEqual(new Set(seen).size, 2)
    assert.strictEqual(seen[0], seen[2])
    assert.isDefined(seen[0])
  })

  it.live("never crosses from one fiber to another", () =>
    recorder.run(
      Effect.forEach(
        Array.from({ length: 200 }, (_, index) => index),
        (index) =>
          Effect.gen(function* () {
            const own = yield* ownId
            for (let turn = 0; turn < 5; turn++) {
              yield* index % 3 === 0
                ? Effect.yieldNow
                : Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
              assert.strictEqual(activeId(), own)
              yield* Effect.flatMap(ownId, (inner) => Effect.sync(() => assert.strictEqual(activeId(), inner))).pipe(
                Effect.withSpan("inner")
              )
              assert.strictEqual(activeId(), own)
            }
          }).pipe(Effect.withSpan("fiber")),
        { concurrency: "unbounded", discard: true }
      )
    )
  )

  it.live("lets foreign code write to the span", () =>
    Effect.gen(function* () {
      yield* recorder.run(
        Effect.sync(() => {
          const span = Otel.trace.getActiveSpan()!
          span.setAttribute("foreign", true).addEvent("seen").updateName("renamed")
          span.setStatus({ code: Otel.SpanStatusCode.ERROR, message: "foreign" })
        }).pipe(Effect.withSpan("original"))
      )
      const span = recorder.named("renamed")
      assert.strictEqual(span.attributes.get("foreign"), true)
      assert.strictEqual(span.events[0]?.name, "seen")
      assert.deepInclude(span, { statusCode: "error", statusMessage: "foreign" })
    })
  )

  it.live("becomes the parent of a program that is run under it", () =>
    Effect.gen(function* () {
      const spanContext = { traceId: "c".repeat(32), spanId: "d".repeat(16), traceFlags: 1 }
      const foreign = Otel.trace.setSpan(Otel.context.active(), Otel.trace.wrapSpanContext(spanContext))
      yield* Effect.promise(() =>
        Otel.context.with(foreign, () =>
          Effect.runPromise(recorder.run(Effect.void.pipe(Effect.withSpan("under foreign"))))
        )
      )
      const span = recorder.named("under foreign")
      assert.strictEqual(span.traceId, spanContext.traceId)
      assert.strictEqual(span.parentSpanId, spanContext.spanId)
      assert.isFalse(span.parentIsRemote)
    })
  )

  it.live("comes with the fiber's baggage", () =>
    recorder.run(
      Effect.promise(async () => {
        await Promise.resolve()
        const entry = Otel.propagation.getActiveBaggage()?.getEntry("tier")
        assert.strictEqual(entry?.value, "gold")
      }).pipe(Effect.withSpan("work"), Baggage.set("tier", "gold"))
    )
  )

  it.live("is not inherited by a fiber that starts a trace of its own", () =>
    Effect.gen(function* () {
      yield* recorder.run(
        Effect.promise(() => Effect.runPromise(recorder.run(Effect.void.pipe(Effect.withSpan("own root"))))).pipe(
          Effect.withSpan("launcher")
        )
      )
      assert.isUndefined(recorder.named("own root").parentSpanId)
    })
  )

  it.live("stands for a remote parent where a fiber has no span of its own", () =>
    recorder.run(
      Effect.sync(() => Otel.trace.getActiveSpan()!.spanContext()).pipe(
        Effect.withParentSpan(
          SpanContext.toExternalSpan({
            traceId: "e".repeat(32),
            spanId: "f".repeat(16),
            traceFlags: 1,
            traceState: "a=b"
          })
        ),
        Effect.map((context) => {
          assert.deepInclude(context, { traceId: "e".repeat(32), isRemote: true })
          assert.strictEqual(context.traceState?.serialize(), "a=b")
        })
      )
    )
  )
})

describe("auto", () => {
  it.live("stays out of the way until somebody asks for the active context", () =>
    Effect.gen(function* () {
      const auto = OtelContext.make("auto")
      const fresh = Recorder.make({ otelContext: auto })
      yield* fresh.run(
        Effect.gen(function* () {
          const own = yield* ownId
          const first = yield* Effect.sync(() => Otel.trace.getSpan(auto.manager.active()))
          assert.strictEqual(first?.spanContext().spanId, own)
          const later = yield* Effect.promise(async () => {
            await new Promise((resolve) => setImmediate(resolve))
            return Option.fromNullishOr(Otel.trace.getSpan(auto.manager.active()))
          })
          assert.strictEqual(Option.getOrThrow(later).spanContext().spanId, own)
        }).pipe(Effect.withSpan("work"))
      )
    })
  )
})
