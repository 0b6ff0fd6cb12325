import { assert } from "@effect/vitest"
import { Data, Effect, Schedule, Schema, Tracer } from "effect"
import { PersistedQueue } from "effect/persistence"
import * as Baggage from "../../src/propagation/Baggage.ts"
import * as TracedQueue from "../../src/queue/TracedQueue.ts"
import * as GoraxTracer from "../../src/tracer/GoraxTracer.ts"
import * as Recording from "../http/recording.ts"

/** A message with all that JSON has no word for. */
export class Order extends Schema.Class<Order>("Order")({
  id: Schema.String,
  at: Schema.Date,
  note: Schema.Option(Schema.String)
}) {}

export class OutOfStock extends Data.TaggedError("OutOfStock")<{}> {}

export const order = (id: string): Order => new Order({ id, at: new Date("2026-01-02T03:04:05Z"), note: Schema.Option(Schema.String).make({ _tag: "None" } as never) })

const soon = Schedule.spaced("1 millis")

/** One order offered in a request, declined once, redelivered and shipped by a worker: the story every store must tell. */
export const redelivered = (name: string, system?: string) => {
  const recording = Recording.make()
  return Effect.gen(function*() {
    const queue = yield* TracedQueue.make({ name, schema: Order, retrySchedule: soon, system })
    const id = yield* queue.offer(order("o1")).pipe(Baggage.set("tier", "gold"), Effect.withSpan("request"))
    const deliver = queue.take(Effect.fnUntraced(function*(taken, metadata) {
      assert.deepStrictEqual(taken, order("o1"))
      assert.strictEqual(metadata.id, id)
      assert.strictEqual((yield* Baggage.current).get("tier")?.value, "gold")
      if (metadata.attempts === 1) return yield* new OutOfStock()
      return yield* Effect.succeed(metadata.attempts).pipe(Effect.withSpan("ship"))
    }))
    assert.strictEqual((yield* Effect.flip(deliver))._tag, "OutOfStock")
    assert.strictEqual(yield* deliver, 2)
    assert.strictEqual(
      recording.draw("retry_count", "component", "error.type"),
      `
request
└─ queue.publish
   ├─ queue.process_message ✗ retry_count=0 component=queue_consumer error.type=OutOfStock
   └─ queue.process_message retry_count=1 component=queue_consumer
      └─ ship`.trim()
    )
    for (const span of recording.spans.filter((span) => span.name.startsWith("queue."))) {
      assert.strictEqual(span.attributes.get("queue.name"), name)
      assert.strictEqual(span.attributes.get("queue.message_id"), id)
      assert.strictEqual(span.attributes.get("messaging.system"), system ?? "effect_persisted_queue")
    }
  }).pipe(recording.run)
}

/** A message that an untraced program stored, and one that has no context to carry. */
export const bare = (name: string) => {
  const recording = Recording.make()
  return Effect.gen(function*() {
    const before = yield* PersistedQueue.make({ name, schema: Order })
    const queue = yield* TracedQueue.make({ name, schema: Order })
    yield* before.offer(order("old"))
    const taken = yield* queue.take(({ id }) => Effect.succeed(id)).pipe(Effect.withSpan("worker"))
    assert.strictEqual(taken, "old")
    assert.isUndefined(recording.named("queue.process_message").parentSpanId)
    yield* queue.offer(order("new")).pipe(Effect.provideService(Tracer.Tracer, GoraxTracer.passThrough))
    assert.strictEqual(yield* before.take(({ id }) => Effect.succeed(id)), "new")
  }).pipe(recording.run)
}

/** Two offers with one id are one message, in the trace of the first. */
export const idempotent = (name: string) => {
  const recording = Recording.make()
  return Effect.gen(function*() {
    const queue = yield* TracedQueue.make({ name, schema: Order })
    assert.strictEqual(yield* queue.offer(order("1"), { id: `${name}-1` }).pipe(Effect.withSpan("first")), `${name}-1`)
    assert.strictEqual(yield* queue.offer(order("1"), { id: `${name}-1` }).pipe(Effect.withSpan("second")), `${name}-1`)
    yield* queue.offer(order("2"))
    const taken = [yield* queue.take(({ id }) => Effect.succeed(id)), yield* queue.take(({ id }) => Effect.succeed(id))]
    assert.deepStrictEqual(taken.sort(), ["1", "2"])
    const first = recording.spans.find((span) => span.name === "queue.process_message" && span.attributes.get("queue.message_id") === `${name}-1`)
    assert.strictEqual(first?.traceId, recording.named("first").traceId)
  }).pipe(recording.run)
}
