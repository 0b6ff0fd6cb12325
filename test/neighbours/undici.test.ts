import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { NodeHttpClient } from "@effect/platform-node"
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici"
import { Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "effect/http"
import { Baggage, TracedClient } from "@gorax/tracing"
import { EgressPolicy } from "../../src/model/References.ts"
import { only, outside, traced } from "./Neighbourhood.ts"

const instrumentation = new UndiciInstrumentation()
beforeAll(() => instrumentation.enable())
afterAll(() => instrumentation.disable())

const plainFetch = (url: string) =>
  Effect.promise(async () => {
    await Promise.resolve()
    return (await fetch(url)).text()
  })

const clients = { fetch: FetchHttpClient.layer, undici: NodeHttpClient.layerUndici }

describe("undici's instrumentation", () => {
  it.live("puts a plain fetch into the trace of the fiber that waits for it, with its baggage", () =>
    Effect.gen(function* () {
      const { received, url } = yield* outside()
      const { spans, tree } = yield* traced(
        plainFetch(url).pipe(Effect.withSpan("work"), Baggage.set("tier", "gold")),
        {},
        [instrumentation]
      )
      assert.strictEqual(tree, "work\n  GET (client)")
      const [client] = spans
      const { headers, traceparents } = only(received)
      assert.strictEqual(traceparents, 1)
      assert.deepInclude(headers, { traceparent: `00-${client?.traceId}-${client?.spanId}-01`, baggage: "tier=gold" })
    })
  )

  for (const [name, layer] of Object.entries(clients)) {
    const Client = TracedClient.layer.pipe(Layer.provide(layer))

    it.live(`adds nothing to a request that the traced client sends through ${name}`, () =>
      Effect.gen(function* () {
        const { received, url } = yield* outside()
        const { spans, tree } = yield* traced(
          HttpClient.get(url).pipe(
            Effect.flatMap((response) => response.text),
            Effect.withSpan("work"),
            Baggage.set("tier", "gold"),
            Effect.provide(Client)
          ),
          { otelContext: "on" },
          [instrumentation]
        )
        assert.strictEqual(tree, "work\n  GET (client)")
        const client = spans.find(({ kind }) => kind === "client")
        assert.strictEqual(client?.scope.name, "@gorax/tracing")
        const { headers, names, traceparents } = only(received)
        assert.strictEqual(traceparents, 1)
        assert.strictEqual(headers.traceparent, `00-${client?.traceId}-${client?.spanId}-03`)
        assert.deepStrictEqual(
          names.filter((name) => name === "baggage"),
          ["baggage"]
        )
      })
    )

    it.live(`writes no headers through ${name} to a host that may not have them`, () =>
      Effect.gen(function* () {
        const { received, url } = yield* outside()
        const { tree } = yield* traced(
          HttpClient.get(url).pipe(
            Effect.withSpan("work"),
            Baggage.set("tier", "gold"),
            Effect.provide(Client),
            Effect.provideService(EgressPolicy, { context: () => false, baggage: () => false })
          ),
          { otelContext: "on" },
          [instrumentation]
        )
        assert.strictEqual(tree, "work\n  GET (client)")
        assert.notIncludeMembers([...only(received).names], ["traceparent", "baggage"])
      })
    )
  }

  it.live("stays for what the client does in spans of its own, such as fetching a token", () =>
    Effect.gen(function* () {
      const { url } = yield* outside()
      const withToken = HttpClient.make((request) =>
        plainFetch(`${url}/token`).pipe(
          Effect.withSpan("token"),
          Effect.as(HttpClientResponse.fromWeb(request, new Response("ok")))
        )
      )
      const { tree } = yield* traced(
        TracedClient.make(withToken).get(url).pipe(Effect.withSpan("work")),
        { otelContext: "on" },
        [instrumentation]
      )
      assert.strictEqual(tree, "work\n  GET (client)\n    token\n      GET (client)")
    })
  )

  it.live("stays for the fiber's other requests, before and after one by the traced client", () =>
    Effect.gen(function* () {
      const { received, url } = yield* outside()
      const { tree } = yield* traced(
        plainFetch(url).pipe(
          Effect.andThen(HttpClient.get(url)),
          Effect.andThen(plainFetch(url)),
          Effect.withSpan("work"),
          Effect.provide(TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer)))
        ),
        { otelContext: "on" },
        [instrumentation]
      )
      assert.strictEqual(tree, "work\n  GET (client)\n  GET (client)\n  GET (client)")
      for (const { names } of received) assert.strictEqual(names.filter((name) => name === "traceparent").length, 1)
    })
  )
})
