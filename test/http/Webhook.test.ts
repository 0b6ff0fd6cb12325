import { assert, describe, it } from "@effect/vitest"
import { Tracing, Webhook } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Data, Deferred, Effect, Exit, Fiber } from "effect"

class InvalidSignature extends Data.TaggedError("InvalidSignature")<{ readonly header: string }> {}

interface Incoming {
  readonly id: string
  readonly signed: boolean
}

const check = (event: Incoming) =>
  Effect.suspend(() =>
    event.signed ? Effect.succeed(event.id) : Effect.fail(new InvalidSignature({ header: "x-signature" }))
  )

const onWebhook = Effect.fnUntraced(
  function* (event: Incoming) {
    yield* check(event).pipe(Webhook.validate("wh_1", { authType: "hmac" }))
    return yield* Effect.succeed(event.id).pipe(Webhook.store("wh_1", { eventId: event.id }))
  },
  Webhook.receive("wh_1", (event) => ({ eventId: event.id, authType: "hmac", payloadSizeBytes: 12 }))
)

describe("one webhook", () => {
  it.effect("is received, validated and stored", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* onWebhook({ id: "evt_1", signed: true }), "evt_1")
      assert.strictEqual(
        yield* SpanTree.draw("webhook_id", "event_id", "auth_type", "payload_size_bytes", "validation_passed"),
        `
webhook.receive webhook_id=wh_1 event_id=evt_1 auth_type=hmac payload_size_bytes=12
├─ webhook.validate webhook_id=wh_1 auth_type=hmac validation_passed=true
└─ webhook.event.store webhook_id=wh_1 event_id=evt_1`.trim()
      )
      const { spans } = yield* TracingTest.TracingTest
      assert.deepStrictEqual(
        (yield* spans).map(({ attributes, kind }) => `${kind} ${attributes.get("component")}`),
        Array(3).fill("internal webhook")
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("with a bad signature fails as it did, and says so", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(onWebhook({ id: "evt_1", signed: false }))
      assert.strictEqual(error._tag, "InvalidSignature")
      assert.strictEqual(
        yield* SpanTree.draw("validation_passed"),
        `
webhook.receive ✗ InvalidSignature
└─ webhook.validate validation_passed=false ✗ InvalidSignature`.trim()
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("a check that says false did its work: not passed, and no error", () =>
    Effect.gen(function* () {
      assert.isFalse(yield* Effect.succeed(false).pipe(Webhook.validate("wh_1")))
      assert.isTrue(yield* Webhook.validate(Effect.succeed(true), "wh_1"))
      assert.strictEqual(
        yield* SpanTree.draw("validation_passed"),
        "webhook.validate validation_passed=false\nwebhook.validate validation_passed=true"
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("a check that is interrupted or dies says what is known", () =>
    Effect.gen(function* () {
      const running = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        Effect.andThen(Deferred.succeed(running, undefined), Effect.never).pipe(Webhook.validate("wh_1"))
      )
      yield* Deferred.await(running)
      yield* Fiber.interrupt(fiber)
      yield* Effect.exit(Effect.die(new TypeError("oops")).pipe(Webhook.validate("wh_2")))
      assert.strictEqual(
        yield* SpanTree.draw("webhook_id", "validation_passed"),
        `
webhook.validate webhook_id=wh_1 ⊘
webhook.validate webhook_id=wh_2 validation_passed=false ✗ TypeError`.trim()
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )
})

describe("played again", () => {
  const play = (event: string) =>
    Effect.suspend(() =>
      event === "bad" ? Effect.fail(new InvalidSignature({ header: "x" })) : Effect.succeed(event)
    ).pipe(Webhook.replay("wh_1", { eventId: event }))

  it.effect("a batch holds a span for each event and counts how they went", () =>
    Effect.gen(function* () {
      const events = ["a", "bad", "b"]
      const exits = yield* Effect.forEach(events, (event) => Effect.exit(play(event))).pipe(
        Webhook.replayBatch("wh_1", { batchSize: events.length })
      )
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, true])
      assert.strictEqual(
        yield* SpanTree.draw("event_id", "batch_size", "success_count", "failure_count"),
        `
webhook.batch_replay batch_size=3 success_count=2 failure_count=1
├─ webhook.replay event_id=a
├─ webhook.replay event_id=bad ✗ InvalidSignature
└─ webhook.replay event_id=b`.trim()
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  const outcomes = {
    exits: Effect.forEach(["a", "bad"], (event) => Effect.exit(play(event))).pipe(Webhook.replayBatch("wh_1")),
    results: Effect.forEach(["a", "bad"], (event) => Effect.result(play(event))).pipe(Webhook.replayBatch("wh_1")),
    partition: Effect.partition(["a", "bad"], play).pipe(Webhook.replayBatch("wh_1")),
    counts: Webhook.replayBatch(Effect.succeed({ successCount: 1, failureCount: 1 }), "wh_1")
  }
  for (const [name, outcome] of Object.entries<Effect.Effect<unknown>>(outcomes)) {
    it.effect(`counts what ${name} say, and takes its size from them when none is given`, () =>
      Effect.gen(function* () {
        yield* outcome
        assert.strictEqual(
          (yield* SpanTree.draw("batch_size", "success_count", "failure_count")).split("\n")[0],
          "webhook.batch_replay batch_size=2 success_count=1 failure_count=1"
        )
      }).pipe(Effect.provide(TracingTest.layer))
    )
  }

  it.effect("a batch that fails as a whole is an error, with no counts", () =>
    Effect.gen(function* () {
      yield* Effect.exit(
        Effect.forEach(["bad"], play).pipe(Effect.as([]), Webhook.replayBatch("wh_1", { batchSize: 1 }))
      )
      assert.strictEqual(
        (yield* SpanTree.draw("batch_size", "success_count")).split("\n")[0],
        "webhook.batch_replay batch_size=1 ✗ InvalidSignature"
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it("does not compile for an effect that does not say how the batch went", () => {
    // @ts-expect-error a number is no outcome
    Webhook.replayBatch(Effect.succeed(3), "wh_1")
    // @ts-expect-error
    Effect.succeed("done").pipe(Webhook.replayBatch("wh_1"))
  })
})

it.effect("where tracing is off, effects come to what they come to", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* onWebhook({ id: "evt_1", signed: true }), "evt_1")
    assert.strictEqual((yield* Effect.flip(onWebhook({ id: "evt_1", signed: false })))._tag, "InvalidSignature")
    assert.deepStrictEqual(yield* Webhook.replayBatch(Effect.succeed([]), "wh_1"), [])
    assert.strictEqual(yield* Webhook.replay(Effect.succeed(1), "wh_1", { eventId: "a" }), 1)
    assert.isFalse(yield* Webhook.validate(Effect.succeed(false), "wh_1"))
  }).pipe(Effect.provide(Tracing.layerDisabled))
)
