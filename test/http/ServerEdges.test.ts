import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { TracedServer } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Data, Deferred, Effect, Layer, Schema, Stream } from "effect"
import { HttpMiddleware, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import * as NetAddress from "effect/net/NetAddress"
import { Socket } from "effect/socket"
import { createServer, get, type IncomingMessage } from "node:http"
import * as Http2 from "node:http2"
import * as PeerNetwork from "../../src/propagation/PeerNetwork.ts"
import { HttpRecording, nothingMore } from "../../src/model/HttpRecording.ts"
import { ended } from "./ended.ts"
import { type Asked, ask } from "./web.ts"

class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

const port = Effect.map(HttpServer.HttpServer, ({ address }) => (address as NetAddress.InetAddress).port)

const send = (path: string, asked?: Asked) => Effect.flatMap(port, (to) => ask(to, path, asked))

const onlySpan = Effect.map(
  Effect.flatMap(TracingTest.TracingTest, ({ spans }) => spans),
  ([span]) => span!
)

const attributes = Effect.map(onlySpan, (span) => Object.fromEntries(span.attributes))

interface Options {
  readonly routes: Layer.Layer<never, never, any>
  readonly middleware?: HttpMiddleware.HttpMiddleware
  readonly recording?: Partial<HttpRecording>
}

/** Serves routes on a real server, and runs a program beside it. */
const serving = <A, E>(
  { middleware, recording, routes }: Options,
  self: Effect.Effect<A, E, HttpServer.HttpServer | TracingTest.TracingTest>
) =>
  self.pipe(
    Effect.provide(
      HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true, middleware: middleware as never }).pipe(
        Layer.provideMerge(TracedServer.layer),
        Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
        Layer.fresh
      )
    ),
    Effect.provide(TracingTest.layer),
    Effect.provideService(HttpRecording, { ...nothingMore, ...recording })
  ) as Effect.Effect<A, unknown>

describe("a response that streams", () => {
  it.live("ends its span when the last of it was sent, not when it began", () => {
    const release = Deferred.makeUnsafe<void>()
    const body = Stream.concat(
      Stream.make("begins,"),
      Stream.fromEffect(Effect.as(Deferred.await(release), "ends"))
    ).pipe(Stream.encodeText)
    return serving(
      { routes: HttpRouter.add("GET", "/export", HttpServerResponse.stream(body)) },
      Effect.gen(function* () {
        const to = yield* port
        const response = yield* Effect.callback<IncomingMessage>((resume) => {
          get({ port: to, host: "127.0.0.1", path: "/export" }, (response) => resume(Effect.succeed(response)))
        })
        yield* Effect.callback<void>((resume) => void response.once("data", () => resume(Effect.void)))
        const { open } = yield* TracingTest.TracingTest
        assert.deepStrictEqual(yield* open, ["GET"])
        yield* Deferred.succeed(release, undefined)
        response.resume()
        yield* ended(1)
        assert.strictEqual(
          yield* SpanTree.draw("http.response.status_code"),
          "GET /export http.response.status_code=200"
        )
      })
    )
  })

  it.live("that the client leaves is no error, and keeps the status that was sent", () =>
    serving(
      {
        routes: HttpRouter.add(
          "GET",
          "/export",
          HttpServerResponse.stream(
            Stream.concat(Stream.make("begins"), Stream.fromEffect(Effect.never)).pipe(Stream.encodeText)
          )
        )
      },
      Effect.gen(function* () {
        const to = yield* port
        yield* Effect.callback<void>((resume) => {
          const sent = get({ port: to, host: "127.0.0.1", path: "/export" }, (response) =>
            response.once("data", () => {
              sent.destroy()
              resume(Effect.void)
            })
          )
          sent.on("error", () => {})
        })
        yield* ended(1)
        assert.strictEqual(
          yield* SpanTree.draw("http.response.status_code"),
          "GET /export http.response.status_code=200 ⊘"
        )
      })
    )
  )

  it.live("that breaks halfway is an error, although its client was told 200", () =>
    serving(
      {
        routes: HttpRouter.add(
          "GET",
          "/export",
          HttpServerResponse.stream(
            Stream.concat(Stream.make("begins"), Stream.fail(new Broken({ message: "disk" }))).pipe(Stream.encodeText)
          )
        )
      },
      Effect.gen(function* () {
        yield* Effect.exit(send("/export").pipe(Effect.catchDefect(() => Effect.void)))
        yield* ended(1)
        const span = yield* onlySpan
        assert.strictEqual(span.statusCode, "error")
        assert.strictEqual(span.attributes.get("http.response.status_code"), 200)
      })
    )
  )
})

describe("a socket", () => {
  it.live("is one span as long as it is open, with the status of its upgrade", () =>
    serving(
      {
        routes: HttpRouter.add(
          "GET",
          "/live/:id",
          Effect.gen(function* () {
            const request = yield* HttpServerRequest.HttpServerRequest
            const socket = yield* request.upgrade
            yield* Effect.scoped(
              Effect.gen(function* () {
                yield* socket.reader
                const { write } = yield* socket.writer
                yield* write("hello")
                yield* write(new Socket.CloseEvent(1000))
              })
            )
            return HttpServerResponse.empty()
          })
        )
      },
      Effect.gen(function* () {
        const to = yield* port
        const said = yield* Effect.callback<string>((resume) => {
          const socket = new WebSocket(`ws://127.0.0.1:${to}/live/1`)
          let text = ""
          socket.addEventListener("message", ({ data }) => (text += String(data)))
          socket.addEventListener("close", () => resume(Effect.succeed(text)))
        })
        assert.strictEqual(said, "hello")
        yield* ended(1)
        assert.strictEqual(
          yield* SpanTree.draw("http.response.status_code"),
          "GET /live/:id http.response.status_code=101"
        )
      })
    )
  )
})

describe("a request over HTTP/2", () => {
  it.live("has one span with its version, its scheme and the host that it was sent to", () =>
    Effect.gen(function* () {
      const to = yield* port
      yield* Effect.callback<void>((resume) => {
        const session = Http2.connect(`http://127.0.0.1:${to}`)
        session
          .request({ ":path": "/orders?page=2" })
          .on("close", () => session.close(() => resume(Effect.void)))
          .resume()
          .end()
      })
      yield* ended(1)
      const found = yield* attributes
      assert.deepInclude(found, {
        "network.protocol.version": "2",
        "url.scheme": "http",
        "url.path": "/orders",
        "server.address": "127.0.0.1",
        "server.port": to,
        "network.peer.address": "127.0.0.1"
      })
      assert.strictEqual(yield* SpanTree.draw(), "GET /orders")
    }).pipe(
      Effect.provide(
        HttpRouter.serve(HttpRouter.add("GET", "/orders", HttpServerResponse.text("ok")), {
          disableListenLog: true,
          disableLogger: true
        }).pipe(
          Layer.provideMerge(TracedServer.layer),
          Layer.provideMerge(NodeHttpServer.layer(() => Http2.createServer(), { port: 0, host: "127.0.0.1" })),
          Layer.fresh
        )
      ),
      Effect.provide(TracingTest.layer)
    )
  )
})

describe("what stands around the routes", () => {
  it.live("an error thrown in middleware is an error of the request", () =>
    serving(
      {
        routes: HttpRouter.add("GET", "/orders", HttpServerResponse.text("ok")),
        middleware: () => Effect.die(new TypeError("middleware"))
      },
      Effect.gen(function* () {
        const { status } = yield* send("/orders")
        yield* ended(1)
        assert.strictEqual(status, 500)
        assert.strictEqual(
          yield* SpanTree.draw("http.response.status_code"),
          "GET http.response.status_code=500 ✗ TypeError"
        )
      })
    )
  )

  it.live("a preflight that middleware answers is a span of its method", () =>
    serving(
      { routes: HttpRouter.add("GET", "/orders", HttpServerResponse.text("ok")), middleware: HttpMiddleware.cors() },
      Effect.gen(function* () {
        const { status } = yield* send("/orders", { method: "OPTIONS", headers: { origin: "https://a.example" } })
        yield* ended(1)
        assert.strictEqual(status, 204)
        assert.strictEqual(yield* SpanTree.draw("http.response.status_code"), "OPTIONS http.response.status_code=204")
      })
    )
  )

  it.live("a route below a prefix is named whole", () =>
    serving(
      {
        routes: HttpRouter.use((router) =>
          router.prefixed("/api/v1").add("GET", "/orders/:id", HttpServerResponse.text("ok"))
        )
      },
      Effect.gen(function* () {
        yield* send("/api/v1/orders/1")
        yield* ended(1)
        assert.strictEqual(yield* SpanTree.draw(), "GET /api/v1/orders/:id")
      })
    )
  )

  it.live("an HttpApi is named by its endpoints", () => {
    const Api = HttpApi.make("shop").add(
      HttpApiGroup.make("orders").add(
        HttpApiEndpoint.get("find", "/orders/:id", { params: { id: Schema.String }, success: Schema.String })
      )
    )
    const Orders = HttpApiBuilder.group(Api, "orders", (handlers) =>
      handlers.handle("find", ({ params }) => Effect.succeed(params.id))
    )
    return serving(
      {
        routes: HttpApiBuilder.layer(Api).pipe(Layer.provide(Orders), Layer.provide(NodeHttpServer.layerHttpServices))
      },
      Effect.gen(function* () {
        const { body } = yield* send("/orders/A-1001")
        yield* ended(1)
        assert.strictEqual(body, `"A-1001"`)
        assert.strictEqual(yield* SpanTree.draw("http.route"), "GET /orders/:id http.route=/orders/:id")
      })
    )
  })
})

const orders = HttpRouter.add(
  "POST",
  "/orders",
  Effect.as(
    Effect.void.pipe(Effect.withSpan("work")),
    HttpServerResponse.text("done", {
      headers: { "x-version": "7", location: "https://me:hunter2@shop.example/?token=s3cret", "x-auth-token": "s3cret" }
    })
  )
)

describe("what is recorded on request", () => {
  it.live("headers by name, without secrets even then, and sizes of bodies", () =>
    serving(
      {
        routes: orders,
        recording: {
          requestHeaders: ["x-request-id", "authorization", "referer", "x-absent", "x-from-inside"],
          secretHeaders: ["x-from-inside"],
          responseHeaders: ["x-version", "location", "x-auth-token"],
          bodySizes: true
        }
      },
      Effect.gen(function* () {
        yield* send("/orders", {
          method: "POST",
          body: "12345",
          headers: {
            "x-request-id": "r-1",
            "x-from-inside": "s3cret",
            authorization: "Bearer s3cret",
            referer: "https://shop.example/?token=s3cret",
            "content-length": "5"
          }
        })
        yield* ended(2)
        const found = Object.fromEntries((yield* SpanTree.find("POST /orders")).attributes)
        assert.deepInclude(found, {
          "http.request.header.x-request-id": ["r-1"],
          "http.request.header.authorization": ["REDACTED"],
          "http.request.header.x-from-inside": ["REDACTED"],
          "http.request.header.referer": ["https://shop.example/?token=REDACTED"],
          "http.response.header.x-version": ["7"],
          "http.response.header.x-auth-token": ["REDACTED"],
          "http.request.body.size": 5,
          "http.response.body.size": 4
        })
        assert.doesNotHaveAnyKeys(found, ["http.request.header.x-absent"])
        assert.notMatch(JSON.stringify(found), /s3cret|hunter2/)
      })
    )
  )

  it.live("nothing of it where nobody asked", () =>
    serving(
      { routes: orders },
      Effect.gen(function* () {
        const { headers } = yield* send("/orders", { method: "POST", body: "x", headers: { "x-request-id": "r-1" } })
        yield* ended(2)
        const keys = [...(yield* SpanTree.find("POST /orders")).attributes.keys()]
        assert.deepStrictEqual(
          keys.filter((key) => /header\.|body\./.test(key)),
          []
        )
        assert.doesNotHaveAnyKeys(headers, ["server-timing"])
      })
    )
  )

  it.live("a Server-Timing header names the server's span", () =>
    serving(
      { routes: orders, recording: { serverTiming: true } },
      Effect.gen(function* () {
        const { headers } = yield* send("/orders", { method: "POST" })
        yield* ended(2)
        const span = yield* SpanTree.find("POST /orders")
        assert.strictEqual(headers["server-timing"], `traceparent;desc="00-${span.traceId}-${span.spanId}-01"`)
      })
    )
  )

  it.live("ignored paths leave no span, and nothing that happens below them", () =>
    serving(
      { routes: orders, recording: { ignores: (path) => path === "/orders" } },
      Effect.gen(function* () {
        assert.strictEqual((yield* send("/orders?probe=1", { method: "POST" })).status, 200)
        yield* send("/nowhere")
        yield* ended(1)
        assert.strictEqual(yield* SpanTree.draw(), "GET")
      })
    )
  )
})

describe("what a failure says", () => {
  it.live("has no secret of any URL in its message, its event or its status", () =>
    serving(
      {
        routes: HttpRouter.add(
          "GET",
          "/pay",
          Effect.die(
            new Error(
              "GET https://ada:hunter2@bank.example/pay;jsessionid=s3cret?card[token]=s3cret&a=1#access_token=s3cret: 500"
            )
          )
        )
      },
      Effect.gen(function* () {
        yield* send("/pay;jsessionid=s3cret?user.password=s3cret&page=2#s3cret")
        yield* send("/pay?user.pass%77ord=s3cret&page=2")
        yield* ended(2)
        const { spans } = yield* TracingTest.TracingTest
        const text = JSON.stringify(
          (yield* spans).map(({ attributes, events, statusMessage }) => [[...attributes], events, statusMessage]),
          (_, value) => (typeof value === "bigint" ? String(value) : value)
        )
        assert.notMatch(text, /s3cret|hunter2/)
        assert.include(text, "page=2")
        assert.include(text, "bank.example/pay")
      })
    )
  )
})

describe("who the client is", () => {
  const trustsProxy = PeerNetwork.within(["127.0.0.0/8", "10.0.0.0/8"])
  const shown = (headers: Record<string, string>, recording: Partial<HttpRecording>) =>
    serving(
      { routes: HttpRouter.add("GET", "/", HttpServerResponse.text("ok")), recording },
      Effect.gen(function* () {
        yield* send("/", { headers: { host: "inside:8080", ...headers } })
        yield* ended(1)
        const found = yield* attributes
        return [found["client.address"], found["network.peer.address"], found["url.scheme"], found["server.address"]]
      })
    )
  const cases: ReadonlyArray<readonly [string, Record<string, string>, ReadonlyArray<string>]> = [
    ["nobody vouches", {}, ["127.0.0.1", "127.0.0.1", "http", "inside"]],
    [
      "the nearest address that is no proxy of ours counts, not what was written before it",
      { "x-forwarded-for": "6.6.6.6, 198.51.100.7, 10.0.0.9", "x-forwarded-proto": "https" },
      ["198.51.100.7", "127.0.0.1", "https", "inside"]
    ],
    [
      "Forwarded goes before the older headers",
      {
        "x-forwarded-for": "6.6.6.6",
        forwarded: `for="[2001:db8::17]:4711";proto=https;host="shop.example:8443", for=10.0.0.3`
      },
      ["2001:db8::17", "127.0.0.1", "https", "shop.example"]
    ],
    [
      "ports and mapped addresses are taken off",
      { "x-forwarded-for": "::ffff:198.51.100.7" },
      ["198.51.100.7", "127.0.0.1", "http", "inside"]
    ],
    [
      "a port is no part of an address",
      { "x-forwarded-for": "198.51.100.7:5000" },
      ["198.51.100.7", "127.0.0.1", "http", "inside"]
    ],
    ["what is no address says nothing", { "x-forwarded-for": "unknown" }, ["127.0.0.1", "127.0.0.1", "http", "inside"]],
    [
      "a hidden name says nothing",
      { forwarded: "for=_hidden, for=10.0.0.1" },
      ["127.0.0.1", "127.0.0.1", "http", "inside"]
    ]
  ]
  for (const [title, headers, expected] of cases) {
    it.live(title, () =>
      Effect.map(shown(headers, { trustsProxy }), (found) => assert.deepStrictEqual(found, [...expected]))
    )
  }

  it.live("a stranger's X-Forwarded-For is not believed", () =>
    Effect.map(
      shown(
        { "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https" },
        { trustsProxy: PeerNetwork.within(["10.0.0.0/8"]) }
      ),
      (found) => assert.deepStrictEqual(found, ["127.0.0.1", "127.0.0.1", "http", "inside"])
    )
  )
})
