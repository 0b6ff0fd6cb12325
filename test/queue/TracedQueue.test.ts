import { assert, describe, it } from "@effect/vitest"
import { TracedQueue, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Deferred, Effect, Fiber, Layer, Schema, Tracer } from "effect"
import { PersistedQueue } from "effect/persistence"
import * as fc from "fast-check"
import * as Envelope from "../../src/queue/Envelope.ts"
import * as Orders from "./orders.ts"

const Memory = Layer.fresh(PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory)))

describe("in memory", () => {
  it.live("a redelivered order stays in its request's trace, with its baggage", () =>
    Orders.redelivered("orders").pipe(Effect.provide(Memory))
  )

  it.live("a message written before tracing was on is taken, and begins a trace of its own", () =>
    Orders.bare("bare").pipe(Effect.provide(Memory))
  )

  it.live("two offers with one id are one message, in the trace of the first", () =>
    Orders.idempotent("once").pipe(Effect.provide(Memory))
  )

  it.live("a taker that is interrupted while it waits leaves no span, one that is interrupted at work does", () =>
    Effect.gen(function* () {
      const queue = yield* TracedQueue.make({ name: "orders", schema: Schema.String })
      const waiting = yield* Effect.forkChild(
        queue.take(() => Effect.void),
        { startImmediately: true }
      )
      yield* Fiber.interrupt(waiting)
      assert.strictEqual(yield* SpanTree.draw(), "")
      const working = yield* Deferred.make<void>()
      const worker = yield* Effect.forkChild(
        queue.take(() => Effect.andThen(Deferred.succeed(working, undefined), Effect.never))
      )
      yield* queue.offer("one")
      yield* Deferred.await(working)
      yield* Fiber.interrupt(worker)
      assert.strictEqual(yield* SpanTree.draw(), "queue.publish\n└─ queue.process_message ⊘")
    }).pipe(Effect.provide(Memory), Effect.provide(TracingTest.layer))
  )

  it.live("a handler that throws before it makes an effect is a defect in its own span", () =>
    Effect.gen(function* () {
      const queue = yield* TracedQueue.make({ name: "orders", schema: Schema.String })
      yield* queue.offer("one")
      yield* Effect.exit(
        queue.take((): Effect.Effect<void> => {
          throw new TypeError("oops")
        })
      )
      assert.strictEqual(yield* SpanTree.draw(), "queue.publish\n└─ queue.process_message ✗ TypeError")
    }).pipe(Effect.provide(Memory), Effect.provide(TracingTest.layer))
  )

  it.live("where tracing is off, a message still hands on the trace that its offerer was given", () => {
    const parent = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true })
    return Effect.gen(function* () {
      const queue = yield* TracedQueue.make({ name: "orders", schema: Schema.String })
      yield* queue.offer("one").pipe(Effect.withParentSpan(parent))
      const span = yield* queue.take(() => Effect.currentParentSpan)
      assert.strictEqual(span.spanId, parent.spanId)
    }).pipe(Effect.provide(Memory), Effect.provide(Tracing.layerDisabled))
  })

  it.live("the type is that of a PersistedQueue, services and all", () =>
    Effect.gen(function* () {
      const queue: PersistedQueue.PersistedQueue<Orders.Order> = yield* TracedQueue.make({
        name: "orders",
        schema: Orders.Order
      })
      assert.isTrue(PersistedQueue.TypeId in queue)
    }).pipe(Effect.provide(Memory))
  )
})

describe("the envelope", () => {
  const codec = Schema.toCodecJson(Envelope.schema(Schema.Json))
  const encode = Schema.encodeUnknownSync(codec)
  const decode = Schema.decodeUnknownSync(codec)
  const throughStore = (json: Schema.Json): Schema.Json => JSON.parse(JSON.stringify(json))
  const json = fc.jsonValue().map((value) => throughStore(value as Schema.Json))
  const headers = fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string(), { maxKeys: 3 })

  it("gives back any element with its headers, even one that looks like an envelope itself", () => {
    const looksLikeOne = json.map((element) => encode({ headers: { a: "b" }, element }))
    fc.assert(
      fc.property(fc.oneof(json, looksLikeOne), headers, (element, headers) => {
        assert.deepStrictEqual(decode(throughStore(encode({ headers, element }))), { headers: { ...headers }, element })
      })
    )
  })

  it("stores an element without headers bare", () => {
    assert.deepStrictEqual(encode({ headers: {}, element: { id: 1 } }), { id: 1 })
  })

  it("loses no message to headers that were tampered with", () => {
    const stored = encode({ headers: { traceparent: "x" }, element: 1 }) as Record<string, Schema.Json>
    const [headersKey] = Object.keys(stored) as [string]
    for (const broken of [null, 7, ["a"], { a: 1, b: "kept" }]) {
      assert.strictEqual(decode({ ...stored, [headersKey]: broken }).element, 1)
    }
    assert.deepStrictEqual(decode({ ...stored, [headersKey]: { a: 1, b: "kept" } }).headers, { b: "kept" })
  })
})
