import { assert } from "@effect/vitest"
import { Baggage, TracedQueue, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Data, Effect, Option, Schedule, Schema } from "effect"
import { PersistedQueue } from "effect/persistence"

/** A message with all that JSON has no word for. */
export class Order extends Schema.Class<Order>("Order")({
  id: Schema.String,
  at: Schema.Date,
  note: Schema.Option(Schema.String)
}) {}

export class OutOfStock extends Data.TaggedError("OutOfStock")<{}> {}

export const order = (id: string): Order =>
  new Order({ id, at: new Date("2026-01-02T03:04:05Z"), note: Option.some("fragile") })

const soon = Schedule.spaced("1 millis")

/** One order offered in a request, declined once, redelivered and shipped by a worker: the story every store must tell. */
export const redelivered = (name: string, system?: string) =>
  Effect.gen(function* () {
    const queue = yield* TracedQueue.make({ name, schema: Order, retrySchedule: soon, system })
    const id = yield* queue.offer(order("o1")).pipe(Baggage.set("tier", "gold"), Effect.withSpan("request"))
    const deliver = queue.take(
      Effect.fnUntraced(function* (taken, metadata) {
        assert.deepStrictEqual(taken, order("o1"))
        assert.strictEqual(metadata.id, id)
        assert.strictEqual((yield* Baggage.all).get("tier")?.value, "gold")
        if (metadata.attempts === 1) return yield* new OutOfStock()
        return yield* Effect.succeed(metadata.attempts).pipe(Effect.withSpan("ship"))
      })
    )
    assert.strictEqual((yield* Effect.flip(deliver))._tag, "OutOfStock")
    assert.strictEqual(yield* deliver, 2)
    // A store has client spans of its own for its statements.
    const spans = (yield* (yield* TracingTest.TracingTest).spans).filter(({ kind }) => kind !== "client")
    assert.strictEqual(
      SpanTree.drawSpans(spans, "retry_count", "component"),
      `
request
└─ queue.publish
   ├─ queue.process_message retry_count=0 component=queue_consumer ✗ OutOfStock
   └─ queue.process_message retry_count=1 component=queue_consumer
      └─ ship`.trim()
    )
    for (const span of spans.filter((span) => span.name.startsWith("queue."))) {
      assert.strictEqual(span.attributes.get("queue.name"), name)
      assert.strictEqual(span.attributes.get("queue.message_id"), id)
      assert.strictEqual(span.attributes.get("messaging.system"), system ?? "effect_persisted_queue")
    }
  }).pipe(Effect.provide(TracingTest.layer))

/** A message that an untraced program stored, and one that has no context to carry. */
export const bare = (name: string) =>
  Effect.gen(function* () {
    const before = yield* PersistedQueue.make({ name, schema: Order })
    const queue = yield* TracedQueue.make({ name, schema: Order })
    yield* before.offer(order("old"))
    const taken = yield* queue.take(({ id }) => Effect.succeed(id)).pipe(Effect.withSpan("worker"))
    assert.strictEqual(taken, "old")
    assert.isUndefined((yield* SpanTree.find("queue.process_message")).parentSpanId)
    yield* queue.offer(order("new")).pipe(Effect.provide(Tracing.layerDisabled))
    assert.strictEqual(yield* before.take(({ id }) => Effect.succeed(id)), "new")
  }).pipe(Effect.provide(TracingTest.layer))

/** Two offers with one id are one message, in the trace of the first. */
export const idempotent = (name: string) =>
  Effect.gen(function* () {
    const queue = yield* TracedQueue.make({ name, schema: Order })
    assert.strictEqual(yield* queue.offer(order("1"), { id: `${name}-1` }).pipe(Effect.withSpan("first")), `${name}-1`)
    assert.strictEqual(yield* queue.offer(order("1"), { id: `${name}-1` }).pipe(Effect.withSpan("second")), `${name}-1`)
    yield* queue.offer(order("2"))
    const taken = [yield* queue.take(({ id }) => Effect.succeed(id)), yield* queue.take(({ id }) => Effect.succeed(id))]
    assert.deepStrictEqual(taken.sort(), ["1", "2"])
    const processed = yield* SpanTree.findAll("queue.process_message")
    const first = processed.find(({ attributes }) => attributes.get("queue.message_id") === `${name}-1`)
    assert.strictEqual(first?.traceId, (yield* SpanTree.find("first")).traceId)
  }).pipe(Effect.provide(TracingTest.layer))
