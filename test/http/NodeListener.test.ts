import { assert, describe, it } from "@effect/vitest"
import { Baggage, Sampler, TracedClient, TracedServer, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Deferred, Effect } from "effect"
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http"
import { HttpRecording, nothingMore } from "../../src/model/HttpRecording.ts"
import { ended } from "./ended.ts"
import { ask, host, listening } from "./web.ts"

type App = (request: IncomingMessage, response: ServerResponse) => unknown

/** Serves a plain listener as a program in the middle of its move to Effect would. */
const serve = (app: App) => Effect.flatMap(TracedServer.node(app), (listener) => listening(createServer(listener)))

const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`

const test = <A, E>(self: Effect.Effect<A, E, TracingTest.TracingTest | import("effect").Scope.Scope>) =>
  self.pipe(Effect.scoped, Effect.provide(TracingTest.layer))

describe("a plain listener", () => {
  it.live("has one server span for each request, in the trace of its sender", () =>
    test(
      Effect.gen(function* () {
        const port = yield* serve((_, response) => response.end("hi"))
        const answered = yield* ask(port, "/a?token=s3cret", { headers: { traceparent } })
        yield* ended(1)
        assert.deepInclude(answered, { status: 200, body: "hi" })
        const span = yield* SpanTree.find("GET")
        assert.deepInclude(span, { kind: "server", traceId: "a".repeat(32), parentSpanId: "b".repeat(16) })
        assert.deepInclude(Object.fromEntries(span.attributes), {
          "http.request.method": "GET",
          "url.path": "/a",
          "url.query": "token=REDACTED",
          "network.protocol.version": "1.1",
          "http.response.status_code": 200
        })
      })
    )
  )

  it.live("is named by the route that Express found, or that it names itself", () =>
    test(
      Effect.gen(function* () {
        // What Express puts on a request when a route of a router is found
        const express = yield* serve((request, response) => {
          Object.assign(request, { baseUrl: "/api", route: { path: "/orders/:id" } })
          // and takes away again when a router hands an error on
          Object.assign(request, { baseUrl: "" })
          assert.deepStrictEqual(Object(request).route, { path: "/orders/:id" })
          response.end()
        })
        const own = yield* serve((request, response) => {
          TracedServer.nameRoute(request, "/carts/:id")
          response.end()
        })
        yield* ask(express, "/api/orders/1")
        yield* ask(own, "/carts/1")
        yield* ended(2)
        assert.strictEqual(
          yield* SpanTree.draw("http.route"),
          "GET /api/orders/:id http.route=/api/orders/:id\nGET /carts/:id http.route=/carts/:id"
        )
      })
    )
  )

  it.live("is sampled by the route that Express found, which is known before its first child", () =>
    Effect.gen(function* () {
      const run = yield* Effect.map(Effect.context(), Effect.runPromiseWith)
      const port = yield* serve((request, response) => {
        Object.assign(request, { route: { path: request.url } })
        void run(Effect.void.pipe(Effect.withSpan("work"), TracedServer.inRequest(request))).then(() => response.end())
      })
      yield* ask(port, "/left-out")
      yield* ask(port, "/kept")
      yield* ended(2)
      assert.strictEqual(yield* SpanTree.draw(), "GET /kept\n└─ work")
    }).pipe(
      Effect.scoped,
      Effect.provide(
        TracingTest.layerWith({
          sampler: Sampler.parentBased({
            description: "by route",
            decide: ({ attributes }) => ({ sampled: attributes.get("http.route") === "/kept", reason: "route" })
          })
        })
      )
    )
  )

  it.live("sees its span from promises, timers and the events of its body", () =>
    test(
      Effect.gen(function* () {
        const other = yield* host((_, response) => response.end())
        const fetch = yield* TracedClient.fetch
        const port = yield* serve((request, response) => {
          request.on("data", () => {})
          request.on("end", () =>
            setTimeout(() => {
              void fetch(other.url).then(() => response.end())
            }, 1)
          )
        })
        yield* ask(port, "/", { method: "POST", body: "x".repeat(100_000) }).pipe(
          Effect.withSpan("not the parent of what the server does")
        )
        yield* ended(3)
        const [server, client] = [yield* SpanTree.find("POST"), yield* SpanTree.find("GET")]
        assert.strictEqual(client.parentSpanId, server.spanId)
        assert.strictEqual(other.received[0]!.headers["traceparent"], `00-${client.traceId}-${client.spanId}-01`)
      })
    )
  )

  it.live("runs effects under the span and with the baggage of their request", () =>
    test(
      Effect.gen(function* () {
        const work = Effect.map(Baggage.all, (baggage) => baggage.get("tier")?.value ?? "none").pipe(
          Effect.withSpan("work")
        )
        const run = yield* Effect.map(Effect.context(), Effect.runPromiseWith)
        const port = yield* serve((request, response) => {
          void run(work.pipe(TracedServer.inRequest(request))).then((tier) => response.end(tier))
        })
        const { body } = yield* ask(port, "/", { headers: { traceparent, baggage: "tier=gold" } })
        yield* ended(2)
        assert.strictEqual(body, "gold")
        assert.strictEqual(yield* SpanTree.draw(), "GET\n└─ work")
      })
    )
  )

  it.live("is an error where it answers 5xx, and none where its client goes away", () =>
    test(
      Effect.gen(function* () {
        const reached = yield* Deferred.make<void>()
        const port = yield* serve((request, response) => {
          if (request.url === "/broken") return void response.writeHead(503).end()
          response.writeHead(200).write("begins")
          Deferred.doneUnsafe(reached, Effect.void)
        })
        yield* ask(port, "/broken")
        const request = get({ port, host: "127.0.0.1", path: "/never" }, (response) => response.resume())
        request.on("error", () => {})
        yield* Deferred.await(reached)
        request.destroy()
        yield* ended(2)
        assert.strictEqual(
          yield* SpanTree.draw("http.response.status_code"),
          "GET http.response.status_code=503 ✗ 503\nGET http.response.status_code=200 ⊘"
        )
      })
    )
  )

  it.live("throws what it threw, and its span says so", () =>
    test(
      Effect.gen(function* () {
        const listener = yield* TracedServer.node(() => {
          throw new TypeError("no such order")
        })
        const thrown = yield* Deferred.make<unknown>()
        const port = yield* listening(
          createServer((request, response) => {
            try {
              listener(request, response)
            } catch (error) {
              Deferred.doneUnsafe(thrown, Effect.succeed(error))
              response.writeHead(500).end()
            }
          })
        )
        yield* ask(port, "/")
        assert.instanceOf(yield* Deferred.await(thrown), TypeError)
        yield* ended(1)
        assert.strictEqual(
          yield* SpanTree.draw("http.response.status_code"),
          "GET http.response.status_code=500 ✗ TypeError"
        )
      })
    )
  )

  it.live("answers as ever where tracing is off, and hands the context on", () =>
    Effect.gen(function* () {
      const other = yield* host((_, response) => response.end())
      const fetch = yield* TracedClient.fetch
      const port = yield* serve((_, response) => void fetch(other.url).then(() => response.end("ok")))
      assert.strictEqual((yield* ask(port, "/", { headers: { traceparent } })).body, "ok")
      assert.strictEqual(other.received[0]!.headers["traceparent"], traceparent)
    }).pipe(Effect.scoped, Effect.provide(Tracing.layerDisabled))
  )

  it.live("names its span in a Server-Timing header when asked to", () =>
    test(
      Effect.gen(function* () {
        const port = yield* serve((_, response) => response.end())
        const { headers } = yield* ask(port, "/")
        yield* ended(1)
        const { spanId, traceId } = yield* SpanTree.find("GET")
        assert.strictEqual(headers["server-timing"], `traceparent;desc="00-${traceId}-${spanId}-01"`)
      })
    ).pipe(Effect.provideService(HttpRecording, { ...nothingMore, serverTiming: true }))
  )

  it.live("gives its server what it returns", () =>
    test(
      Effect.gen(function* () {
        let returned: unknown
        const listener = yield* TracedServer.node((_: IncomingMessage, response: ServerResponse) => {
          response.end()
          return "returned"
        })
        const port = yield* listening(
          createServer((request, response) => {
            returned = listener(request, response)
          })
        )
        yield* ask(port, "/")
        yield* ended(1)
        assert.strictEqual(returned, "returned")
      })
    )
  )
})
