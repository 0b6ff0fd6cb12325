import { assert, describe, it } from "@effect/vitest"
import { type SpanExporter, ExportError, Traced, Tracing, TracingHealth, TracingLive } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { ConfigProvider, Deferred, Effect, Exit, Layer, Logger, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"

const settings = (values: Readonly<Record<string, string>>) => ConfigProvider.layer(ConfigProvider.fromUnknown(values))

const quiet = Logger.layer([])

const work = Effect.withSpan(Effect.void, "work")

const times = (count: number) => Effect.forEach(Array.from({ length: count }), () => work, { discard: true })

const away = new ExportError({ reason: "Unreachable", endpoint: "there", advice: "Start it.", retryable: true })
const refusal = new ExportError({ reason: "Rejected", endpoint: "there", advice: "Look at its log." })

/** A layer in front of an exporter of the program's own, of few spans at a time. */
const layerOf = (exporter: SpanExporter, values: Readonly<Record<string, string>> = {}) =>
  Tracing.layerConfig({ exporters: [exporter] }).pipe(
    Layer.provide([
      settings({
        TRACING_ENABLED: "true",
        TRACING_EXPORTER: "none",
        TRACING_SERVICE_NAME: "orders",
        TRACING_BATCH_QUEUE_SIZE: "4",
        TRACING_BATCH_SIZE: "2",
        ...values
      }),
      quiet
    ])
  )

/** Lets delivery do all it can without time going by. */
const settle = TestClock.adjust(0)

describe("who asks without a layer that delivers", () => {
  it.effect("is told that none is provided", () =>
    Effect.gen(function* () {
      const health = yield* TracingHealth.snapshot
      assert.strictEqual(health.status, "off")
      assert.strictEqual(health.recordedBy, "nobody")
      assert.deepStrictEqual(health.reasons, ["No tracing layer is provided. Provide TracingLive."])
      assert.deepStrictEqual(yield* TracingHealth.flush, { exported: 0, left: 0 })
    })
  )

  it.effect("is told what turns tracing on, or what turned it off", () =>
    Effect.gen(function* () {
      const reasons = (values: Readonly<Record<string, string>>) =>
        TracingHealth.snapshot.pipe(
          Effect.map(({ reasons, service, status }) => [status, service, ...reasons]),
          Effect.provide(TracingLive),
          Effect.provide([settings(values), quiet])
        )
      assert.deepStrictEqual(yield* reasons({ TRACING_SERVICE_NAME: "orders" }), [
        "off",
        "orders",
        "Tracing is off. TRACING_ENABLED=true turns it on."
      ])
      assert.deepStrictEqual((yield* reasons({ TRACING_ENABLED: "true", OTEL_SDK_DISABLED: "true" })).slice(2), [
        "Tracing is off, because OTEL_SDK_DISABLED is set."
      ])
      const disabled = yield* Effect.provide(TracingHealth.snapshot, Tracing.layerDisabled)
      assert.deepStrictEqual(disabled.reasons, ["Tracing is off: the program provides Tracing.layerDisabled."])
    })
  )

  it.effect("is sent to the application's own provider where that records", () =>
    Effect.gen(function* () {
      const health = yield* TracingHealth.snapshot.pipe(Effect.provide(Tracing.layerBridge()))
      assert.strictEqual(health.status, "off")
      assert.strictEqual(health.recordedBy, "provider")
      assert.match(health.reasons.join(), /provider of the application/)
    })
  )
})

describe("a layer that delivers", () => {
  it.live("says who it is, where spans go and how they are chosen, and no secret", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const health = yield* Effect.gen(function* () {
        yield* times(3)
        assert.deepStrictEqual(yield* TracingHealth.flush, { exported: 3, left: 0 })
        return yield* TracingHealth.snapshot
      }).pipe(
        Effect.provide(TracingLive),
        Effect.provide([
          settings({
            TRACING_ENABLED: "true",
            TRACING_SERVICE_NAME: "orders",
            TRACING_ENDPOINT: collector.url.replace("//", "//me:canary@"),
            TRACING_HEADERS: "authorization=canary",
            TRACING_TRUST: "public",
            TRACING_TRUST_SECRET: "canary-canary-canary",
            TRACING_PROPAGATORS: "tracecontext,b3",
            TRACING_MAX_SPANS_PER_SECOND: "1000"
          }),
          quiet
        ])
      )
      assert.deepInclude(health, {
        status: "healthy",
        reasons: [],
        recordedBy: "gorax",
        service: "orders",
        sampler: "ratelimit(parentbased_always_on,1000/s)",
        propagators: ["tracecontext", "b3"],
        trust: "public"
      })
      const [exporter] = health.exporters
      assert.deepInclude(exporter, {
        name: "otlp",
        endpoint: `${collector.url}/v1/traces`,
        state: "delivering",
        requests: 0
      })
      assert.isDefined(exporter?.lastSuccess)
      assert.notProperty(exporter, "lastError")
      assert.notInclude(JSON.stringify(health), "canary")
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("sees each try of what is tried again: since when a collector takes nothing, and what it last said", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* collector.respondWith(503, { times: Infinity })
      yield* Effect.gen(function* () {
        yield* work
        assert.deepStrictEqual(yield* TracingHealth.flush, { exported: 0, left: 1 })
        const waiting = yield* TracingHealth.snapshot
        assert.strictEqual(waiting.status, "degraded")
        const [exporter] = waiting.exporters
        assert.strictEqual(exporter?.state, "waiting")
        assert.isDefined(exporter?.since)
        assert.notProperty(exporter, "lastSuccess")
        assert.match(exporter?.lastError?.message ?? "", /503/)
        assert.match(waiting.reasons.join(), /otlp \(http.*\) has taken nothing for .*; spans wait meanwhile\. .*503/)
        yield* collector.recover
        yield* collector.awaitSpans(1)
        yield* TracingHealth.flush
        const recovered = yield* TracingHealth.snapshot
        assert.strictEqual(recovered.status, "healthy")
        assert.strictEqual(recovered.exporters[0]?.state, "delivering")
        assert.notProperty(recovered.exporters[0], "since")
        assert.match(recovered.exporters[0]?.lastError?.message ?? "", /503/)
      }).pipe(
        Effect.provide(TracingLive),
        Effect.provide([
          settings({
            TRACING_ENABLED: "true",
            TRACING_ENDPOINT: collector.url,
            TRACING_RETRY_DELAY: "20",
            TRACING_RETRY_MAX_DELAY: "50",
            TRACING_SHUTDOWN_TIMEOUT: "100"
          }),
          quiet
        ])
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.effect("is failing while a full queue loses spans, and says what is in the way", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const hanging: SpanExporter = { export: () => Deferred.await(gate) }
      yield* Effect.gen(function* () {
        yield* times(3)
        yield* settle
        assert.strictEqual((yield* TracingHealth.snapshot).status, "healthy")
        yield* times(20)
        const { books, exporters, queues, reasons, status } = yield* TracingHealth.snapshot
        assert.strictEqual(status, "failing")
        assert.match(reasons[0]!, /the queue is full. Lower TRACING_SAMPLE_RATE/)
        assert.match(reasons[1]!, /Spans were lost .*: \d+ queue_full\./)
        assert.deepInclude(queues[0], { spans: 4, maxSpans: 4, sending: 2 })
        assert.isAbove(queues[0]!.bytes, 4 * 100)
        assert.strictEqual(exporters[0]?.requests, 1)
        assert.deepStrictEqual(books, {
          started: 23,
          sampledOut: 0,
          letGo: 0,
          ended: 23,
          adopted: 0,
          exported: 0,
          rejected: 0,
          dropped: { queue_full: 17 },
          refused: {},
          inFlight: { open: 0, undecided: 0, queued: 4, sending: 2, onDisk: 0, held: 0 }
        })
        yield* Deferred.succeed(gate, undefined)
        yield* TracingHealth.flush
        const after = yield* TracingHealth.snapshot
        assert.strictEqual(after.status, "degraded")
        assert.strictEqual(after.books.exported, 6)
        yield* TestClock.adjust("5 minutes")
        assert.strictEqual((yield* TracingHealth.snapshot).status, "healthy")
      }).pipe(Effect.provide(layerOf(hanging, { TRACING_MAX_CONCURRENT_EXPORTS: "1" })))
    })
  )

  it.effect("is failing while an exporter refuses for good, and remembers losses that nobody asked about", () => {
    let answer: Effect.Effect<void, ExportError> = Effect.fail(refusal)
    return Effect.gen(function* () {
      yield* work
      yield* TestClock.adjust("2 minutes")
      const refusing = yield* TracingHealth.snapshot
      assert.strictEqual(refusing.status, "failing")
      assert.strictEqual(refusing.exporters[0]?.state, "refusing")
      assert.match(refusing.reasons[0]!, /^own has refused spans for 1m 55s\. .*Look at its log\.$/)
      assert.match(refusing.reasons[1]!, /since the start: 1 rejected\./)
      answer = Effect.void
      yield* work
      yield* TracingHealth.flush
      assert.strictEqual((yield* TracingHealth.snapshot).status, "degraded")
      yield* TestClock.adjust("4 minutes")
      assert.strictEqual((yield* TracingHealth.snapshot).status, "healthy")
    }).pipe(Effect.provide(layerOf({ export: () => Effect.suspend(() => answer) })))
  })

  it.effect("calls an exporter that waits degraded, and what broke in it by its name", () => {
    let answer: Effect.Effect<void, ExportError> = Effect.fail(away)
    return Effect.gen(function* () {
      yield* work
      yield* TracingHealth.flush
      assert.strictEqual((yield* TracingHealth.snapshot).exporters[0]?.state, "waiting")
      answer = Effect.die(new Error("password=canary"))
      yield* work
      yield* TracingHealth.flush
      const { lastError } = (yield* TracingHealth.snapshot).exporters[0]!
      assert.strictEqual(lastError?.reason, "Defect")
      assert.notInclude(lastError?.message, "canary")
    }).pipe(Effect.provide(layerOf({ export: () => Effect.suspend(() => answer) })))
  })

  it.effect("shows what a stage swallows without a word", () =>
    Effect.gen(function* () {
      yield* times(2)
      const { books, reasons, status } = yield* TracingHealth.snapshot
      assert.strictEqual(status, "degraded")
      assert.match(reasons.join(), /2 spans are in a stage/)
      assert.deepStrictEqual(books.inFlight, { open: 0, undecided: 0, queued: 0, sending: 0, onDisk: 0, held: 2 })
    }).pipe(
      Effect.provide(
        Tracing.layer({
          exporter: "none",
          exporters: [{ export: () => Effect.void }],
          stages: [(next) => Effect.succeed({ ...next, push: () => undefined })]
        })
      ),
      Effect.provide(quiet)
    )
  )

  it.effect("counts traces that the cap refused, and a partial success as one", () =>
    Effect.gen(function* () {
      yield* times(3)
      yield* TracingHealth.flush
      const { books, exporters } = yield* TracingHealth.snapshot
      assert.deepInclude(books, { started: 3, sampledOut: 2, rejected: 1, refused: { rate_limit: 2 } })
      assert.strictEqual(exporters[0]?.state, "delivering")
      assert.deepInclude(exporters[0]?.lastError, { reason: "Partial", message: "one too many" })
    }).pipe(
      Effect.provide(
        layerOf(
          { export: () => Effect.succeed({ rejected: 1, unreadable: 0, message: "one too many" }) },
          { TRACING_MAX_SPANS_PER_SECOND: "1" }
        )
      )
    )
  )

  it.effect("can be served as JSON and read back", () =>
    Effect.gen(function* () {
      yield* work.pipe(Traced.step("charge"))
      yield* TracingHealth.flush
      const health = yield* TracingHealth.snapshot
      const json = Schema.toCodecJson(TracingHealth.HealthSnapshot)
      const text = JSON.stringify(yield* Schema.encodeEffect(json)(health))
      assert.match(text, /"at":"1970-01-01T00:00:/)
      assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(json)(JSON.parse(text)), health)
    }).pipe(Effect.provide(layerOf({ export: () => Effect.fail(refusal) })))
  )

  it.effect("a flush is bounded by the shutdown timeout, whatever an exporter does", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(layerOf({ export: () => Effect.never }), scope)
      const flushed = yield* Effect.gen(function* () {
        yield* work
        const fiber = yield* Effect.forkChild(TracingHealth.flush, { startImmediately: true })
        yield* TestClock.adjust("2499 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        return fiber.pollUnsafe()
      }).pipe(Effect.provide(context))
      assert.deepStrictEqual(flushed, Exit.succeed({ exported: 0, left: 1 }))
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      assert.isDefined(closing.pollUnsafe())
    })
  )
})
