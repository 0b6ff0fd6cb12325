import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Baggage, Sampler, TracedServer, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Context, Data, Deferred, Effect, Fiber, Layer } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientRequest,
  HttpMiddleware,
  HttpRouter,
  HttpServer,
  HttpServerError,
  HttpServerRequest,
  HttpServerRespondable,
  HttpServerResponse
} from "effect/http"
import * as NetAddress from "effect/net/NetAddress"
import { createServer, request as nodeRequest } from "node:http"
import { AttributeProfile } from "../../src/model/References.ts"
import { ended } from "./ended.ts"

class PaymentDeclined extends Data.TaggedError("PaymentDeclined")<{ readonly message: string }> {}

class Reached extends Context.Service<Reached, Deferred.Deferred<void>>()("test/Reached") {}

const App = Layer.mergeAll(
  HttpRouter.add("GET", "/workflows/:id", HttpServerResponse.text("ok")),
  HttpRouter.add(
    "POST",
    "/workflows/:id/execute",
    Effect.succeed(HttpServerResponse.empty({ status: 202 })).pipe(Effect.withSpan("work"))
  ),
  HttpRouter.add("GET", "/unavailable", HttpServerResponse.empty({ status: 503 })),
  HttpRouter.add("GET", "/missing", HttpServerResponse.empty({ status: 404 })),
  HttpRouter.add(
    "GET",
    "/declined",
    Effect.suspend(() => Effect.fail(new PaymentDeclined({ message: "declined, token=abc123" })))
  ),
  HttpRouter.add("GET", "/dies", Effect.die(new TypeError("oops"))),
  HttpRouter.add(
    "GET",
    "/baggage",
    Effect.map(Baggage.all, (baggage) => HttpServerResponse.text(baggage.get("tier")?.value ?? "none"))
  ),
  HttpRouter.add(
    "GET",
    "/parent",
    Effect.map(Effect.currentParentSpan, (span) => HttpServerResponse.text(span.traceId))
  ),
  HttpRouter.add(
    "GET",
    "/slow",
    Effect.gen(function* () {
      yield* Deferred.succeed(yield* Reached, undefined)
      return yield* Effect.never
    })
  )
)

const NodeServer = NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })

const serve = (traced: Layer.Layer<HttpServer.HttpServer, never, HttpServer.HttpServer>) =>
  HttpRouter.serve(App, { disableListenLog: true, disableLogger: true }).pipe(
    Layer.provideMerge(traced),
    Layer.provideMerge(NodeServer),
    Layer.provideMerge(Layer.effect(Reached, Deferred.make<void>())),
    Layer.provideMerge(FetchHttpClient.layer),
    Layer.fresh
  )

const Served = serve(TracedServer.layer)
const Bare = serve(Layer.effect(HttpServer.HttpServer, HttpServer.HttpServer))

const port = Effect.map(HttpServer.HttpServer, ({ address }) => (address as NetAddress.InetAddress).port)

/** Sends a request as a stranger would: no tracing on this side. */
const send = (method: "GET" | "POST" | "HEAD", path: string, headers: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const request = HttpClientRequest.make(method)(`http://127.0.0.1:${yield* port}${path}`, { headers })
    const client = yield* HttpClient.HttpClient
    const response = yield* client.execute(request)
    return { status: response.status, text: yield* response.text }
  }).pipe(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))

const traceId = "0af7651916cd43dd8448eb211c80319c"
const parentSpanId = "b7ad6b7169203331"
const traceparent = `00-${traceId}-${parentSpanId}-01`

/** Runs a program beside the served app; the test's spans are the caller's to provide where they are special. */
const withServer = <A, E>(
  self: Effect.Effect<A, E, Layer.Success<typeof Served> | TracingTest.TracingTest>,
  served: typeof Served = Served,
  tracing: typeof TracingTest.layer = TracingTest.layer
) => self.pipe(Effect.provide(served), Effect.provide(tracing))

const onlySpan = Effect.map(
  Effect.flatMap(TracingTest.TracingTest, ({ spans }) => spans),
  ([span]) => span!
)

describe("one request", () => {
  it.live("has one server span, named by its route, and the work below it", () =>
    withServer(
      Effect.gen(function* () {
        yield* send("POST", "/workflows/42/execute?dry=1&api_key=s3cret")
        yield* ended(2)
        assert.strictEqual(
          yield* SpanTree.draw("http.route", "http.response.status_code"),
          `
POST /workflows/:id/execute http.route=/workflows/:id/execute http.response.status_code=202
└─ work`.trim()
        )
        assert.strictEqual((yield* SpanTree.find("POST /workflows/:id/execute")).kind, "server")
      })
    )
  )

  it.live("says what the conventions ask for, and what the platform's users know", () =>
    withServer(
      Effect.gen(function* () {
        yield* send("GET", "/workflows/42?dry=1&api_key=s3cret", { "user-agent": "test/1" })
        yield* ended(1)
        assert.deepStrictEqual(Object.fromEntries((yield* onlySpan).attributes), {
          "http.request.method": "GET",
          "url.path": "/workflows/42",
          "url.query": "dry=1&api_key=REDACTED",
          "url.scheme": "http",
          "server.address": "127.0.0.1",
          "server.port": yield* port,
          "client.address": "127.0.0.1",
          "network.peer.address": "127.0.0.1",
          "network.peer.port": (yield* onlySpan).attributes.get("network.peer.port")!,
          "network.protocol.version": "1.1",
          "user_agent.original": "test/1",
          "http.method": "GET",
          "http.target": "/workflows/42?dry=1&api_key=REDACTED",
          "http.user_agent": "test/1",
          "http.route": "/workflows/:id",
          "http.response.status_code": 200,
          "http.status_code": 200
        })
      })
    )
  )

  it.live("says it in the stable keys alone when the profile is semconv", () =>
    withServer(
      Effect.gen(function* () {
        yield* send("GET", "/workflows/42")
        yield* ended(1)
        const keys = [...(yield* onlySpan).attributes.keys()]
        assert.deepStrictEqual(
          keys.filter((key) => /^http\.(method|target|status_code|user_agent)$/.test(key)),
          []
        )
        assert.notInclude(keys, "url.query")
      })
    ).pipe(Effect.provideService(AttributeProfile, "semconv"))
  )

  it.live("without the layer has the one span that Effect opens, and none of ours", () =>
    withServer(
      Effect.gen(function* () {
        yield* send("GET", "/workflows/42")
        yield* ended(1)
        assert.strictEqual(yield* SpanTree.draw("http.route"), "GET http.route=/workflows/:id")
      }),
      Bare
    )
  )

  it.live("gets no span where HttpMiddleware.TracerDisabledWhen says so", () =>
    withServer(
      Effect.gen(function* () {
        yield* send("GET", "/missing")
        yield* send("GET", "/workflows/1")
        yield* ended(1)
        assert.strictEqual(yield* SpanTree.draw(), "GET /workflows/:id")
      })
    ).pipe(Effect.provideService(HttpMiddleware.TracerDisabledWhen, (request) => request.url === "/missing"))
  )

  it.live("is sampled by its route, which is known before its first child", () =>
    withServer(
      Effect.gen(function* () {
        yield* send("POST", "/workflows/42/execute")
        yield* send("GET", "/workflows/42")
        yield* ended(1)
        assert.strictEqual(yield* SpanTree.draw(), "GET /workflows/:id")
      }),
      Served,
      TracingTest.layerWith({
        sampler: {
          description: "by route",
          decide: ({ attributes, parent }) => ({
            sampled: parent === undefined && attributes.get("http.route") === "/workflows/:id",
            reason: "route"
          })
        }
      })
    )
  )
})

describe("how it went", () => {
  const cases = [
    { path: "/missing", title: "a 404 is no error", draws: "GET /missing", status: 404 },
    { path: "/nowhere", title: "a route that is not found is no error and has no route", draws: "GET", status: 404 },
    { path: "/unavailable", title: "a 503 is an error", draws: "GET /unavailable ✗ 503", status: 503 },
    {
      path: "/declined",
      title: "a failure is an error by its tag",
      draws: "GET /declined ✗ PaymentDeclined",
      status: 500
    },
    { path: "/dies", title: "a defect is an error by its class", draws: "GET /dies ✗ TypeError", status: 500 }
  ]
  for (const { draws, path, status, title } of cases) {
    it.live(title, () =>
      withServer(
        Effect.gen(function* () {
          const response = yield* send("GET", path)
          yield* ended(1)
          assert.strictEqual(response.status, status)
          assert.strictEqual(yield* SpanTree.draw(), draws)
          assert.strictEqual((yield* onlySpan).attributes.get("http.response.status_code"), status)
        })
      )
    )
  }

  it.live("a status alone records no exception, a failure one without its secrets", () =>
    withServer(
      Effect.gen(function* () {
        yield* send("GET", "/unavailable")
        yield* send("GET", "/declined")
        yield* ended(2)
        const unavailable = yield* SpanTree.find("GET /unavailable")
        const declined = yield* SpanTree.find("GET /declined")
        assert.deepStrictEqual([unavailable.statusMessage, unavailable.events], ["", []])
        assert.strictEqual(declined.statusMessage, "declined, token=REDACTED")
        assert.deepStrictEqual(
          declined.events.map(({ name }) => name),
          ["exception"]
        )
      })
    )
  )

  it.live("a client that goes away is no error", () =>
    withServer(
      Effect.gen(function* () {
        const client = yield* Effect.forkChild(send("GET", "/slow"))
        yield* Deferred.await(yield* Reached)
        yield* Fiber.interrupt(client)
        yield* ended(1)
        assert.strictEqual(
          yield* SpanTree.draw("http.response.status_code"),
          "GET /slow http.response.status_code=499 ⊘"
        )
      })
    )
  )

  it.live("a HEAD request is answered by its GET route and keeps its own name", () =>
    withServer(
      Effect.gen(function* () {
        yield* send("HEAD", "/workflows/1")
        yield* ended(1)
        assert.strictEqual(yield* SpanTree.draw(), "HEAD /workflows/:id")
      })
    )
  )

  it.live("a method nobody knows does not become a span's name", () =>
    withServer(
      Effect.gen(function* () {
        const at = yield* port
        yield* Effect.callback<void>((resume) => {
          nodeRequest({ port: at, host: "127.0.0.1", method: "PROPFIND", path: "/" }, (response) => {
            response.resume().on("end", () => resume(Effect.void))
          }).end()
        })
        yield* ended(1)
        assert.strictEqual(
          yield* SpanTree.draw("http.request.method", "http.request.method_original", "http.method"),
          "HTTP http.request.method=_OTHER http.request.method_original=PROPFIND http.method=PROPFIND"
        )
      })
    )
  )
})

describe("where it comes from", () => {
  it.live("a request continues the trace and the baggage of its sender", () =>
    withServer(
      Effect.gen(function* () {
        const { text } = yield* send("GET", "/baggage", { traceparent, tracestate: "v=1", baggage: "tier=gold" })
        yield* ended(1)
        assert.strictEqual(text, "gold")
        assert.deepInclude(yield* onlySpan, { traceId, parentSpanId, parentIsRemote: true, traceState: "v=1" })
      })
    )
  )

  it.live("a request whose sender was not sampled is not recorded, and still in its trace", () =>
    withServer(
      Effect.gen(function* () {
        const { text } = yield* send("GET", "/parent", { traceparent: traceparent.replace(/01$/, "00") })
        assert.strictEqual(text, traceId)
        yield* send("GET", "/missing")
        yield* ended(1)
        assert.strictEqual(yield* SpanTree.draw(), "GET /missing")
      }),
      Served,
      TracingTest.layerWith({ sampler: Sampler.parentBased(Sampler.always) })
    )
  )

  it.live("a malformed context begins a trace of its own, not one below the server's start", () =>
    Effect.gen(function* () {
      yield* send("GET", "/baggage", { traceparent: "00-nonsense" })
      yield* ended(1)
      assert.isUndefined((yield* onlySpan).parentSpanId)
    }).pipe(Effect.provide(Served), Effect.withSpan("start"), Effect.provide(TracingTest.layer))
  )

  it.live("where tracing is off, the app still runs in the context of the sender", () =>
    Effect.gen(function* () {
      const { status, text } = yield* send("GET", "/parent", { traceparent })
      assert.deepStrictEqual({ status, text }, { status: 200, text: traceId })
      assert.strictEqual((yield* send("GET", "/baggage", { traceparent, baggage: "tier=gold" })).text, "gold")
    }).pipe(Effect.provide(Served), Effect.provide(Tracing.layerDisabled))
  )
})

describe("by hand", () => {
  it.effect("the middleware wraps an app that is no router", () =>
    Effect.gen(function* () {
      const request = HttpServerRequest.fromWeb(new Request("https://example.com:8443/a%20b?x=1#part"))
      const response = yield* TracedServer.middleware(Effect.succeed(HttpServerResponse.text("hi"))).pipe(
        Effect.provideService(HttpServerRequest.HttpServerRequest, request)
      )
      assert.strictEqual(response.status, 200)
      assert.strictEqual(
        yield* SpanTree.draw("url.scheme", "url.path", "url.query"),
        "GET url.scheme=https url.path=/a%20b url.query=x=1"
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("the middleware answers for failures as Effect does, wherever it stands", () =>
    Effect.gen(function* () {
      const request = HttpServerRequest.fromWeb(new Request("http://localhost/"))
      const notFound = new HttpServerError.HttpServerError({ reason: new HttpServerError.RouteNotFound({ request }) })
      const error = yield* Effect.fail(notFound).pipe(
        TracedServer.middleware,
        Effect.provideService(HttpServerRequest.HttpServerRequest, request),
        Effect.flip
      )
      assert.strictEqual(error, notFound)
      assert.strictEqual(yield* SpanTree.draw("http.response.status_code"), "GET http.response.status_code=404")
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("an error whose own response breaks is a 500, and stays the failure that it was", () =>
    Effect.gen(function* () {
      class Unspeakable extends Data.TaggedError("Unspeakable")<{}> {
        [HttpServerRespondable.symbol](): never {
          throw new TypeError("no response")
        }
      }
      const error = yield* Effect.fail(new Unspeakable()).pipe(
        TracedServer.middleware,
        Effect.provideService(
          HttpServerRequest.HttpServerRequest,
          HttpServerRequest.fromWeb(new Request("http://localhost/"))
        ),
        Effect.flip
      )
      assert.strictEqual(error._tag, "Unspeakable")
      assert.strictEqual(
        yield* SpanTree.draw("http.response.status_code"),
        "GET http.response.status_code=500 ✗ Unspeakable"
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )
})
