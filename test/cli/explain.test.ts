import { assert, describe, it } from "@effect/vitest"
import { TracingHealth, TracingLive } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { Viewer } from "@gorax/tracing/viewer"
import { ConfigProvider, Context, Effect, Layer, Logger, Schema, Scope } from "effect"
import * as Setup from "../../src/cli/doctor/Setup.ts"
import * as Explanation from "../../src/cli/explain/Explanation.ts"
import * as BrokenSetup from "./BrokenSetup.ts"

const providerOf = (variables: BrokenSetup.Variables) =>
  ConfigProvider.layer(ConfigProvider.fromEnvRecord({ ...BrokenSetup.well, ...variables }))

const explained = (traceId: string, variables: BrokenSetup.Variables, query?: URL, callerSampled = false) =>
  Setup.read({ folder: import.meta.dirname, nodeVersion: process.version }).pipe(
    Effect.flatMap((setup) => Explanation.make(setup, { traceId, callerSampled }, query)),
    Effect.provide(providerOf(variables))
  )

/** A program that runs until its scope is closed: the trace of one span, and its health, served as the example does. */
const program = Effect.fnUntraced(function* (variables: BrokenSetup.Variables) {
  const layer = TracingLive.pipe(Layer.provide([providerOf(variables), Logger.layer([])]))
  const context = yield* Layer.build(layer)
  const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.provide(effect, context)
  const traceIdOf = Effect.map(Effect.currentSpan, ({ traceId }) => traceId).pipe(Effect.withSpan("charge-card"))
  const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(TracingHealth.HealthSnapshot)))
  const health = yield* BrokenSetup.http((request, response) => {
    Effect.runFork(
      Effect.map(run(TracingHealth.snapshot), (snapshot) =>
        BrokenSetup.answering(200, { "content-type": "application/json" }, encode(snapshot))(request, response)
      )
    )
  })
  return {
    traceId: yield* Effect.orDie(run(traceIdOf)),
    again: Effect.orDie(run(traceIdOf)),
    flush: run(TracingHealth.flush),
    health: `${health}/health/tracing`
  }
})

const checks = ({ findings }: Explanation.Explanation) => findings.map(({ check, severity }) => `${check} ${severity}`)

const viewer = Effect.map(Layer.build(Viewer.layer({ port: 0 })), (context) => Context.get(context, Viewer.Viewer))

describe("a trace that somebody misses", () => {
  it.live("has arrived, and the viewer has it", () =>
    Effect.gen(function* () {
      const { url } = yield* viewer
      const { flush, traceId } = yield* program({ TRACING_ENDPOINT: url })
      yield* flush
      const explanation = yield* explained(traceId, { TRACING_ENDPOINT: url })
      assert.strictEqual(explanation.fate, "kept", JSON.stringify(explanation))
      assert.strictEqual(explanation.summary, "It has arrived: the viewer has it.")
      const asked = yield* explained(traceId, {}, new URL(url))
      assert.strictEqual(asked.fate, "kept")
      const another = yield* explained("0af7651916cd43dd8448eb211c80319c", { TRACING_ENDPOINT: url })
      assert.strictEqual(another.fate, "unknown")
      assert.match(another.findings[0]!.advice!, /TRACING_HEALTH_URL.*TRACING_SPOOL_DIR/)
      assert.isTrue(another.findings.some(({ summary }) => summary === "the viewer does not have it"))
    })
  )

  it.live("was not sampled, and the program remembers it", () =>
    Effect.gen(function* () {
      const { url } = yield* FakeCollector.FakeCollector
      const { health, traceId } = yield* program({ TRACING_ENDPOINT: url, TRACING_SAMPLE_RATE: "0" })
      const explanation = yield* explained(traceId, { TRACING_ENDPOINT: url, TRACING_HEALTH_URL: health })
      assert.strictEqual(explanation.fate, "left-out")
      assert.strictEqual(explanation.summary, "It was left out by orders: the sample rate did not choose it.")
      assert.match(explanation.findings[0]!.advice!, /TRACING_SAMPLE_RATE=1/)
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("is one that the sample rate does not choose, even where nobody can be asked", () =>
    Effect.gen(function* () {
      const id = "ffffffff00000000ffffffffffffffff"
      const low = "00000000000000010000000000000001"
      const rate = { TRACING_SAMPLE_RATE: "0.5", TRACING_ENDPOINT: yield* BrokenSetup.refused }
      const fates = [(yield* explained(id, rate)).fate, (yield* explained(low, rate)).fate]
      assert.sameMembers(fates, ["left-out", "unknown"])
      const leftOut = fates[0] === "left-out" ? id : low
      const sampled = yield* explained(leftOut, rate, undefined, true)
      assert.strictEqual(sampled.fate, "unknown", "its caller has recorded it, and so does everybody below")
      const none = yield* explained(id, { ...rate, TRACING_SAMPLE_RATE: "0" })
      assert.strictEqual(none.fate, "left-out")
      assert.deepStrictEqual(checks(none)[0], "explain.sampling warning")
    })
  )

  it.live("was refused by the destination", () =>
    Effect.gen(function* () {
      const { respondWith, url } = yield* FakeCollector.FakeCollector
      yield* respondWith(400, { times: Infinity })
      const { flush, health, traceId } = yield* program({ TRACING_ENDPOINT: url })
      yield* flush
      const explanation = yield* explained(traceId, { TRACING_ENDPOINT: url, TRACING_HEALTH_URL: health })
      assert.strictEqual(explanation.fate, "left-out")
      assert.match(explanation.summary, /^1 span of it was left out by orders: the destination refused spans of it/)
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("found the queue full", () =>
    Effect.gen(function* () {
      const nowhere = { TRACING_ENDPOINT: yield* BrokenSetup.refused, TRACING_BATCH_QUEUE_SIZE: "1" }
      const { again, health } = yield* program({ ...nowhere, TRACING_SHUTDOWN_TIMEOUT: "100" })
      const traceId = yield* again
      const explanation = yield* explained(traceId, { ...nowhere, TRACING_HEALTH_URL: health })
      assert.match(explanation.summary, /the queue of ended spans was full\.$/)
      assert.match(explanation.findings[0]!.advice!, /TRACING_SPOOL_DIR/)
    })
  )

  it.live("arrived in part", () =>
    Effect.gen(function* () {
      const traceId = "0af7651916cd43dd8448eb211c80319c"
      const snapshot = yield* TracingHealth.snapshot
      const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(TracingHealth.HealthSnapshot)))
      const both = yield* BrokenSetup.http((request, response) => {
        const text = request.url!.startsWith("/health")
          ? encode({ ...snapshot, service: "orders", leftOut: [{ traceId, reason: "queue_full", times: 3 }] })
          : `{"data":[{"traceID":"${traceId}","spans":[{"spanID":"b7ad6b7169203331"}]}]}`
        BrokenSetup.answering(200, { "content-type": "application/json" }, text)(request, response)
      })
      const explanation = yield* explained(traceId, { TRACING_ENDPOINT: both, TRACING_HEALTH_URL: `${both}/health` })
      assert.strictEqual(explanation.fate, "kept")
      assert.match(explanation.summary, /^It has arrived in part\. 3 spans of it were left out by orders/)
    })
  )

  for (const [how, key] of [
    ["in plain", {}],
    ["encrypted", { TRACING_SPOOL_KEY: "5a".repeat(32) }]
  ] as const) {
    it.live(`waits in the spool, ${how}: of a process that is alive, then of one that is gone`, () =>
      Effect.gen(function* () {
        const spool = yield* BrokenSetup.folder
        const variables = { TRACING_ENDPOINT: yield* BrokenSetup.refused, TRACING_SPOOL_DIR: spool, ...key }
        const scope = yield* Scope.make()
        const { traceId } = yield* program({ ...variables, TRACING_SHUTDOWN_TIMEOUT: "100" }).pipe(Scope.provide(scope))
        const alive = yield* explained(traceId, variables)
        assert.strictEqual(alive.fate, "waiting", JSON.stringify(alive))
        assert.match(alive.summary, new RegExp(`^1 span of it waits in the spool, of process ${process.pid}\\.$`))
        yield* Scope.close(scope, yield* Effect.exit(Effect.void))
        const gone = yield* explained(traceId, variables)
        assert.match(gone.summary, /^1 span of it waits in the spool, of nobody\.$/)
        assert.match(gone.findings[0]!.seen, /^charge-card in /)
        assert.match(gone.findings[0]!.advice!, /gorax-tracing spool drain/)
        const another = yield* explained("0af7651916cd43dd8448eb211c80319c", variables)
        assert.notInclude(checks(another), "explain.spool warning")
      })
    )
  }

  it.live("was left out by a process that is gone, which has said so beside its spool", () =>
    Effect.gen(function* () {
      const { respondWith, url } = yield* FakeCollector.FakeCollector
      yield* respondWith(400, { times: Infinity })
      const variables = { TRACING_ENDPOINT: url, TRACING_SPOOL_DIR: `${yield* BrokenSetup.folder}/spool` }
      const traceId = yield* Effect.scoped(
        Effect.tap(
          Effect.map(program(variables), ({ flush, traceId }) => ({ flush, traceId })),
          ({ flush }) => flush
        )
      ).pipe(Effect.map(({ traceId }) => traceId))
      const explanation = yield* explained(traceId, variables)
      assert.strictEqual(explanation.fate, "left-out", JSON.stringify(explanation))
      assert.match(explanation.summary, /^1 span of it was left out by orders/)
      assert.match(explanation.findings[0]!.tried, new RegExp(`process ${process.pid}$`))
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("cannot be asked for where the program does not answer, and that is said", () =>
    Effect.gen(function* () {
      const nowhere = yield* BrokenSetup.refused
      const id = "0af7651916cd43dd8448eb211c80319c"
      const away = yield* explained(id, { TRACING_ENDPOINT: nowhere, TRACING_HEALTH_URL: nowhere })
      assert.include(checks(away), "explain.health note")
      const unread = yield* explained(id, { TRACING_ENDPOINT: nowhere, TRACING_HEALTH_URL: "localhost:3000" })
      assert.strictEqual(unread.findings[0]!.summary, "TRACING_HEALTH_URL cannot be used")
      const page = yield* BrokenSetup.http(BrokenSetup.answering(200, { "content-type": "text/html" }, "<html>"))
      const wrong = yield* explained(id, { TRACING_ENDPOINT: nowhere, TRACING_HEALTH_URL: page })
      const said = wrong.findings.find(({ check }) => check === "explain.health")
      assert.match(said!.seen, /not a health snapshot/)
    })
  )
})
