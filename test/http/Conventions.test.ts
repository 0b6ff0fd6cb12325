import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { TracedClient, TracedMessage, TracedServer } from "@gorax/tracing"
import { TracingTest } from "@gorax/tracing/testing"
import * as Stable from "@opentelemetry/semantic-conventions"
import * as Incubating from "@opentelemetry/semantic-conventions/incubating"
import { Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import * as NetAddress from "effect/net/NetAddress"
import { createServer } from "node:http"
import * as AttributeKeys from "../../src/model/AttributeKeys.ts"
import { HttpRecording, nothingMore } from "../../src/model/HttpRecording.ts"
import { AttributeProfile, type Profile } from "../../src/model/References.ts"
import { ended } from "./ended.ts"
import { ask } from "./web.ts"

/** The values of the exported constants whose name begins so. */
const constants = (module: Readonly<Record<string, unknown>>, prefix: string): ReadonlySet<unknown> =>
  new Set(Object.entries(module).flatMap(([name, value]) => (name.startsWith(prefix) ? [value] : [])))

const stable = constants(Stable, "ATTR_")
const incubating = constants(Incubating, "ATTR_")

/** Attributes whose last part is free: the conventions export them as functions. */
const templated = [Stable.ATTR_HTTP_REQUEST_HEADER, Stable.ATTR_HTTP_RESPONSE_HEADER].map((of) => of(""))

/** The ones that the conventions have, but do not call stable. */
const developing: ReadonlySet<string> = new Set([
  Incubating.ATTR_HTTP_REQUEST_BODY_SIZE,
  Incubating.ATTR_HTTP_RESPONSE_BODY_SIZE,
  Incubating.ATTR_URL_TEMPLATE
])

/** What the platform's users know, beside the conventions. */
const platforms: Readonly<Record<Profile, ReadonlySet<string>>> = {
  gorax: new Set(["http.method", "http.target", "http.status_code", "http.user_agent"]),
  semconv: new Set()
}
const platformsQueue = new Set(["component", "queue.name", "queue.message_id", "retry_count", "payload_size_bytes"])

const isStable = (key: string): boolean => stable.has(key) || templated.some((prefix) => key.startsWith(prefix))

const methods = constants(Stable, "HTTP_REQUEST_METHOD_VALUE_")
const operations = constants(Incubating, "MESSAGING_OPERATION_TYPE_VALUE_")

/** What the conventions say about the value behind a key. */
const values: Readonly<Record<string, (value: any) => boolean>> = {
  "http.request.method": (value) => methods.has(value),
  "http.response.status_code": (value) => Number.isInteger(value) && value >= 100 && value < 600,
  "http.request.resend_count": (value) => Number.isInteger(value) && value > 0,
  "http.request.body.size": Number.isInteger,
  "http.response.body.size": Number.isInteger,
  "http.route": (value) => value.startsWith("/"),
  "url.scheme": (value) => value === "http" || value === "https",
  "url.path": (value) => value.startsWith("/") && !value.includes("?"),
  "url.query": (value) => !value.startsWith("?"),
  "url.full": (value) => URL.canParse(value) && new URL(value).hash === "",
  "server.port": (value) => Number.isInteger(value) && value > 0 && value < 65_536,
  "network.peer.port": (value) => Number.isInteger(value) && value > 0 && value < 65_536,
  "network.protocol.version": (value) => /^(1\.[01]|2|3)$/.test(value),
  "messaging.operation.type": (value) => operations.has(value)
}

const port = Effect.map(HttpServer.HttpServer, ({ address }) => (address as NetAddress.InetAddress).port)

/** Real requests of many kinds, and a message, as the spans that they left. */
const spansOf = (profile: Profile) =>
  Effect.gen(function* () {
    const to = yield* port
    const url = `http://127.0.0.1:${to}`
    yield* ask(to, "/orders/1?page=2", {
      method: "POST",
      body: "x",
      headers: { "x-request-id": "r", "user-agent": "t" }
    })
    yield* ask(to, "/nowhere", { method: "PROPFIND" })
    yield* ask(to, "/broken", { method: "OPTIONS" })
    const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
    yield* client
      .execute(HttpClientRequest.post(`${url}/orders/1?page=2#part`).pipe(HttpClientRequest.bodyText("12")))
      .pipe(TracedClient.withTemplate("/orders/{id}"))
    yield* Effect.ignore(client.get(`${url}/broken`).pipe(Effect.retry({ times: 1 })))
    yield* Effect.ignore(client.get("http://127.0.0.1:1/"))
    const system = "rabbitmq"
    yield* TracedMessage.publish(
      "orders",
      (headers) =>
        Effect.void.pipe(
          TracedMessage.process("orders", { headers, messageId: "m-1", system }),
          Effect.andThen(Effect.void.pipe(TracedMessage.processBatch("orders", { messages: [headers], system })))
        ),
      { system, messageId: "m-1" }
    )
    yield* ended(13)
    return yield* (yield* TracingTest.TracingTest).spans
  }).pipe(
    Effect.provide(
      HttpRouter.serve(
        Layer.mergeAll(
          HttpRouter.add("POST", "/orders/:id", HttpServerResponse.text("ok")),
          HttpRouter.add("*", "/broken", HttpServerResponse.empty({ status: 503 }))
        ),
        { disableListenLog: true, disableLogger: true }
      ).pipe(
        Layer.provideMerge(TracedServer.layer),
        Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
        Layer.fresh
      )
    ),
    Effect.provide(TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer))),
    Effect.provide(TracingTest.layer),
    Effect.provideService(AttributeProfile, profile),
    Effect.provideService(HttpRecording, {
      ...nothingMore,
      requestHeaders: ["x-request-id"],
      responseHeaders: ["content-type"],
      bodySizes: true
    })
  )

describe("the semantic conventions", () => {
  for (const profile of ["gorax", "semconv"] as const) {
    it.live(`know every attribute of HTTP and messaging that is written, and its values (${profile})`, () =>
      Effect.gen(function* () {
        const spans = yield* spansOf(profile)
        const seen = new Set<string>()
        for (const { attributes, kind } of spans) {
          const isMessage = kind === "producer" || kind === "consumer"
          for (const [key, value] of attributes) {
            seen.add(key)
            const known = isMessage
              ? incubating.has(key) || stable.has(key) || platformsQueue.has(key)
              : isStable(key) || developing.has(key) || platforms[profile].has(key)
            assert.isTrue(known, `${kind}: ${key} is no attribute of the conventions`)
            assert.isTrue(values[key]?.(value) ?? true, `${kind}: ${key} may not be ${JSON.stringify(value)}`)
          }
        }
        // Nothing above was empty talk: each kind was there, and each key whose values are judged
        assert.sameMembers([...new Set(spans.map(({ kind }) => kind))], ["server", "client", "producer", "consumer"])
        assert.deepStrictEqual(
          Object.keys(values).filter((key) => !seen.has(key)),
          []
        )
      })
    )
  }

  it.live("name server and client spans by method and route, and by nothing else", () =>
    Effect.gen(function* () {
      for (const { attributes, kind, name } of yield* spansOf("semconv")) {
        if (kind !== "server" && kind !== "client") continue
        const method = attributes.get("http.request.method")
        const target = attributes.get(kind === "server" ? "http.route" : "url.template")
        const first = method === "_OTHER" ? "HTTP" : method
        assert.strictEqual(name, target === undefined ? first : `${first} ${target}`)
      }
    })
  )

  it.live("are required in full: nothing is missing that they ask of every span", () =>
    Effect.gen(function* () {
      for (const { attributes, kind } of yield* spansOf("semconv")) {
        const required =
          kind === "server"
            ? ["http.request.method", "url.path", "url.scheme", "server.address", "server.port", "client.address"]
            : kind === "client"
              ? ["http.request.method", "server.address", "server.port", "url.full"]
              : ["messaging.operation.name", "messaging.system"]
        assert.includeMembers([...attributes.keys()], required)
        const failed = Number(attributes.get("http.response.status_code") ?? 500) >= (kind === "client" ? 400 : 500)
        if (kind === "server" || kind === "client") assert.strictEqual(attributes.has("error.type"), failed)
      }
    })
  )

  it("spell each key that is theirs as they do", () => {
    const theirs = /^(http|url|server|client|network|user_agent|messaging|error|exception)\./
    const own = new Set(platforms.gorax)
    for (const key of Object.values(AttributeKeys)) {
      if (!theirs.test(key) || own.has(key)) continue
      assert.isTrue(isStable(key) || incubating.has(key), key)
    }
  })
})
