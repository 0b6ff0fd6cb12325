import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import * as Otel from "@opentelemetry/api"
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http"
import { Effect, Layer } from "effect"
import { HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import type * as Http from "node:http"
import { createRequire, syncBuiltinESMExports } from "node:module"
import { TracedClient, TracedServer } from "@gorax/tracing"
import { only, outside, traced } from "./Neighbourhood.ts"

const instrumentation = new HttpInstrumentation()
let http: typeof Http

beforeAll(() => {
  instrumentation.enable()
  // The instrumentation changes the module when somebody requires it.
  http = createRequire(import.meta.url)("http")
  syncBuiltinESMExports()
})
afterAll(() => {
  instrumentation.disable()
  syncBuiltinESMExports()
})

/** Sends a request the way code does that knows of no tracing. */
const get = (url: string) =>
  new Promise<string>((resolve, reject) => {
    const request = http.get(url, (response) => {
      let text = ""
      response.on("data", (chunk) => (text += chunk)).on("end", () => resolve(text))
    })
    request.on("error", reject)
  })

/** Sends one that nobody traces, as from another machine. */
const fromElsewhere = (url: string, headers: Record<string, string> = {}) =>
  Effect.promise(async () => (await fetch(url, { headers })).text())

describe("node:http's instrumentation", () => {
  it.live("puts its client span under the fiber's span", () =>
    Effect.gen(function* () {
      const { received, url } = yield* outside()
      const { spans, tree } = yield* traced(
        Effect.promise(() => get(url)).pipe(Effect.withSpan("work")),
        { otelContext: "on" },
        [instrumentation]
      )
      // The server in this process is instrumented too.
      assert.strictEqual(tree, "work\n  GET (client)\n    GET (server)")
      const client = spans.find(({ kind }) => kind === "client")
      assert.strictEqual(only(received).headers.traceparent, `00-${client?.traceId}-${client?.spanId}-01`)
    })
  )

  it.live("opens the server span that effects run in a handler belong under", () =>
    Effect.gen(function* () {
      const { tree } = yield* traced(
        Effect.gen(function* () {
          const context = yield* Effect.context()
          const { url } = yield* outside((_, response) => {
            void Effect.runPromiseWith(context)(
              Effect.sleep("1 millis").pipe(Effect.withSpan("inner"), Effect.withSpan("handler"))
            ).then(() => response.end("ok"))
          })
          yield* fromElsewhere(url)
        }),
        { otelContext: "on" },
        [instrumentation]
      )
      assert.strictEqual(tree, "GET (server)\n  handler\n    inner")
    })
  )

  it.live("adds nothing to a request that the traced client sends", () =>
    Effect.gen(function* () {
      const { received, url } = yield* outside()
      const { spans, tree } = yield* traced(
        HttpClient.get(url).pipe(
          Effect.withSpan("work"),
          Effect.provide(TracedClient.layer.pipe(Layer.provide(NodeHttpClient.layerNodeHttp)))
        ),
        { otelContext: "on" },
        [instrumentation]
      )
      assert.strictEqual(tree, "work\n  GET (client)\n    GET (server)")
      const client = spans.find(({ kind }) => kind === "client")
      assert.strictEqual(client?.scope.name, "@gorax/tracing")
      const { headers, traceparents } = only(received)
      assert.strictEqual(traceparents, 1)
      assert.strictEqual(headers.traceparent, `00-${client?.traceId}-${client?.spanId}-03`)
    })
  )

  const App = HttpRouter.serve(
    HttpRouter.add(
      "GET",
      "/orders/:id",
      Effect.sync(() => HttpServerResponse.text(Otel.trace.getActiveSpan()?.spanContext().spanId ?? "none")).pipe(
        Effect.withSpan("handler")
      )
    ),
    { disableListenLog: true, disableLogger: true }
  )

  for (const [whence, headers, root] of [
    ["a request from nowhere", {}, undefined],
    [
      "a request with a trace of its own",
      { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, baggage: "tier=gold" },
      "b".repeat(16)
    ]
  ] as const) {
    it.live(`and the traced server tell one story of ${whence}`, () =>
      Effect.gen(function* () {
        const { spans, tree } = yield* traced(
          Effect.gen(function* () {
            const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
            yield* fromElsewhere(`${url}/orders/1`, headers)
          }).pipe(
            Effect.provide(
              App.pipe(
                Layer.provide(TracedServer.layer),
                Layer.provideMerge(NodeHttpServer.layer(() => http.createServer(), { port: 0 }))
              )
            )
          ),
          { otelContext: "on" },
          [instrumentation]
        )
        assert.strictEqual(tree, "GET (server)\n  GET /orders/:id (server)\n    handler")
        assert.strictEqual(spans.find(({ name }) => name === "GET")?.parentSpanId, root)
        assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1)
      })
    )
  }
})
