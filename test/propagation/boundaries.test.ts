import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  Baggage,
  Carrier,
  Propagator,
  Sampler,
  TracedClient,
  TracedMessage,
  TracedQueue,
  TracedServer
} from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Effect, Layer, Schema } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpRouter,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "effect/http"
import * as NetAddress from "effect/net/NetAddress"
import { PersistedQueue } from "effect/persistence"
import { createServer } from "node:http"
import { BaggageAttributes } from "../../src/model/References.ts"
import { ended } from "../http/ended.ts"

const traceId = "80f198ee56343ba864fe8b2a57d3eff7"
const spanId = "e457b5a2e4d86bd1"

/** `/next` calls `/last`, which answers with the headers it was sent. */
const App = Layer.mergeAll(
  HttpRouter.add(
    "GET",
    "/next",
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const response = yield* client.get(yield* urlOf("/last"))
      return HttpServerResponse.jsonUnsafe(yield* response.json)
    })
  ),
  HttpRouter.add(
    "GET",
    "/last",
    Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => HttpServerResponse.jsonUnsafe(headers))
  )
)

const urlOf = Effect.fnUntraced(function* (path: string) {
  const { address } = yield* HttpServer.HttpServer
  return `http://127.0.0.1:${(address as NetAddress.InetAddress).port}${path}`
})

const Served = HttpRouter.serve(App, { disableListenLog: true, disableLogger: true }).pipe(
  Layer.provideMerge(TracedServer.layer),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provideMerge(TracedClient.layer),
  Layer.provideMerge(FetchHttpClient.layer),
  Layer.fresh
)

/** Asks as a stranger does: no tracing on this side; answers with the headers that reach the last service. */
const ask = (headers: Record<string, string>) =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const response = yield* client.execute(HttpClientRequest.get(yield* urlOf("/next"), { headers }))
    const last = (yield* response.json) as Record<string, string>
    yield* Effect.yieldNow
    return last
  }).pipe(
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
    Propagator.provide(Propagator.all([]))
  )

const speaking =
  (propagator: Propagator.Propagator, tracing = TracingTest.layer) =>
  <A, E>(self: Effect.Effect<A, E, Layer.Success<typeof Served> | TracingTest.TracingTest>) =>
    self.pipe(Effect.provide(Served), Propagator.provide(propagator), Effect.provide(tracing))

describe("over HTTP, through a server and a client", () => {
  it.live("W3C: trace state and baggage come out as they came in, and the reserved flags are zero", () =>
    Effect.gen(function* () {
      const sent = { tracestate: "a=1,b=2", baggage: "tier=gold;ttl=30,user=Am%C3%A9lie" }
      const last = yield* ask({ ...sent, traceparent: `00-${traceId}-${spanId}-ff` })
      assert.match(last["traceparent"]!, new RegExp(`^00-${traceId}-[0-9a-f]{16}-03$`))
      assert.deepInclude(last, sent)
    }).pipe(speaking(Propagator.all([Propagator.traceContext, Propagator.baggage])))
  )

  it.live("B3 in one header: debug is still debug two services later", () =>
    Effect.gen(function* () {
      const last = yield* ask({ b3: `${traceId}-${spanId}-d` })
      assert.match(last["b3"]!, new RegExp(`^${traceId}-[0-9a-f]{16}-d$`))
    }).pipe(speaking(Propagator.b3))
  )

  it.live("B3 in several: debug, which a hop over W3C survives, too", () =>
    Effect.gen(function* () {
      const last = yield* ask({ "x-b3-traceid": traceId, "x-b3-spanid": spanId, "x-b3-flags": "1" })
      assert.deepInclude(last, { "x-b3-traceid": traceId, "x-b3-flags": "1", tracestate: "gorax=debug" })
      assert.notProperty(last, "x-b3-sampled")
      const next = yield* ask({ traceparent: last["traceparent"]!, tracestate: last["tracestate"]! })
      assert.deepInclude(next, { "x-b3-traceid": traceId, "x-b3-flags": "1" })
    }).pipe(speaking(Propagator.all([Propagator.b3Multi, Propagator.traceContext])))
  )

  it.live("Jaeger: the trace and its baggage go on", () =>
    Effect.gen(function* () {
      const last = yield* ask({ "uber-trace-id": `${traceId}:${spanId}:0:1`, "uberctx-tier": "gold" })
      assert.match(last["uber-trace-id"]!, new RegExp(`^${traceId}:[0-9a-f]{16}:0:1$`))
      assert.strictEqual(last["uberctx-tier"], "gold")
    }).pipe(speaking(Propagator.jaeger))
  )

  it.live("X-Ray: the trace goes on", () =>
    Effect.gen(function* () {
      const last = yield* ask({
        "x-amzn-trace-id": `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=1`
      })
      assert.match(
        last["x-amzn-trace-id"]!,
        new RegExp(`^Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=[0-9a-f]{16};Sampled=1$`)
      )
    }).pipe(speaking(Propagator.xray))
  )

  it.live("a deny without a trace records nothing, and whoever is called hears of it", () =>
    Effect.gen(function* () {
      const last = yield* ask({ b3: "0" })
      assert.match(last["b3"]!, /^[0-9a-f]{32}-[0-9a-f]{16}-0$/)
      yield* ask({ b3: `${traceId}-${spanId}-1` })
      yield* ended(3)
      const { spans } = yield* TracingTest.TracingTest
      assert.deepStrictEqual([...new Set((yield* spans).map((span) => span.traceId))], [traceId])
    }).pipe(speaking(Propagator.b3, TracingTest.layerWith({ sampler: Sampler.parentBased(Sampler.always) })))
  )

  for (const [ours, digit] of [
    [Sampler.always, "1"],
    [Sampler.never, "0"]
  ] as const) {
    it.live(`without a decision, ours is made: ${ours.description}; with one, theirs is kept`, () =>
      Effect.gen(function* () {
        const decisionOf = (b3: string) =>
          Effect.map(ask({ b3: `${traceId}-${spanId}${b3}` }), (last) => last["b3"]!.split("-"))
        const made = yield* decisionOf("")
        assert.strictEqual(made[0], traceId)
        assert.strictEqual(made[2], digit)
        assert.strictEqual((yield* decisionOf("-1"))[2], "1")
        assert.strictEqual((yield* decisionOf("-0"))[2], "0")
        const byEffect = yield* Carrier.inject().pipe(
          Effect.withSpan("work"),
          Carrier.continueFrom({ b3: `${traceId}-${spanId}` })
        )
        assert.strictEqual(byEffect["b3"]!.slice(-1), digit)
      }).pipe(speaking(Propagator.b3, TracingTest.layerWith({ sampler: Sampler.parentBased(ours) })))
    )
  }

  it.live("chosen baggage is an attribute of server spans, of client spans and of all between", () =>
    Effect.gen(function* () {
      yield* ask({ traceparent: `00-${traceId}-${spanId}-01`, baggage: "tier=gold" })
      yield* ended(3)
      assert.strictEqual(
        yield* SpanTree.draw("tier"),
        "GET /next tier=gold\n└─ GET tier=gold\n   └─ GET /last tier=gold"
      )
    }).pipe(
      speaking(Propagator.all([Propagator.traceContext, Propagator.baggage])),
      Effect.provideService(BaggageAttributes, ["tier"])
    )
  )
})

describe("over a queue", () => {
  const Memory = Layer.fresh(PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory)))
  const arrived = {
    traceparent: `00-${traceId}-${spanId}-01`,
    tracestate: "a=1,b=2",
    baggage: "tier=gold;ttl=30,region=eu"
  }

  it.live("every delivery, also a redelivery, finds trace state and baggage as they were offered", () =>
    Effect.gen(function* () {
      const queue = yield* TracedQueue.make({ name: "orders", schema: Schema.String })
      yield* queue.offer("one").pipe(Carrier.continueFrom(arrived))
      const seen: Array<Record<string, string>> = []
      const deliver = queue.take((_, { attempts }) =>
        Effect.flatMap(Carrier.inject(), (headers) => {
          seen.push(headers)
          return attempts < 3 ? Effect.fail("again") : Effect.void
        })
      )
      for (let tries = 0; tries < 3; tries++) yield* Effect.exit(deliver)
      assert.strictEqual(seen.length, 3)
      for (const { traceparent, ...rest } of seen) {
        assert.strictEqual(traceparent!.slice(3, 35), traceId)
        assert.deepStrictEqual(rest, { tracestate: arrived.tracestate, baggage: arrived.baggage })
      }
    }).pipe(Effect.provide(Memory), Effect.provide(TracingTest.layer))
  )

  it.effect("chosen baggage is an attribute of the consumer's span and of all below it", () =>
    Effect.gen(function* () {
      const headers = yield* TracedMessage.publish("orders", Effect.succeed).pipe(Baggage.set("tier", "gold"))
      yield* Effect.void.pipe(
        Effect.withSpan("ship"),
        TracedMessage.process("orders", { headers }),
        Baggage.set("tier", "the worker's own")
      )
      assert.strictEqual(
        yield* SpanTree.draw("tier"),
        "queue.publish tier=gold\n└─ queue.process_message tier=gold\n   └─ ship tier=gold"
      )
    }).pipe(Effect.provideService(BaggageAttributes, ["tier"]), Effect.provide(TracingTest.layer))
  )

  it.effect("a deny without a trace records nothing of the message", () =>
    Effect.gen(function* () {
      const denied = TracedMessage.process("orders", { headers: { b3: "0" } })
      const inside = yield* Carrier.inject().pipe(Effect.withSpan("ship"), denied)
      assert.match(inside["b3"]!, /-0$/)
      assert.strictEqual(yield* SpanTree.draw(), "")
    }).pipe(Propagator.provide(Propagator.b3), Effect.provide(TracingTest.layer))
  )
})
