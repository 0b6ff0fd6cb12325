import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http"
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici"
import { Deferred, Effect } from "effect"
import { type SpanExporter, Tracing } from "@gorax/tracing"
import * as Http2 from "node:http2"
import { createRequire } from "node:module"
import type { AddressInfo } from "node:net"
import { outside, remembering } from "./Neighbourhood.ts"

const require = createRequire(import.meta.url)
const instrumentations = [
  new UndiciInstrumentation(),
  new HttpInstrumentation({ ignoreIncomingRequestHook: () => true })
]
beforeAll(() => {
  for (const instrumentation of instrumentations) instrumentation.enable()
  require("http")
})
afterAll(() => {
  for (const instrumentation of instrumentations) instrumentation.disable()
})

/** A collector that takes anything, told of each request's headers. */
const collector = (told: (headers: Record<string, unknown>) => void) =>
  outside((request, response) => {
    request.resume().on("end", () => {
      told(request.headers)
      response.end()
    })
  })

const grpcCollector = (told: (headers: Record<string, unknown>) => void) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly server: Http2.Http2Server }>((resume) => {
      const server = Http2.createServer().on("stream", (stream, headers) => {
        stream.resume().on("end", () => {
          told(headers)
          stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true })
          stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }))
          stream.end(Buffer.from([0, 0, 0, 0, 0]))
        })
      })
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed({ server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }))
      )
    }),
    ({ server }) => Effect.sync(() => server.close())
  )

const quick = { otelContext: "on", batchTimeout: "5 millis" } as const

/** One export goes out while the program runs inside a span, the other when the layer is released. */
const program = (first: Deferred.Deferred<void>) =>
  Effect.gen(function* () {
    for (const instrumentation of instrumentations) {
      instrumentation.setTracerProvider(Otel.trace.getTracerProvider())
    }
    yield* Effect.void.pipe(Effect.withSpan("while it runs"))
    yield* Deferred.await(first).pipe(Effect.withSpan("at the end"))
  })

/** Both exports arrived, and nobody told of them: no span, no header. */
const assertUntold = (
  spans: ReadonlyArray<{ readonly name: string }>,
  requests: ReadonlyArray<Record<string, unknown>>
): void => {
  assert.deepStrictEqual(
    spans.map(({ name }) => name),
    ["while it runs", "at the end"]
  )
  assert.strictEqual(requests.length, 2)
  for (const headers of requests) assert.notProperty(headers, "traceparent")
}

describe("instrumentation of everything that exporters use adds no span and no header to what is exported by", () => {
  for (const protocol of ["http/protobuf", "http/json", "grpc"] as const) {
    it.live(protocol, () =>
      Effect.gen(function* () {
        const requests: Array<Record<string, unknown>> = []
        const first = yield* Deferred.make<void>()
        const told = (headers: Record<string, unknown>) => {
          requests.push(headers)
          Deferred.doneUnsafe(first, Effect.void)
        }
        const { url } = yield* protocol === "grpc" ? grpcCollector(told) : collector(told)
        const { exporter, spans } = remembering()
        yield* program(first).pipe(
          Effect.provide(Tracing.layer({ ...quick, endpoint: url, protocol, exporters: [exporter] }))
        )
        assertUntold(spans, requests)
      })
    )
  }

  it.live("an exporter of one's own that uses fetch", () =>
    Effect.gen(function* () {
      const requests: Array<Record<string, unknown>> = []
      const first = yield* Deferred.make<void>()
      const { url } = yield* collector((headers) => {
        requests.push(headers)
        Deferred.doneUnsafe(first, Effect.void)
      })
      const { exporter, spans } = remembering()
      const fetching: SpanExporter = {
        export: () => Effect.asVoid(Effect.promise(() => fetch(url, { method: "POST", body: "spans" })))
      }
      yield* program(first).pipe(
        Effect.provide(Tracing.layer({ ...quick, exporter: "none", exporters: [exporter, fetching] }))
      )
      assertUntold(spans, requests)
    })
  )
})
