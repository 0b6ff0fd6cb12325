import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Baggage, TracedClient, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Deferred, Effect, Exit, Fiber, Layer, Scope, Tracer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
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
    if (path !== "/never" && path !== "/streams") return void response.writeHead(Number(path.slice(1)) || 200).end("ok")
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

describe("who is told", () => {
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
