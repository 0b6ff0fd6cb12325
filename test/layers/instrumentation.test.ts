import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { NodeHttpServer } from "@effect/platform-node"
import * as Otel from "@opentelemetry/api"
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type SpanData, type SpanExporter, Tracing } from "@gorax/tracing"
import { createServer } from "node:http"

const instrumentation = new UndiciInstrumentation()
beforeAll(() => instrumentation.enable())
afterAll(() => instrumentation.disable())

const echo = HttpRouter.add(
  "GET",
  "/echo",
  Effect.map(HttpServerRequest.HttpServerRequest, (request) =>
    HttpServerResponse.jsonUnsafe(request.headers["traceparent"] ?? "none")
  )
)

const Server = HttpRouter.serve(echo, { disableListenLog: true, disableLogger: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0 }))
)

describe("auto-instrumentation that knows only OpenTelemetry", () => {
  it.live("puts a plain fetch into the trace of the fiber that waits for it", () =>
    Effect.gen(function* () {
      const spans: Array<SpanData> = []
      const exporter: SpanExporter = { export: (batch) => Effect.sync(() => void spans.push(...batch)) }
      const seen = yield* Effect.gen(function* () {
        instrumentation.setTracerProvider(Otel.trace.getTracerProvider())
        const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
        return yield* Effect.promise(async () => {
          await Promise.resolve()
          const response = await fetch(`${url}/echo`)
          return (await response.json()) as string
        }).pipe(Effect.withSpan("work"))
      }).pipe(Effect.provide(Tracing.layer({ exporter: "none", exporters: [exporter] })), Effect.provide(Server))
      const client = spans.find((span) => span.kind === "client")
      const work = spans.find((span) => span.name === "work")
      assert.strictEqual(client?.parentSpanId, work?.spanId)
      assert.strictEqual(client?.traceId, work?.traceId)
      assert.strictEqual(seen, `00-${client?.traceId}-${client?.spanId}-01`)
    })
  )
})
