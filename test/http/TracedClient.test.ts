import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Baggage, TracedClient, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Deferred, Effect, Exit, Fiber, Layer, Scope, Tracer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { HttpRecording, nothingMore } from "../../src/model/HttpRecording.ts"
import { AttributeProfile, EgressPolicy } from "../../src/model/References.ts"

/** A server of the outside world: it answers with the status that the path names, and tells what it was sent. */
const outside = Effect.gen(function* () {
  const received: Array<{ readonly names: ReadonlyArray<string>; readonly headers: IncomingMessage["headers"] }> = []
  const reached = yield* Deferred.make<void>()
  const closed = yield* Deferred.make<void>()
  const server = createServer((request, response) => {
    received.push({
      names: request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
      headers: request.headers
    })
    const path = new URL(request.url!, "http://localhost").pathname
    if (path === "/cut") return void response.writeHead(200, { "content-length": 9 }).end("c", () => response.destroy())
    if (path !== "/never" && path !== "/streams")
      return void response.writeHead(Number(path.slice(1)) || 200, { "x-version": "7", "content-length": 2 }).end("ok")
    if (path === "/streams") response.writeHead(200).write("begins")
    Deferred.doneUnsafe(reached, Exit.void)
    response.on("close", () => Deferred.doneUnsafe(closed, Exit.void))
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.sync(() => server.close().closeAllConnections())
  )
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, reached, closed }
})

const Client = TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer))

type Outside = Effect.Success<typeof outside>

/** Runs a program that can reach the outside world. */
const test = <A, E>(
  self: (server: Outside) => Effect.Effect<A, E, HttpClient.HttpClient | TracingTest.TracingTest | Scope.Scope>,
  client = Client
) => Effect.flatMap(outside, self).pipe(Effect.provide(client), Effect.provide(TracingTest.layer), Effect.scoped)

const attributes = Effect.map(SpanTree.find("GET"), (span) => Object.fromEntries(span.attributes))

/** Lets nothing out. */
const nobody: EgressPolicy = { context: () => false, baggage: () => false }

const status = (url: string) => Effect.map(HttpClient.get(url), (response) => response.status)

const clients = {
  fetch: FetchHttpClient.layer,
  "node:http": NodeHttpClient.layerNodeHttp,
  undici: NodeHttpClient.layerUndici
}

describe("one request", () => {
  for (const [name, inner] of Object.entries(clients)) {
    it.live(`through ${name} has one span and puts one set of headers on the wire`, () =>
      test(
        (server) =>
          Effect.gen(function* () {
            const request = HttpClientRequest.get(`${server.url}/200`, {
              headers: {
                traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
                tracestate: "old=1",
                accept: "text/plain"
              }
            })
            const client = yield* HttpClient.HttpClient
            yield* client.execute(request).pipe(Effect.withSpan("http.action"), Baggage.set("tier", "gold"))
            assert.strictEqual(
              yield* SpanTree.draw("http.response.status_code"),
              `http.action\n└─ GET http.response.status_code=200`
            )
            const [{ headers, names }] = server.received as [Outside["received"][number]]
            const span = yield* SpanTree.find("GET")
            assert.deepInclude(headers, {
              traceparent: `00-${span.traceId}-${span.spanId}-01`,
              baggage: "tier=gold",
              accept: "text/plain"
            })
            assert.strictEqual(names.filter((name) => name === "traceparent").length, 1)
            assert.notInclude(names, "tracestate")
            assert.notInclude(names, "b3")
          }),
        TracedClient.layer.pipe(Layer.provide(inner))
      )
    )
  }

  it.live("says where it went, without secrets", () =>
    test((server) =>
      Effect.gen(function* () {
        yield* HttpClient.get(`${server.url}/200?page=2`, { urlParams: { token: "s3cret" } })
        const port = Number(new URL(server.url).port)
        assert.deepStrictEqual(yield* attributes, {
          "http.request.method": "GET",
          "url.full": `${server.url}/200?page=2&token=REDACTED`,
          "server.address": "127.0.0.1",
          "server.port": port,
          "http.method": "GET",
          "http.response.status_code": 200,
          "http.status_code": 200
        })
        assert.strictEqual((yield* SpanTree.find("GET")).kind, "client")
      })
    )
  )

  it.live("says it in the stable keys alone when the profile is semconv", () =>
    test((server) =>
      Effect.gen(function* () {
        yield* status(`${server.url}/200`).pipe(Effect.provideService(AttributeProfile, "semconv"))
        assert.doesNotHaveAnyKeys(yield* attributes, ["http.method", "http.status_code"])
      })
    )
  )

  it.live("is named by its template when it has one, never by its path", () =>
    test((server) =>
      Effect.gen(function* () {
        yield* status(`${server.url}/users/42`).pipe(TracedClient.withTemplate("/users/{id}"))
        yield* status(`${server.url}/users/42`)
        assert.strictEqual(yield* SpanTree.draw("url.template"), "GET /users/{id} url.template=/users/{id}\nGET")
      })
    )
  )

  it.live("keeps what the client does to requests, and opens one span though it is traced twice", () =>
    test((server) =>
      Effect.gen(function* () {
        const inner = (yield* HttpClient.HttpClient).pipe(
          HttpClient.mapRequest(HttpClientRequest.prependUrl(server.url))
        )
        const traced = TracedClient.make(inner).pipe(HttpClient.mapRequest(HttpClientRequest.setUrlParam("page", "2")))
        yield* traced.get("/200")
        assert.strictEqual(yield* SpanTree.draw("url.full"), `GET url.full=${server.url}/200?page=2`)
      })
    )
  )
})

describe("how it went", () => {
  for (const [code, draws] of [
    ["302", "GET"],
    ["404", "GET ✗ 404"],
    ["503", "GET ✗ 503"]
  ] as const) {
    it.live(
      `${code} ${draws === "GET" ? "is no error" : "is an error of the client"}, and the answer is the caller's as ever`,
      () =>
        test((server) =>
          Effect.gen(function* () {
            assert.strictEqual(yield* status(`${server.url}/${code}`), Number(code))
            assert.strictEqual(yield* SpanTree.draw(), draws)
            assert.deepStrictEqual((yield* SpanTree.find("GET")).events, [])
          })
        )
    )
  }

  it.live("a request that does not get through is an error by its reason, with no secret in its message", () =>
    test(() =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(HttpClient.get("http://me:hunter2@127.0.0.1:1/x?api_key=s3cret"))
        assert.strictEqual(error.reason._tag, "TransportError")
        const { events, statusMessage } = yield* SpanTree.find("GET")
        assert.strictEqual(yield* SpanTree.draw(), "GET ✗ TransportError")
        const everything = JSON.stringify([statusMessage, events, yield* attributes], (_, value) =>
          typeof value === "bigint" ? String(value) : value
        )
        assert.notInclude(everything, "hunter2")
        assert.notInclude(everything, "s3cret")
      })
    )
  )

  it.live("every retry has a span of its own", () =>
    test((server) =>
      Effect.gen(function* () {
        const client = (yield* HttpClient.HttpClient).pipe(HttpClient.filterStatusOk, HttpClient.retry({ times: 2 }))
        yield* Effect.flip(client.get(`${server.url}/503`))
        assert.strictEqual(yield* SpanTree.draw(), Array(3).fill("GET ✗ 503").join("\n"))
      })
    )
  )

  it.live("a request that is sent again says how often", () =>
    test((server) =>
      Effect.gen(function* () {
        const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
        yield* Effect.flip(client.pipe(HttpClient.retry({ times: 2 })).get(`${server.url}/503`))
        yield* Effect.flip(client.get(`${server.url}/404`).pipe(Effect.retry({ times: 1 })))
        yield* status(`${server.url}/200`).pipe(Effect.repeat({ times: 1 }))
        assert.strictEqual(
          yield* SpanTree.draw("http.request.resend_count"),
          [
            "GET ✗ 503",
            "GET http.request.resend_count=1 ✗ 503",
            "GET http.request.resend_count=2 ✗ 503",
            "GET ✗ 404",
            "GET http.request.resend_count=1 ✗ 404",
            "GET",
            "GET"
          ].join("\n")
        )
      })
    )
  )

  it.live("a span waits for the body where it is told to, and takes its failure for its own", () =>
    test((server) =>
      Effect.gen(function* () {
        const client = yield* HttpClient.HttpClient
        const { open } = yield* TracingTest.TracingTest
        yield* client.get(`${server.url}/200`).pipe(
          Effect.tap(Effect.map(open, (names) => assert.deepStrictEqual(names, ["GET"]))),
          Effect.flatMap((response) => response.text),
          TracedClient.untilRead
        )
        yield* client.get(`${server.url}/cut`).pipe(
          Effect.flatMap((response) => response.text),
          TracedClient.untilRead,
          Effect.flip
        )
        yield* client.get(`${server.url}/503`).pipe(
          Effect.flatMap((response) => Effect.fail(response.status)),
          TracedClient.untilRead,
          Effect.flip
        )
        assert.strictEqual(
          yield* SpanTree.draw("http.response.status_code"),
          [
            "GET http.response.status_code=200",
            "GET http.response.status_code=200 ✗ HttpClientError",
            "GET http.response.status_code=503 ✗ 503"
          ].join("\n")
        )
      })
    )
  )

  it.live("says what headers and sizes it was asked to", () =>
    test((server) =>
      Effect.gen(function* () {
        const request = HttpClientRequest.post(`${server.url}/200`).pipe(
          HttpClientRequest.bodyText("12345"),
          HttpClientRequest.setHeaders({ "x-request-id": "r-1", authorization: "Bearer s3cret" })
        )
        yield* HttpClient.execute(request)
        assert.deepInclude(Object.fromEntries((yield* SpanTree.find("POST")).attributes), {
          "http.request.header.x-request-id": ["r-1"],
          "http.request.header.authorization": ["REDACTED"],
          "http.response.header.x-version": ["7"],
          "http.request.body.size": 5,
          "http.response.body.size": 2
        })
      })
    ).pipe(
      Effect.provideService(HttpRecording, {
        ...nothingMore,
        requestHeaders: ["x-request-id", "authorization"],
        responseHeaders: ["x-version"],
        bodySizes: true
      })
    )
  )

  it.live("an interrupted request ends its span, is no error, and is aborted", () =>
    test((server) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(status(`${server.url}/never`))
        yield* Deferred.await(server.reached)
        yield* Fiber.interrupt(fiber)
        yield* Deferred.await(server.closed)
        assert.strictEqual(yield* SpanTree.draw(), "GET ⊘")
      })
    )
  )

  it.live("a response still lives as long as its HttpClient.withScope", () =>
    test((server) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const client = HttpClient.withScope(yield* HttpClient.HttpClient)
        yield* client.get(`${server.url}/streams`).pipe(Scope.provide(scope))
        assert.isFalse(yield* Deferred.isDone(server.closed))
        yield* Scope.close(scope, Exit.void)
        yield* Deferred.await(server.closed)
        assert.strictEqual(yield* SpanTree.draw(), "GET")
      })
    )
  )
})

describe("fetch", () => {
  it.live("has a span under the fiber's, or under the one it was made in, and throws as ever", () =>
    test((server) =>
      Effect.gen(function* () {
        const fetch = yield* TracedClient.fetch.pipe(Effect.withSpan("made"))
        yield* Effect.promise(() => fetch(`${server.url}/200`)).pipe(
          Effect.withSpan("called"),
          TracedClient.withTemplate("/users/{id}")
        )
        yield* Effect.promise(async () => {
          await new Promise((resolve) => setTimeout(resolve, 1))
          await fetch(`${server.url}/201`)
        }).pipe(Effect.withSpan("unknown behind an await"))
        const error = yield* Effect.flip(
          Effect.tryPromise({ try: () => fetch("http://127.0.0.1:1/"), catch: (e) => e })
        )
        assert.instanceOf(error, TypeError)
        assert.instanceOf(
          yield* Effect.flip(Effect.tryPromise({ try: () => fetch("no url"), catch: (e) => e })),
          TypeError
        )
        const [span] = (yield* (yield* TracingTest.TracingTest).spans).filter(({ kind }) => kind === "client")
        assert.strictEqual(server.received[0]!.headers["traceparent"], `00-${span!.traceId}-${span!.spanId}-01`)
        assert.strictEqual(
          yield* SpanTree.draw(),
          "made\n└─ GET\ncalled\n└─ GET /users/{id}\nunknown behind an await\nGET ✗ TypeError"
        )
      })
    )
  )
})

describe("who is told", () => {
  it.live("a context that a request brought along is taken from it where its host may have none", () =>
    test((server) =>
      Effect.gen(function* () {
        const request = HttpClientRequest.get(`${server.url}/200`, {
          headers: { traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`, baggage: "a=1", tracestate: "b=1" }
        })
        yield* HttpClient.execute(request).pipe(Effect.provideService(EgressPolicy, nobody))
        assert.doesNotHaveAnyKeys(server.received[0]!.headers, ["traceparent", "baggage", "tracestate"])
      })
    )
  )

  it.live("baggage goes by its own list", () =>
    test((server) =>
      Effect.gen(function* () {
        yield* status(`${server.url}/200`).pipe(
          Baggage.set("tier", "gold"),
          Baggage.set("email", "ada@example.com"),
          Effect.provideService(EgressPolicy, { context: () => true, baggage: (name) => name === "tier" })
        )
        assert.strictEqual(server.received[0]!.headers["baggage"], "tier=gold")
      })
    )
  )

  it.live("a host that may not have the context gets none, and the span is there all the same", () =>
    test((server) =>
      Effect.gen(function* () {
        yield* status(`${server.url}/200`).pipe(
          Baggage.set("tier", "gold"),
          Effect.provideService(EgressPolicy, nobody)
        )
        assert.strictEqual(yield* SpanTree.draw(), "GET")
        assert.doesNotHaveAnyKeys(server.received[0]!.headers, ["traceparent", "baggage"])
      })
    )
  )

  it.live("HttpClient.TracerPropagationEnabled and TracerDisabledWhen keep their meaning", () =>
    test((server) =>
      Effect.gen(function* () {
        yield* status(`${server.url}/200`).pipe(Effect.provideService(HttpClient.TracerPropagationEnabled, false))
        yield* status(`${server.url}/200`).pipe(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))
        yield* status(`${server.url}/200`).pipe(Effect.provideService(Tracer.DisablePropagation, true))
        assert.strictEqual(yield* SpanTree.draw(), "GET")
        for (const { headers } of server.received) assert.doesNotHaveAnyKeys(headers, ["traceparent", "b3"])
      })
    )
  )

  it.live("where tracing is off, the context that the program was given is handed on", () =>
    Effect.gen(function* () {
      const server = yield* outside
      const parent = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true })
      yield* status(`${server.url}/200`).pipe(Effect.withSpan("not recorded"), Effect.withParentSpan(parent))
      const [{ headers }] = server.received as [Outside["received"][number]]
      assert.strictEqual(headers["traceparent"], `00-${"a".repeat(32)}-${"b".repeat(16)}-01`)
      assert.doesNotHaveAnyKeys(headers, ["b3"])
    }).pipe(Effect.provide(Client), Effect.provide(Tracing.layerDisabled), Effect.scoped)
  )
})
