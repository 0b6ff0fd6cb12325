import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { TracedClient, TracedMessage, TracedServer, Tracing, TracingLive } from "@gorax/tracing"
import { FakeCollector, SpanRules, SpanTree } from "@gorax/tracing/testing"
import { Cause, ConfigProvider, Deferred, Effect, Exit, Layer } from "effect"
import { FetchHttpClient, HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { createServer, request } from "node:http"

/** A service with a server of its own that sends its spans to the collector; gives its address. */
const serve = (
  collector: string,
  serviceName: string,
  ...routes: ReadonlyArray<Layer.Layer<never, never, HttpRouter.HttpRouter>>
) =>
  HttpRouter.serve(Layer.mergeAll(Layer.empty, ...routes)).pipe(
    Layer.provide(TracedServer.layer),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
    Layer.provide(Tracing.layer({ endpoint: collector, serviceName }))
  )

const Client = TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer))

const get = (url: string) => Effect.flatMap(HttpClient.HttpClient, (client) => Effect.asVoid(client.get(url)))

/** An order goes to the shop, which asks the stock and leaves a message that the worker handles. */
const scenario = (through: (headers: Record<string, string>) => Record<string, string>, route = "/items/:id") =>
  Effect.gen(function* () {
    const collector = yield* FakeCollector.FakeCollector
    const message = yield* Deferred.make<Record<string, string>>()
    const send = (headers: Record<string, string>) => Deferred.succeed(message, through(headers))
    yield* Effect.gen(function* () {
      const stock = yield* HttpServer.addressFormattedWith(Effect.succeed)
      yield* get(`${stock}/items/7`).pipe(
        Effect.andThen(TracedMessage.publish("orders", send, { messageId: "m-1" })),
        Effect.withSpan("order"),
        Effect.provide(Client),
        Effect.provide(Tracing.layer({ endpoint: collector.url, serviceName: "shop" }))
      )
    }).pipe(
      Effect.provide(
        serve(collector.url, "stock", HttpRouter.add("GET", route as `/${string}`, HttpServerResponse.text("3")))
      )
    )
    yield* Effect.void.pipe(
      TracedMessage.process("orders", { headers: yield* Deferred.await(message), messageId: "m-1" }),
      Effect.provide(Tracing.layer({ endpoint: collector.url, serviceName: "worker" }))
    )
    return yield* collector.spans
  })

describe("the spans of several services, as a collector took them", () => {
  it.live("are one forest that can be expected, and sound", () =>
    Effect.gen(function* () {
      const spans = yield* scenario((headers) => headers)
      yield* SpanTree.expectSpans(spans, {
        name: "order",
        service: "shop",
        children: [
          { service: "shop", kind: "client", children: [{ name: "GET /items/:id", service: "stock", kind: "server" }] },
          { name: "queue.publish", children: [{ name: "queue.process_message", service: "worker" }] }
        ]
      })
      yield* SpanTree.expectSoundSpans(spans, SpanRules.whole)
      assert.strictEqual(
        SpanTree.drawSpans(spans, "service.name"),
        `
order service.name=shop
├─ GET service.name=shop
│  └─ GET /items/:id service.name=stock
└─ queue.publish service.name=shop
   └─ queue.process_message service.name=worker`.slice(1)
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("show which message lost its context", () =>
    Effect.gen(function* () {
      const spans = yield* scenario(() => ({}))
      const exit = yield* Effect.exit(SpanTree.expectSoundSpans(spans, SpanRules.whole))
      assert.match(
        Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
        /joined message: "queue\.process_message": it neither continues nor is linked to "queue\.publish", which sent a message to orders/
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("show which service has not sent its spans", () =>
    Effect.gen(function* () {
      const spans = (yield* scenario((headers) => headers)).filter(
        ({ resource }) => resource.attributes["service.name"] !== "stock"
      )
      const [problem, ...others] = SpanRules.problems(spans, SpanRules.whole)
      assert.deepStrictEqual(others, [])
      assert.strictEqual(problem?.rule, "every request served")
      assert.deepStrictEqual(SpanRules.problems(spans), [])
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("show a request that was sent with two contexts, and whose server believed neither", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const settings = ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          TRACING_ENABLED: "true",
          TRACING_ENDPOINT: collector.url,
          TRACING_SERVICE_NAME: "stock",
          TRACING_HTTP_REQUEST_HEADERS: "traceparent"
        })
      )
      const server = HttpRouter.serve(HttpRouter.add("GET", "/items/:id", HttpServerResponse.text("3"))).pipe(
        Layer.provide(TracedServer.layer),
        Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
        Layer.provide(TracingLive),
        Layer.provide(settings)
      )
      const context = (spanId: string) => `00-0af7651916cd43dd8448eb211c80319c-${spanId}-01`
      yield* Effect.gen(function* () {
        const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
        // As instrumentation of undici does beside a client that writes the header itself
        yield* Effect.callback<void>((resume) => {
          const headers = { traceparent: [context("b7ad6b7169203331"), context("00f067aa0ba902b7")] }
          request(`${url}/items/7`, { headers, agent: false }, (response) => {
            response.resume().on("end", () => resume(Effect.void))
          }).end()
        })
      }).pipe(Effect.provide(server))
      const spans = yield* collector.spans
      assert.strictEqual(SpanTree.drawSpans(spans), "GET /items/:id")
      assert.deepStrictEqual(
        SpanRules.problems(spans).map(({ rule, says }) => `${rule}: ${says}`),
        ["one context header: it has 2 traceparent headers, so whoever gets them believes none"]
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )
})
