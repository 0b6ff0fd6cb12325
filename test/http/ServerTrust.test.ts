import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Baggage, TracedServer, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Effect, Layer, Logger, Redacted } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import * as NetAddress from "effect/net/NetAddress"
import { createServer } from "node:http"
import { EgressPolicy, TrustPolicy } from "../../src/model/References.ts"
import * as Ingress from "../../src/propagation/Ingress.ts"
import { ended } from "./ended.ts"
import { ask } from "./web.ts"

const traceId = "a".repeat(32)
const carried = { traceparent: `00-${traceId}-${"b".repeat(16)}-01`, tracestate: "v=1", baggage: "tier=gold" }

const routes = HttpRouter.add(
  "GET",
  "/",
  Effect.map(Baggage.all, (baggage) => HttpServerResponse.text(baggage.get("tier")?.value ?? "none"))
)

const served = (host = "127.0.0.1") =>
  HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
    Layer.provideMerge(TracedServer.layer),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host })),
    Layer.fresh
  )

const port = Effect.map(HttpServer.HttpServer, ({ address }) => (address as NetAddress.InetAddress).port)

const secret = "a-secret-between-services"

/** Asks with a context, and says what became of it. */
const outcome = (policy: TrustPolicy | undefined, headers: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const { body } = yield* ask(yield* port, "/", { headers: { ...carried, ...headers } })
    yield* ended(1)
    const span = yield* SpanTree.find("GET /")
    return {
      body,
      continued: span.traceId === traceId,
      traceState: span.traceState,
      root: span.parentSpanId === undefined,
      links: span.links.map((link) => [link.span.traceId, link.span.spanId])
    }
  }).pipe(Effect.provide(served()), Effect.provideService(TrustPolicy, policy), Effect.provide(TracingTest.layer))

const believed = { body: "gold", continued: true, traceState: "v=1", root: false, links: [] }
const linked = { body: "none", continued: false, traceState: "", root: true, links: [[traceId, "b".repeat(16)]] }

const only = (options: Partial<Ingress.IngressOptions>) =>
  Ingress.make({ peers: [], header: "x-tracing-trust", secret: undefined, ...options })

describe("a request's context", () => {
  const withSecret = only({ secret: Redacted.make(secret) })
  const cases: ReadonlyArray<
    readonly [string, TrustPolicy | undefined, Record<string, string>, typeof believed | typeof linked]
  > = [
    ["is continued where nobody said otherwise", undefined, {}, believed],
    ["is continued where everybody is trusted", Ingress.everybody, {}, believed],
    ["from the public is only linked to, without its state and its baggage", only({}), {}, linked],
    ["from a trusted network is continued", only({ peers: ["127.0.0.0/8"] }), {}, believed],
    ["from another network is not", only({ peers: ["10.0.0.0/8"] }), {}, linked],
    [
      "is not continued because a header claims a trusted address",
      only({ peers: ["10.0.0.0/8"] }),
      { "x-forwarded-for": "10.0.0.1", forwarded: "for=10.0.0.1" },
      linked
    ],
    ["with the secret is continued", withSecret, { "x-tracing-trust": secret }, believed],
    ["with another secret is not", withSecret, { "x-tracing-trust": `${secret}!` }, linked],
    ["with an empty secret is not", withSecret, { "x-tracing-trust": "" }, linked],
    ["without the secret is not", withSecret, {}, linked],
    [
      "that a predicate trusts is continued",
      only({ trusts: ({ header }) => header("x-tenant") === "acme" }),
      { "x-tenant": "acme" },
      believed
    ],
    [
      "is not continued by a predicate that throws",
      only({
        trusts: () => {
          throw new Error("broken")
        }
      }),
      {},
      linked
    ]
  ]
  for (const [title, policy, headers, expected] of cases) {
    it.live(title, () => Effect.map(outcome(policy, headers), (found) => assert.deepEqual(found, expected)))
  }

  it.live("from the public is not handed on where tracing is off", () =>
    Effect.gen(function* () {
      const { body } = yield* ask(yield* port, "/", { headers: carried })
      assert.strictEqual(body, "none")
    }).pipe(
      Effect.provide(served()),
      Effect.provideService(TrustPolicy, only({})),
      Effect.provide(Tracing.layerDisabled)
    )
  )
})

describe("a server that strangers reach", () => {
  const warnings = (host: string, tracing: Layer.Layer<any, unknown>, policy?: TrustPolicy) => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => void (logLevel === "Warn" && lines.push(String(message))))
    const program = Effect.as(Layer.build(served(host)), lines).pipe(Effect.scoped)
    return (policy === undefined ? program : Effect.provideService(program, TrustPolicy, policy)).pipe(
      Effect.provide(tracing),
      Effect.provide(Logger.layer([logger]))
    )
  }
  it.live("is warned of once when nobody has said whom it trusts", () =>
    Effect.map(warnings("0.0.0.0", TracingTest.layer), (lines) => {
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], "TRACING_TRUST=public")
    })
  )
  it.live("is not warned of where somebody has, where it is off, or where only this machine reaches it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* warnings("0.0.0.0", TracingTest.layer, Ingress.everybody), [])
      assert.deepStrictEqual(yield* warnings("0.0.0.0", TracingTest.layer, only({})), [])
      assert.deepStrictEqual(yield* warnings("127.0.0.1", TracingTest.layer), [])
      assert.deepStrictEqual(yield* warnings("0.0.0.0", Tracing.layerDisabled), [])
    })
  )
})

it.live("Tracing.layer takes the policy as settings, and a predicate beside them", () =>
  Effect.gen(function* () {
    const policy = yield* TrustPolicy
    assert.isFalse(policy!({ address: "127.0.0.1", header: () => undefined }))
    assert.isTrue(policy!({ address: "10.1.1.1", header: () => undefined }))
  }).pipe(
    Effect.provide(
      Tracing.layer({ exporter: "none", trust: "public", trusts: ({ address }) => address === "10.1.1.1" })
    )
  )
)

it.live("Tracing.layer says by options who is given what", () =>
  Effect.gen(function* () {
    const policy = (yield* EgressPolicy)!
    assert.isTrue(policy.context(new URL("https://api.example.com/")))
    assert.isFalse(policy.context(new URL("http://localhost/")))
    assert.deepStrictEqual(
      ["tier", "email"].filter((name) => policy.baggage(name, new URL("https://api.example.com/"))),
      ["tier"]
    )
  }).pipe(
    Effect.provide(
      Tracing.layer({ exporter: "none", propagateTo: ["https://api.example.com"], propagateBaggage: ["tier"] })
    )
  )
)
