import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Traced, TracingLive } from "@gorax/tracing"
import { Viewer } from "@gorax/tracing/viewer"
import { ConfigProvider, Effect, Layer, Logger, Queue, Stream } from "effect"
import { HttpBody, HttpClient } from "effect/http"
import * as Http2 from "node:http2"
import * as Otlp from "../../src/model/Otlp.ts"
import { log, order, traceId } from "./traces.ts"

const layer = Viewer.layer({ port: 0 }).pipe(Layer.provideMerge(NodeHttpClient.layerNodeHttp))

const post = Effect.fnUntraced(function* (path: string, body: string | Uint8Array, type = "application/json") {
  const { url } = yield* Viewer.Viewer
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body
  const response = yield* HttpClient.post(`${url}${path}`, { body: HttpBody.uint8Array(bytes, type) })
  return { status: response.status, text: yield* response.text }
})

const get = Effect.fnUntraced(function* (path: string) {
  const { url } = yield* Viewer.Viewer
  return yield* Effect.flatMap(HttpClient.get(`${url}${path}`), (response) => response.text)
})

const lines = [
  log({ in: 4, at: 40, text: "charging the card" }),
  log({ in: 12, at: 700, level: "error", text: "no boat" })
]

describe("log lines in the viewer", () => {
  for (const [protocol, place] of [
    ["http/protobuf", ({ url }: Viewer.Viewer["Service"]) => url],
    ["http/json", ({ url }: Viewer.Viewer["Service"]) => url],
    ["grpc", ({ grpc }: Viewer.Viewer["Service"]) => `http://${grpc}`]
  ] as const) {
    it.live(`a program sends with TRACING_LOGS=otlp over ${protocol} stand in its trace`, () =>
      Effect.gen(function* () {
        const viewer = yield* Viewer.Viewer
        const settings = ConfigProvider.layer(
          ConfigProvider.fromUnknown({
            TRACING_ENABLED: "true",
            TRACING_ENDPOINT: place(viewer),
            TRACING_PROTOCOL: protocol,
            TRACING_LOGS: "otlp",
            TRACING_BATCH_TIMEOUT: "50"
          })
        )
        yield* Effect.logWarning("the bank is slow").pipe(
          Traced.step("charge-card"),
          Traced.workflow("fulfil-order", { tenantId: "acme", executionId: "exec-1" }),
          Effect.andThen(Effect.log("outside of any span")),
          Effect.provide(TracingLive),
          Effect.provide([settings, Logger.layer([])])
        )
        const [summary] = yield* viewer.store.list()
        const trace = yield* viewer.store.get(summary!.traceId)
        const step = trace!.spans.find(({ name }) => name === "workflow.step.execute")
        assert.deepStrictEqual(
          trace!.logs.map(({ body, severityText, spanId }) => [severityText, body, spanId]),
          [["WARN", "the bank is slow", step!.spanId]]
        )
        assert.deepInclude(yield* viewer.store.counts, { logs: 1, untracedLogs: 1, droppedLogs: 0 })
      }).pipe(Effect.provide(layer))
    )
  }

  it.live("are handed out with the trace, drawn with it, and in its file, which reads them again", () =>
    Effect.gen(function* () {
      yield* post("/v1/logs", JSON.stringify(Otlp.fromLogs(lines)))
      yield* post("/v1/traces", JSON.stringify(Otlp.fromSpans(order)))
      const document = JSON.parse(yield* get(`/api/v1/traces/${traceId(1)}`))
      assert.deepStrictEqual(
        document.logs.map(({ at, body, level, span }: Record<string, unknown>) => [at, level, body, span]),
        [
          [40e6, "INFO", "charging the card", "0000000000000004"],
          [700e6, "ERROR", "no boat", "000000000000000c"]
        ]
      )
      assert.match(yield* get(`/api/v1/traces/${traceId(1)}/tree`), /line #0 [^]*ERROR {2}\+700ms {2}no boat/)
      const otlp = yield* get(`/api/v1/traces/${traceId(1)}/otlp`)
      const file = yield* get("/api/v1/export")
      assert.strictEqual(file.trimEnd().split("\n").length, 2)
      const { store } = yield* Viewer.Viewer
      for (const text of [otlp, file]) {
        yield* store.clear()
        assert.deepStrictEqual(JSON.parse((yield* post("/api/v1/import", text, "application/x-ndjson")).text), {
          spans: order.length,
          logs: 2,
          refused: 0
        })
        assert.deepStrictEqual((yield* store.get(traceId(1)))!.logs, lines)
      }
    }).pipe(Effect.provide(layer))
  )

  it.live("are told of at once to a page that shows their trace", () =>
    Effect.gen(function* () {
      const { store, url } = yield* Viewer.Viewer
      yield* store.add(order)
      const events = yield* Queue.unbounded<{ readonly grown: ReadonlyArray<{ readonly traceId: string }> }>()
      const response = yield* HttpClient.get(`${url}/api/v1/changes`)
      yield* response.stream.pipe(
        Stream.decodeText(),
        Stream.splitLines,
        Stream.filter((line) => line.startsWith("data: ")),
        Stream.runForEach((line) => Queue.offer(events, JSON.parse(line.slice(6)))),
        Effect.ignore,
        Effect.forkScoped
      )
      yield* Queue.take(events)
      yield* post("/v1/logs", JSON.stringify(Otlp.fromLogs(lines)))
      assert.strictEqual((yield* Queue.take(events)).grown[0]!.traceId, traceId(1))
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.live("that are hostile are refused with a reason, and what was whole of them is taken", () =>
    Effect.gen(function* () {
      const { store } = yield* Viewer.Viewer
      yield* store.add(order)
      const said = (body: string | Uint8Array, type?: string) =>
        Effect.map(post("/v1/logs", body, type), ({ status, text }) => `${status} ${text}`)
      const whole = JSON.stringify(Otlp.fromLogs(lines))
      assert.strictEqual(yield* said(whole.slice(0, -9)), '400 {"code":3,"message":"the body is not JSON"}')
      assert.match(yield* said('{"resourceLogs": 1}'), /^400 .*the body\.resourceLogs is not a list/)
      assert.match(yield* said(Uint8Array.from([0x0a, 0x05]), "application/x-protobuf"), /^400 [^]*ends inside a field/)
      assert.match(yield* said("lines", "text/plain"), /^415 .*send application\/json or application\/x-protobuf/)
      assert.match(yield* said(`{"padding": "${"x".repeat(9 * 1024 * 1024)}"}`), /^413 .*larger than 8388608 bytes/)
      assert.deepInclude(yield* store.counts, { logs: 0, waitingLogs: 0 })
      const partly = whole.replace(traceId(1), "beef")
      assert.match(
        yield* said(partly),
        /^200 \{"partialSuccess":\{"rejectedLogRecords":"1","errorMessage":"logRecords\[0\]: a trace id is 32/
      )
      assert.deepInclude(yield* store.counts, { logs: 1 })
    }).pipe(Effect.provide(layer))
  )

  it.live("over gRPC that are hostile are refused with a reason, too", () =>
    Effect.gen(function* () {
      const { grpc, store } = yield* Viewer.Viewer
      const session = yield* Effect.acquireRelease(
        Effect.sync(() => Http2.connect(`http://${grpc}`)),
        (session) => Effect.sync(() => session.destroy())
      )
      const call = (body: ReadonlyArray<number>, announced = body.length, service = "logs.v1.LogsService") =>
        Effect.callback<string>((resume) => {
          const path = `/opentelemetry.proto.collector.${service}/Export`
          const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" })
          const said = (headers: Http2.IncomingHttpHeaders) => {
            if (headers["grpc-status"] === undefined) return
            const message = decodeURIComponent(String(headers["grpc-message"] ?? ""))
            resume(Effect.succeed(`${String(headers["grpc-status"])} ${message}`))
          }
          stream.on("response", said)
          stream.on("trailers", said)
          stream.resume()
          stream.end(Buffer.from([0, 0, 0, 0, announced, ...body]))
        })
      assert.strictEqual(yield* call([]), "0 ")
      assert.match(yield* call([0x0a, 0x05]), /^3 protobuf: ends inside a field/)
      assert.strictEqual(yield* call([0x0a], 9), "3 not one message of gRPC")
      assert.strictEqual(yield* call([], 0, "metrics.v1.MetricsService"), "12 only traces and logs are taken here")
      assert.deepInclude(yield* store.counts, { logs: 0, waitingLogs: 0, untracedLogs: 0 })
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})
