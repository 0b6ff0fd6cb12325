import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Baggage, TracedClient } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Effect, Layer, type Scope } from "effect"
import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import type { Propagator } from "../../src/model/Propagator.ts"
import { CurrentPropagator, EgressPolicy } from "../../src/model/References.ts"
import * as Egress from "../../src/propagation/Egress.ts"
import { type Host, host } from "./web.ts"

const codes = [301, 302, 303, 307, 308] as const

interface Hosts {
  readonly ours: Host
  readonly theirs: Host
}

/** Two hosts: `ours` may have the context, `theirs` may not. `/301/…` sends on to `/…`, `/301-away/…` to the other host. */
const hosts = Effect.gen(function* () {
  const urls: Array<string> = []
  const answering = (other: number) =>
    host((request, response) => {
      const [, step = "", ...rest] = request.url!.split("/")
      const [code, away] = step.split("-")
      if (!/^3\d\d$/.test(code!)) return void response.end("arrived")
      const path = `/${rest.join("/")}`
      response.writeHead(Number(code), { location: away === undefined ? path : `${urls[other]}${path}` }).end("moved")
    })
  const ours = yield* answering(1)
  const theirs = yield* answering(0)
  urls.push(ours.url, theirs.url)
  return { ours, theirs } satisfies Hosts
})

const policyFor = ({ ours }: Hosts) => Egress.make({ to: [ours.url.toLowerCase()], baggage: ["*"] })

const test = <A, E>(
  self: (hosts: Hosts) => Effect.Effect<A, E, TracingTest.TracingTest | HttpClient.HttpClient | Scope.Scope>,
  client = TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer))
) =>
  Effect.flatMap(hosts, (found) =>
    Baggage.set("tier", "gold")(self(found)).pipe(Effect.provideService(EgressPolicy, policyFor(found)))
  ).pipe(Effect.provide(client), Effect.provide(TracingTest.layer), Effect.scoped)

const contexts = ({ received }: Host): ReadonlyArray<string> =>
  received.map(({ headers, method }) =>
    [method, headers["traceparent"] === undefined ? "-" : "context", headers["baggage"] ?? "-"].join(" ")
  )

const transports = {
  "HttpClient over fetch": Effect.map(
    HttpClient.HttpClient,
    (client) => (url: string, method: "GET" | "POST") =>
      client
        .execute(HttpClientRequest.make(method)(url, method === "POST" ? { body: HttpBody.text("order") } : {}))
        .pipe(Effect.flatMap((response) => response.text))
  ),
  "TracedClient.fetch": Effect.map(
    TracedClient.fetch,
    (fetch) => (url: string, method: "GET" | "POST") =>
      Effect.promise(async () => (await fetch(url, method === "POST" ? { method, body: "order" } : { method })).text())
  )
}

for (const [name, transport] of Object.entries(transports)) {
  describe(`a redirect that ${name} follows`, () => {
    for (const code of codes) {
      const becomesGet = code < 304
      it.live(`by ${code} to a host that may not have the context takes none along, and says where it ended`, () =>
        test((found) =>
          Effect.gen(function* () {
            const send = yield* transport
            assert.strictEqual(yield* send(`${found.ours.url}/${code}-away/there`, "GET"), "arrived")
            assert.strictEqual(yield* send(`${found.ours.url}/${code}-away/there`, "POST"), "arrived")
            assert.deepStrictEqual(contexts(found.ours), ["GET context tier=gold", "POST context tier=gold"])
            assert.deepStrictEqual(contexts(found.theirs), ["GET - -", `${becomesGet ? "GET" : "POST"} - -`])
            assert.strictEqual(found.theirs.received[1]!.body, becomesGet ? "" : "order")
            assert.strictEqual(
              yield* SpanTree.draw("http.response.status_code"),
              "GET http.response.status_code=200\nPOST http.response.status_code=200"
            )
          })
        )
      )

      it.live(`by ${code} back to a host that may have it takes it along again`, () =>
        test((found) =>
          Effect.gen(function* () {
            const send = yield* transport
            yield* send(`${found.ours.url}/${code}-away/${code}-away/back`, "GET")
            yield* send(`${found.theirs.url}/${code}-away/there`, "GET")
            assert.deepStrictEqual(contexts(found.theirs), ["GET - -", "GET - -"])
            assert.deepStrictEqual(contexts(found.ours), Array(3).fill("GET context tier=gold"))
          })
        )
      )
    }
  })
}

describe("redirects that fetch follows", () => {
  it.live("take authorization and cookies to their own host alone", () =>
    test((found) =>
      Effect.gen(function* () {
        const fetch = yield* TracedClient.fetch
        const headers = { authorization: "Bearer s3cret", cookie: "a=1", "x-kept": "yes" }
        yield* Effect.promise(() => fetch(`${found.ours.url}/302/302-away/there`, { headers }))
        assert.deepInclude(found.ours.received[1]!.headers, headers)
        assert.doesNotHaveAnyKeys(found.theirs.received[0]!.headers, ["authorization", "cookie"])
        assert.strictEqual(found.theirs.received[0]!.headers["x-kept"], "yes")
      })
    )
  )

  it.live("leave baggage behind where the next host may have the context but not the baggage", () =>
    test((found) =>
      Effect.gen(function* () {
        const policy: EgressPolicy = {
          context: () => true,
          baggage: (_, url) => url.origin === found.ours.url
        }
        for (const transport of Object.values(transports)) {
          const send = yield* transport
          yield* send(`${found.ours.url}/302-away/there`, "GET").pipe(Effect.provideService(EgressPolicy, policy))
        }
        assert.deepStrictEqual(contexts(found.ours), Array(2).fill("GET context tier=gold"))
        assert.deepStrictEqual(contexts(found.theirs), Array(2).fill("GET context -"))
      })
    )
  )

  it.live("leave nothing behind of a format that has a header for each entry of baggage", () =>
    test((found) =>
      Effect.gen(function* () {
        const perEntry: Propagator = {
          fields: ["uber-trace-id"],
          inject: ({ baggage, span }) =>
            Object.fromEntries([
              ...(span === undefined ? [] : [["uber-trace-id", span.traceId]]),
              ...[...baggage].map(([name, { value }]) => [`uberctx-${name}`, value])
            ]),
          extract: () => ({ span: undefined, baggage: new Map() })
        }
        for (const transport of Object.values(transports)) {
          const send = yield* transport
          yield* send(`${found.ours.url}/302-away/there`, "GET").pipe(
            Effect.provideService(CurrentPropagator, perEntry)
          )
        }
        for (const { headers } of found.ours.received) assert.strictEqual(headers["uberctx-tier"], "gold")
        for (const { headers } of found.theirs.received) {
          assert.deepStrictEqual(
            Object.keys(headers).filter((name) => name.startsWith("uber")),
            []
          )
        }
        assert.strictEqual(found.theirs.received.length, 2)
      })
    )
  )

  it.live("are not followed for ever", () =>
    test((found) =>
      Effect.gen(function* () {
        const fetch = yield* TracedClient.fetch
        const exit = yield* Effect.exit(Effect.tryPromise(() => fetch(`${found.ours.url}${"/302".repeat(25)}`)))
        assert.strictEqual(exit._tag, "Failure")
        assert.strictEqual(found.ours.received.length, 21)
      })
    )
  )

  it.live("are handed back, or refused, where the program says so", () =>
    test((found) =>
      Effect.gen(function* () {
        const fetch = yield* TracedClient.fetch
        const manual = yield* Effect.promise(() => fetch(`${found.ours.url}/302-away/x`, { redirect: "manual" }))
        assert.strictEqual(manual.status, 302)
        const exit = yield* Effect.exit(
          Effect.tryPromise(() => fetch(`${found.ours.url}/302-away/x`, { redirect: "error" }))
        )
        assert.strictEqual(exit._tag, "Failure")
        assert.deepStrictEqual(found.theirs.received, [])
        const client = yield* HttpClient.HttpClient
        const response = yield* client
          .get(`${found.ours.url}/302-away/x`)
          .pipe(Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }))
        assert.strictEqual(response.status, 302)
        assert.strictEqual(contexts(found.ours)[2], "GET context tier=gold")
      })
    )
  )

  it.live("resend a Request with its body, and say that they were followed", () =>
    test((found) =>
      Effect.gen(function* () {
        const fetch = yield* TracedClient.fetch
        const request = new Request(`${found.ours.url}/307-away/there`, { method: "POST", body: "order" })
        const response = yield* Effect.promise(() => fetch(request))
        assert.isTrue(response.redirected)
        assert.strictEqual(response.url, `${found.theirs.url}/there`)
        assert.strictEqual(found.theirs.received[0]!.body, "order")
      })
    )
  )

  it.live("do not send a stream twice, as fetch would not", () =>
    test((found) =>
      Effect.gen(function* () {
        const fetch = yield* TracedClient.fetch
        const body = new Blob(["order"]).stream()
        const exit = yield* Effect.exit(
          Effect.tryPromise(() => fetch(`${found.ours.url}/307/there`, { method: "POST", body, duplex: "half" }))
        )
        assert.strictEqual(exit._tag, "Failure")
        assert.strictEqual(found.ours.received.length, 1)
      })
    )
  )

  it.live("keep the fetch, and its settings, that the client was made with", () => {
    const asked: Array<RequestInit | undefined> = []
    const own: typeof globalThis.fetch = (input, init) => {
      asked.push(init)
      return fetch(input, init)
    }
    const client = TracedClient.layer.pipe(
      Layer.provide(FetchHttpClient.layer),
      Layer.provide(Layer.succeed(FetchHttpClient.Fetch, own)),
      Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { headers: { authorization: "Bearer s3cret" } }))
    )
    return test(
      (found) =>
        Effect.gen(function* () {
          yield* (yield* HttpClient.HttpClient).get(`${found.ours.url}/302-away/there`)
          assert.strictEqual(asked.length, 2)
          assert.strictEqual(found.ours.received[0]!.headers["authorization"], "Bearer s3cret")
          assert.strictEqual(found.theirs.received[0]!.headers["authorization"], undefined)
          assert.deepStrictEqual(contexts(found.theirs), ["GET - -"])
        }),
      client
    )
  })

  it.live("carry no context where an integrity leaves them to fetch", () =>
    test((found) =>
      Effect.gen(function* () {
        const fetch = yield* TracedClient.fetch
        yield* Effect.exit(
          Effect.tryPromise(() => fetch(`${found.ours.url}/302-away/there`, { integrity: "sha256-none" }))
        )
        assert.deepStrictEqual([...contexts(found.ours), ...contexts(found.theirs)], ["GET - -", "GET - -"])
      })
    )
  )
})

describe("HttpClient.followRedirects", () => {
  const inner = {
    "node:http": NodeHttpClient.layerNodeHttp,
    undici: NodeHttpClient.layerUndici,
    fetch: FetchHttpClient.layer.pipe(
      Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" as const }))
    )
  }
  for (const [name, layer] of Object.entries(inner)) {
    for (const code of codes) {
      it.live(`over ${name} asks anew after a ${code}, and has a span for each request`, () =>
        test(
          (found) =>
            Effect.gen(function* () {
              const client = HttpClient.followRedirects(yield* HttpClient.HttpClient)
              const response = yield* client.get(`${found.ours.url}/${code}-away/${code}-away/back`)
              assert.strictEqual(yield* response.text, "arrived")
              assert.deepStrictEqual(contexts(found.ours), Array(2).fill("GET context tier=gold"))
              assert.deepStrictEqual(contexts(found.theirs), ["GET - -"])
              assert.strictEqual(
                yield* SpanTree.draw("http.response.status_code"),
                [code, code, 200].map((status) => `GET http.response.status_code=${status}`).join("\n")
              )
            }),
          TracedClient.layer.pipe(Layer.provide(layer))
        )
      )
    }
  }
})
