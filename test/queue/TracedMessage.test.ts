import { assert, describe, it } from "@effect/vitest"
import { Baggage, type Carrier, TracedMessage, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Data, Deferred, Effect, Fiber, Tracer } from "effect"

class BrokerDown extends Data.TaggedError("BrokerDown")<{}> {}

/** What a broker would hand to the consumer, in the case it likes best. */
const sent = (headers: Record<string, string>) =>
  Effect.succeed(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])))

const parent = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true })

describe("one message", () => {
  it.effect("is processed below the span that published it, in its trace and with its baggage", () =>
    Effect.gen(function* () {
      const headers = yield* TracedMessage.publish("orders", sent, { messageId: "m1", system: "rabbitmq" }).pipe(
        Baggage.set("tier", "gold"),
        Effect.withSpan("api")
      )
      const handle = Effect.fnUntraced(
        function* (_message: { readonly headers: Carrier.Carrier }) {
          return (yield* Baggage.all).get("tier")?.value
        },
        TracedMessage.process("orders", ({ headers }) => ({
          headers,
          messageId: "m1",
          attempts: 2,
          system: "rabbitmq"
        }))
      )
      const tier = yield* handle({ headers }).pipe(Effect.withSpan("worker"))
      assert.strictEqual(tier, "gold")
      assert.strictEqual(
        yield* SpanTree.draw("component", "queue.name", "queue.message_id", "retry_count"),
        `
api
└─ queue.publish queue.name=orders queue.message_id=m1
   └─ queue.process_message component=queue_consumer queue.name=orders queue.message_id=m1 retry_count=1
worker`.trim()
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("says what the conventions for messaging ask for", () =>
    Effect.gen(function* () {
      const headers = yield* TracedMessage.publish("orders", sent, { messageId: "m1", system: "kafka" })
      yield* Effect.void.pipe(TracedMessage.process("orders", { headers, messageId: "m1", system: "kafka" }))
      const messaging = Effect.fnUntraced(function* (name: string) {
        const { attributes, kind } = yield* SpanTree.find(name)
        return [
          kind,
          ...["system", "destination.name", "operation.name", "operation.type", "message.id"].map((key) =>
            attributes.get(`messaging.${key}`)
          )
        ]
      })
      assert.deepStrictEqual(yield* messaging("queue.publish"), [
        "producer",
        "kafka",
        "orders",
        "publish",
        "send",
        "m1"
      ])
      assert.deepStrictEqual(yield* messaging("queue.process_message"), [
        "consumer",
        "kafka",
        "orders",
        "process",
        "process",
        "m1"
      ])
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("keeps headers of its own, and takes its id from what the broker answers", () =>
    Effect.gen(function* () {
      const names = yield* TracedMessage.publish(
        "orders",
        (headers) => Effect.succeed({ id: "sqs-1", names: Object.keys(headers) }),
        {
          headers: { "content-type": "application/json", Traceparent: "stale" },
          messageId: ({ id }) => id
        }
      )
      assert.deepStrictEqual(names.names, ["content-type", "traceparent"])
      assert.strictEqual(
        yield* SpanTree.draw("queue.message_id", "messaging.message.id"),
        "queue.publish queue.message_id=sqs-1 messaging.message.id=sqs-1"
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("that carries no context, or a broken one, begins a trace of its own", () =>
    Effect.gen(function* () {
      for (const headers of [{}, { traceparent: "nonsense" }]) {
        yield* Effect.void.pipe(TracedMessage.process("orders", { headers }), Effect.withSpan("worker"))
      }
      const { spans } = yield* TracingTest.TracingTest
      assert.strictEqual(new Set((yield* spans).map(({ traceId }) => traceId)).size, 4)
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("that is not handled is an error with its own failure; an interrupted one is none", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        (yield* Effect.flip(TracedMessage.publish("orders", () => Effect.fail(new BrokerDown()))))._tag,
        "BrokerDown"
      )
      yield* Effect.exit(Effect.die(new TypeError("oops")).pipe(TracedMessage.process("orders", { headers: {} })))
      const running = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        Effect.andThen(Deferred.succeed(running, undefined), Effect.never).pipe(
          TracedMessage.process("orders", { headers: {} })
        )
      )
      yield* Deferred.await(running)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(
        yield* SpanTree.draw(),
        `
queue.publish ✗ BrokerDown
queue.process_message ✗ TypeError
queue.process_message ⊘`.trim()
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("with options that throw is sent and handled all the same", () =>
    Effect.gen(function* () {
      const handle = Effect.fnUntraced(
        function* (n: number) {
          return yield* Effect.succeed(n)
        },
        TracedMessage.process("orders", () => {
          throw new Error("bad options")
        })
      )
      assert.strictEqual(yield* handle(1), 1)
    }).pipe(Effect.provide(TracingTest.layer))
  )
})

it.effect("a batch is linked to each of its messages and stays in the trace it is handled in", () =>
  Effect.gen(function* () {
    const one = yield* TracedMessage.publish("orders", sent)
    const two = yield* TracedMessage.publish("orders", sent)
    const published = (yield* SpanTree.findAll("queue.publish")).map(({ spanId }) => spanId)
    yield* Effect.void.pipe(
      TracedMessage.processBatch("orders", { messages: [one, two, {}], system: "kafka" }),
      Effect.withSpan("worker")
    )
    const batch = yield* SpanTree.find("queue.process_message")
    assert.deepStrictEqual(
      batch.links.map(({ span }) => span.spanId),
      published
    )
    assert.strictEqual(batch.parentSpanId, (yield* SpanTree.find("worker")).spanId)
    assert.strictEqual(batch.attributes.get("messaging.batch.message_count"), 3)
  }).pipe(Effect.provide(TracingTest.layer))
)

it.effect("where tracing is off, the context that the program was given is handed on to message and handler", () =>
  Effect.gen(function* () {
    const headers = yield* TracedMessage.publish("orders", Effect.succeed).pipe(
      Effect.withParentSpan(parent),
      Baggage.set("tier", "gold")
    )
    assert.deepStrictEqual(headers, { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, baggage: "tier=gold" })
    const seen = yield* Effect.all([Effect.currentParentSpan, Baggage.all]).pipe(
      TracedMessage.process("orders", { headers })
    )
    assert.strictEqual(seen[0].spanId, "b".repeat(16))
    assert.strictEqual(seen[1].get("tier")?.value, "gold")
    assert.strictEqual(yield* Effect.succeed(1).pipe(TracedMessage.processBatch("orders", { messages: [headers] })), 1)
  }).pipe(Effect.provide(Tracing.layerDisabled))
)
