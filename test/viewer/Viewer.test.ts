import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Otlp from "../../src/model/Otlp.ts"
import * as OtlpBody from "../../src/receiver/OtlpBody.ts"
import { TracePrinter, Viewer } from "../../src/viewer/index.ts"
import { order, span, traceId } from "./traces.ts"

const layer = Viewer.layer({ port: 0, store: { quietAfter: "1 millis" } }).pipe(
  Layer.provideMerge(NodeHttpClient.layerNodeHttp)
)

const send = Effect.fnUntraced(function* (spans: typeof order) {
  const { url } = yield* Viewer.Viewer
  const request = HttpClientRequest.post(`${url}/v1/traces`).pipe(
    HttpClientRequest.bodyJsonUnsafe(Otlp.fromSpans(spans))
  )
  assert.strictEqual((yield* HttpClient.execute(request)).status, 200)
})

const get = Effect.fnUntraced(function* (path: string, headers: Record<string, string> = {}) {
  const { url } = yield* Viewer.Viewer
  const response = yield* HttpClient.get(url + path, { headers })
  const text = yield* response.text
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) }
})

describe("Viewer", () => {
  it.live("lists the traces it was sent", () =>
    Effect.gen(function* () {
      yield* send(order)
      yield* send([span({ id: 1, trace: 2, name: "GET /health", to: 2.5 })])
      const { json } = yield* get("/api/traces")
      assert.deepStrictEqual(json().store, { traces: 2, spans: 14, droppedTraces: 0, droppedSpans: 0 })
      assert.deepStrictEqual(json().traces[1], {
        traceId: traceId(1),
        rootName: "POST /api/v1/workflows/:id/execute",
        services: ["api", "worker", "services"],
        startTime: "2023-11-14T22:13:20.000Z",
        startTimeUnixNano: "1700000000000000000",
        durationMillis: 1240,
        spanCount: 13,
        errorCount: 4,
        error: true,
        complete: true
      })
      const found = (yield* get("/api/traces?error=false&service=api&limit=5")).json().traces
      assert.deepStrictEqual(
        found.map((trace: { rootName: string }) => trace.rootName),
        ["GET /health"]
      )
    }).pipe(Effect.provide(layer))
  )

  it.live("gives a whole trace: drawn, and as OTLP that can be sent on", () =>
    Effect.gen(function* () {
      yield* send(order)
      const { json, text } = yield* get(`/api/traces/${traceId(1).toUpperCase()}`)
      assert.strictEqual(json().tree, TracePrinter.drawTree(order))
      assert.strictEqual(json().rootName, "POST /api/v1/workflows/:id/execute")
      const received = Result.getOrThrow(OtlpBody.decode(new TextEncoder().encode(text), "json"))
      assert.deepStrictEqual(received.spans.map((one) => one.spanId).sort(), order.map((one) => one.spanId).sort())
    }).pipe(Effect.provide(layer))
  )

  it.live("says what is wrong with a question it cannot answer", () =>
    Effect.gen(function* () {
      const missing = yield* get(`/api/traces/${traceId(7)}`)
      assert.strictEqual(missing.status, 404)
      assert.match(missing.json().error, /no trace with this id/)
      for (const query of ["error=perhaps", "limit=0", "limit=ten", "limit=1.5"]) {
        const bad = yield* get(`/api/traces?${query}`)
        assert.deepStrictEqual(
          [bad.status, bad.json().error],
          [400, "service is text, error is true or false, limit is a number from 1 to 1000"]
        )
      }
    }).pipe(Effect.provide(layer))
  )

  it.live("greets a browser with the addresses to try", () =>
    Effect.gen(function* () {
      const { url } = yield* Viewer.Viewer
      const { headers, text } = yield* get("/")
      assert.include(text, `${url}/api/traces\n`)
      assert.include(text, `${url}/v1/traces`)
      assert.match(headers["content-security-policy"]!, /default-src 'none'/)
      assert.isUndefined(headers["access-control-allow-origin"])
    }).pipe(Effect.provide(layer))
  )

  it.live("shows nothing to a web page that found it under a name of its own", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* get("/api/traces", { host: "rebound.example" })).status, 403)
    }).pipe(Effect.provide(layer))
  )

  it.live("prints a finished trace", () =>
    Effect.gen(function* () {
      const printed = yield* Deferred.make<string>()
      const recording = { ...console, log: (text: string) => Deferred.doneUnsafe(printed, Exit.succeed(text)) }
      yield* Effect.gen(function* () {
        yield* send(order)
        const text = yield* Deferred.await(printed)
        const { store } = yield* Viewer.Viewer
        assert.strictEqual(text, `\n${TracePrinter.draw((yield* store.get(traceId(1)))!)}`)
      }).pipe(
        Effect.provide(TracePrinter.layer().pipe(Layer.provideMerge(layer))),
        Effect.provideService(Console.Console, recording)
      )
    })
  )

  it.live("takes the usual port when it can and a free one when it must, and says which", () =>
    Effect.gen(function* () {
      const first = Context.get(yield* Layer.build(Viewer.layer({ port: 0 })), Viewer.Viewer)
      const port = Number(new URL(first.url).port)
      const second = Context.get(yield* Layer.build(Viewer.layer({ port })), Viewer.Viewer)
      assert.notStrictEqual(first.url, second.url)
      assert.strictEqual((yield* HttpClient.get(second.url)).status, 200)
    }).pipe(Effect.provide(NodeHttpClient.layerNodeHttp))
  )
})
