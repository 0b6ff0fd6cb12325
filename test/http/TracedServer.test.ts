import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Data, Deferred, Effect, Fiber, Layer, Tracer } from "effect"
import {
  HttpClient,
  HttpClientRequest,
  FetchHttpClient,
  HttpMiddleware,
  HttpRouter,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "effect/http"
import * as NetAddress from "effect/net/NetAddress"
import { createServer, request as nodeRequest } from "node:http"
import * as References from "../../src/model/References.ts"
import * as TracedServer from "../../src/http/TracedServer.ts"
import * as Baggage from "../../src/propagation/Baggage.ts"
import * as Sampler from "../../src/sampling/Sampler.ts"
import * as GoraxTracer from "../../src/tracer/GoraxTracer.ts"
import * as Recording from "./recording.ts"

class PaymentDeclined extends Data.TaggedError("PaymentDeclined")<{ readonly message: string }> {}

class Reached extends Context.Service<Reached, Deferred.Deferred<void>>()("test/Reached") {}

const App = Layer.mergeAll(
  HttpRouter.add("GET", "/workflows/:id", HttpServerResponse.text("ok")),
  HttpRouter.add("POST", "/workflows/:id/execute", Effect.succeed(HttpServerResponse.empty({ status: 202 })).pipe(Effect.withSpan("work"))),
  HttpRouter.add("GET", "/unavailable", HttpServerResponse.empty({ status: 503 })),
  HttpRouter.add("GET", "/missing", HttpServerResponse.empty({ status: 404 })),
  HttpRouter.add("GET", "/declined", Effect.suspend(() => Effect.fail(new PaymentDeclined({ message: "declined, token=abc123" })))),
  HttpRouter.add("GET", "/dies", Effect.die(new TypeError("oops"))),
  HttpRouter.add("GET", "/baggage", Effect.map(Baggage.current, (baggage) => HttpServerResponse.text(baggage.get("tier")?.value ?? "none"))),
  HttpRouter.add("GET", "/parent", Effect.map(Effect.currentParentSpan, (span) => HttpServerResponse.text(span.traceId))),
  HttpRouter.add(
    "GET",
    "/slow",
    Effect.gen(function*() {
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
  Effect.gen(function*() {
    const request = HttpClientRequest.make(method)(`http://127.0.0.1:${yield* port}${path}`, { headers })
    const client = yield* HttpClient.HttpClient
    const response = yield* client.execute(request)
    return { status: response.status, text: yield* response.text }
  }).pipe(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))

const traceId = "0af7651916cd43dd8448eb211c80319c"
const traceparent = `00-${traceId}-b7ad6b7169203331-01`

const withServer = <A, E>(
  self: (recording: ReturnType<typeof Recording.make>) => Effect.Effect<A, E, Layer.Success<typeof Served>>,
  served: typeof Served = Served
) => {
  const recording = Recording.make()
  return recording.run(Effect.provide(self(recording), served))
}

describe("one request", () => {
  it.live("has one server span, named by its route, and the work below it", () =>
    withServer(Effect.fnUntraced(function*(recording) {
      yield* send("POST", "/workflows/42/execute?dry=1&api_key=s3cret")
      yield* recording.ended(2)
      assert.strictEqual(
        recording.draw("http.route", "http.response.status_code"),
        `
POST /workflows/:id/execute http.route=/workflows/:id/execute http.response.status_code=202
└─ work`.trim()
      )
      assert.strictEqual(recording.spans[1]!.kind, "server")
    })))

  it.live("says what the conventions ask for, and what the platform's users know", () =>
    withServer(Effect.fnUntraced(function*(recording) {
      yield* send("GET", "/workflows/42?dry=1&api_key=s3cret", { "user-agent": "test/1" })
      yield* recording.ended(1)
      assert.deepStrictEqual(Recording.attributesOf(recording.spans[0]!), {
        "http.request.method": "GET",
        "url.path": "/workflows/42",
        "url.query": "dry=1&api_key=REDACTED",
        "url.scheme": "http",
        "server.address": "127.0.0.1",
        "server.port": yield* port,
        "client.address": "127.0.0.1",
        "network.protocol.version": "1.1",
        "user_agent.original": "test/1",
        "http.method": "GET",
        "http.target": "/workflows/42?dry=1&api_key=REDACTED",
        "http.user_agent": "test/1",
        "http.route": "/workflows/:id",
        "http.response.status_code": 200,
        "http.status_code": 200
      })
    })))

  it.live("says it in the stable keys alone when the profile is semconv", () => {
    const recording = Recording.make()
    return Effect.gen(function*() {
      yield* send("GET", "/workflows/42")
      yield* recording.ended(1)
      const keys = Object.keys(Recording.attributesOf(recording.spans[0]!))
      assert.deepStrictEqual(keys.filter((key) => /^http\.(method|target|status_code|user_agent)$/.test(key)), [])
      assert.notInclude(keys, "url.query")
    }).pipe(
      Effect.provide(Served),
      Effect.provideService(References.AttributeProfile, "semconv"),
      recording.run
    )
  })

  it.live("without the layer Effect opens the one span, and nothing is added", () =>
    withServer(Effect.fnUntraced(function*(recording) {
      yield* send("GET", "/workflows/42")
      yield* recording.ended(1)
      assert.strictEqual(recording.draw("http.route"), "GET http.route=/workflows/:id")
    }), Bare))

  it.live("gets no span where HttpMiddleware.TracerDisabledWhen says so", () => {
    const recording = Recording.make()
    return Effect.gen(function*() {
      yield* send("GET", "/missing")
      yield* send("GET", "/workflows/1")
      yield* recording.ended(1)
      assert.strictEqual(recording.draw(), "GET /workflows/:id")
    }).pipe(
      Effect.provide(Served),
      Effect.provideService(HttpMiddleware.TracerDisabledWhen, (request) => request.url === "/missing"),
      recording.run
    )
  })
})

describe("how it went", () => {
  const cases = [
    { path: "/missing", title: "a 404 is no error", draws: "GET /missing", status: 404 },
    { path: "/nowhere", title: "a route that is not found is no error and has no route", draws: "GET", status: 404 },
    { path: "/unavailable", title: "a 503 is an error", draws: "GET /unavailable ✗ error.type=503", status: 503 },
    { path: "/declined", title: "a failure is an error by its tag", draws: "GET /declined ✗ error.type=PaymentDeclined", status: 500 },
    { path: "/dies", title: "a defect is an error by its class", draws: "GET /dies ✗ error.type=TypeError", status: 500 }
  ]
  for (const { draws, path, status, title } of cases) {
    it.live(title, () =>
      withServer(Effect.fnUntraced(function*(recording) {
        const response = yield* send("GET", path)
        yield* recording.ended(1)
        assert.strictEqual(response.status, status)
        assert.strictEqual(recording.draw("error.type"), draws)
        assert.strictEqual(recording.spans[0]!.attributes.get("http.response.status_code"), status)
      })))
  }

  it.live("a status alone records no exception, a failure one without its secrets", () =>
    withServer(Effect.fnUntraced(function*(recording) {
      yield* send("GET", "/unavailable")
      yield* recording.ended(1)
      yield* send("GET", "/declined")
      yield* recording.ended(2)
      assert.deepStrictEqual(recording.spans.map((span) => span.events.map(({ name }) => name)), [[], ["exception"]])
      assert.deepStrictEqual(recording.spans.map((span) => span.statusMessage), ["", "declined, token=REDACTED"])
    })))

  it.live("a client that goes away is no error", () =>
    withServer(Effect.fnUntraced(function*(recording) {
      const client = yield* Effect.forkChild(send("GET", "/slow"))
      yield* Deferred.await(yield* Reached)
      yield* Fiber.interrupt(client)
      yield* recording.ended(1)
      assert.strictEqual(
        recording.draw("http.response.status_code", "effect.fiber.interrupted"),
        "GET /slow http.response.status_code=499 effect.fiber.interrupted=true"
      )
    })))

  it.live("a HEAD request is answered by its GET route and keeps its own name", () =>
    withServer(Effect.fnUntraced(function*(recording) {
      yield* send("HEAD", "/workflows/1")
      yield* recording.ended(1)
      assert.strictEqual(recording.draw(), "HEAD /workflows/:id")
    })))

  it.live("a method nobody knows does not become a span's name", () =>
    withServer(Effect.fnUntraced(function*(recording) {
      const at = yield* port
      yield* Effect.callback<void>((resume) => {
        nodeRequest({ port: at, host: "127.0.0.1", method: "PROPFIND", path: "/" }, (response) => {
          response.resume().on("end", () => resume(Effect.void))
        }).end()
      })
      yield* recording.ended(1)
      assert.strictEqual(
        recording.draw("http.request.method", "http.request.method_original", "http.method"),
        "HTTP http.request.method=_OTHER http.request.method_original=PROPFIND http.method=PROPFIND"
      )
    })))
})

describe("where it comes from", () => {
  it.live("a request continues the trace and the baggage of its sender", () =>
    withServer(Effect.fnUntraced(function*(recording) {
      const { text } = yield* send("GET", "/baggage", { traceparent, tracestate: "v=1", baggage: "tier=gold" })
      yield* recording.ended(1)
      const [span] = recording.spans
      assert.strictEqual(text, "gold")
      assert.deepInclude(span, { traceId, parentSpanId: "b7ad6b7169203331", parentIsRemote: true, traceState: "v=1" })
    })))

  it.live("a request whose sender was not sampled is not recorded, and still in its trace", () => {
    const recording = Recording.make({ sampler: Sampler.parentBased(Sampler.always) })
    return Effect.gen(function*() {
      const { text } = yield* send("GET", "/parent", { traceparent: traceparent.replace(/01$/, "00") })
      assert.strictEqual(text, traceId)
      yield* send("GET", "/missing")
      yield* recording.ended(1)
      assert.strictEqual(recording.draw(), "GET /missing")
    }).pipe(Effect.provide(Served), recording.run)
  })

  it.live("a malformed context begins a trace of its own, not one below the server's start", () => {
    const recording = Recording.make()
    return Effect.gen(function*() {
      yield* send("GET", "/baggage", { traceparent: "00-nonsense" })
      yield* recording.ended(1)
      assert.isUndefined(recording.spans[0]!.parentSpanId)
    }).pipe(Effect.provide(Served), Effect.withSpan("start"), recording.run)
  })

  it.live("where tracing is off, the app still runs in the context of the sender", () =>
    Effect.gen(function*() {
      const { status, text } = yield* send("GET", "/parent", { traceparent })
      assert.deepStrictEqual({ status, text }, { status: 200, text: traceId })
      assert.strictEqual((yield* send("GET", "/baggage", { traceparent, baggage: "tier=gold" })).text, "gold")
    }).pipe(Effect.provide(Served), Effect.provideService(Tracer.Tracer, GoraxTracer.passThrough)))
})

describe("by hand", () => {
  it.effect("the middleware wraps an app that is no router", () => {
    const recording = Recording.make()
    return Effect.gen(function*() {
      const request = HttpServerRequest.fromWeb(new Request("https://example.com:8443/a%20b?x=1#part"))
      const response = yield* TracedServer.middleware(Effect.succeed(HttpServerResponse.text("hi"))).pipe(
        Effect.provideService(HttpServerRequest.HttpServerRequest, request)
      )
      assert.strictEqual(response.status, 200)
      assert.deepInclude(Recording.attributesOf(recording.spans[0]!), {
        "url.scheme": "https",
        "url.path": "/a%20b",
        "url.query": "x=1"
      })
    }).pipe(recording.run)
  })
})
