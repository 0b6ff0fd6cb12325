import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc"
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpMethod from "effect/http/HttpMethod"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as http from "node:http"
import type * as Net from "node:net"
import * as Otlp from "../../src/model/Otlp.ts"
import * as OtlpBody from "../../src/receiver/OtlpBody.ts"
import { FakeCollector } from "../../src/testing/index.ts"
import { TracePrinter, Viewer } from "../../src/viewer/index.ts"
import * as ViewerPage from "../../src/viewer/ViewerPage.ts"
import { order, span, traceId } from "./traces.ts"

const layerWith = (options: Viewer.ViewerOptions = {}) =>
  Viewer.layer({ port: 0, ...options, store: { quietAfter: "1 millis", ...options.store } }).pipe(
    Layer.provideMerge(NodeHttpClient.layerNodeHttp)
  )

const layer = layerWith()

const send = Effect.fnUntraced(function* (spans: typeof order) {
  const { url } = yield* Viewer.Viewer
  const request = HttpClientRequest.post(`${url}/v1/traces`).pipe(
    HttpClientRequest.bodyJsonUnsafe(Otlp.fromSpans(spans))
  )
  assert.strictEqual((yield* HttpClient.execute(request)).status, 200)
})

interface Asked {
  readonly method?: HttpMethod.HttpMethod
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly type?: string
}

const ask = Effect.fnUntraced(function* (where: string, asked: Asked = {}) {
  const { url } = yield* Viewer.Viewer
  const { body, headers = {}, method = "GET", type = "application/x-ndjson" } = asked
  const request = HttpClientRequest.make(method)(url + where, { headers })
  const response = yield* HttpClient.execute(
    body === undefined ? request : HttpClientRequest.bodyText(request, body, type)
  )
  const text = yield* response.text
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) }
})

const ids = (answer: { readonly json: () => any }): ReadonlyArray<number> =>
  answer.json().traces.map((trace: { traceId: string }) => parseInt(trace.traceId, 16))

describe("Viewer", () => {
  it.live("lists the traces it was sent, and what of them one wants to know first", () =>
    Effect.gen(function* () {
      yield* send(order)
      yield* send([span({ id: 1, trace: 2, name: "GET /health", to: 2.5 })])
      const { json } = yield* ask("/api/v1/traces")
      assert.deepInclude(json().counts, { traces: 2, spans: 14, droppedTraces: 0, droppedSpans: 0 })
      assert.deepStrictEqual(json().traces[1], {
        traceId: traceId(1),
        rootName: "POST /api/v1/workflows/:id/execute",
        subject: "fulfil-order",
        tenantId: "",
        workflowId: "fulfil-order",
        executionId: "",
        services: ["api", "worker", "services"],
        startTimeUnixNano: "1700000000000000000",
        durationMillis: 1240,
        spanCount: 13,
        errorCount: 4,
        error: true,
        failure: "line #0: ShipmentRefused: the carrier does not ship to islands",
        complete: true
      })
    }).pipe(Effect.provide(layer))
  )

  it.live("finds traces by what people know of them", () =>
    Effect.gen(function* () {
      yield* send(order)
      yield* send([span({ id: 1, trace: 2, name: "GET /health", to: 2.5, attributes: { tenant_id: "acme" } })])
      const found = (q: string) => Effect.map(ask(`/api/v1/traces?${new URLSearchParams({ q })}`), ids)
      assert.deepStrictEqual(yield* found(""), [2, 1])
      assert.deepStrictEqual(yield* found("error"), [1])
      assert.deepStrictEqual(yield* found("-error"), [2])
      assert.deepStrictEqual(yield* found("service:worker node_id=charge-*"), [1])
      assert.deepStrictEqual(yield* found("tenant:acme duration<1s"), [2])
      assert.deepStrictEqual(yield* found("islands"), [1])
      const puzzled = yield* ask(`/api/v1/traces?${new URLSearchParams({ q: "duration>soon" })}`)
      assert.deepStrictEqual((yield* ask("/api/v1/traces?limit=ten")).json().problems, [
        "limit is a number from 1 to 10000"
      ])
      assert.deepStrictEqual(ids(yield* ask("/api/v1/traces?limit=1")), [2])
      assert.deepStrictEqual(puzzled.json().problems, ['"soon" is no duration; write 250ms, 1.5s or 2m'])
    }).pipe(Effect.provide(layer))
  )

  it.live("gives a whole trace: for the page, drawn, and as OTLP that can be sent on", () =>
    Effect.gen(function* () {
      yield* send(order)
      const whole = yield* ask(`/api/v1/traces/${traceId(1).toUpperCase()}`)
      assert.strictEqual(whole.json().spans.length, order.length)
      const { store } = yield* Viewer.Viewer
      const { text } = yield* ask(`/api/v1/traces/${traceId(1)}/tree`)
      assert.strictEqual(text, `${TracePrinter.draw((yield* store.get(traceId(1)))!)}\n`)
      const otlp = yield* ask(`/api/v1/traces/${traceId(1)}/otlp`)
      const received = Result.getOrThrow(OtlpBody.decode(new TextEncoder().encode(otlp.text), "json"))
      assert.deepStrictEqual(received.spans.map((one) => one.spanId).sort(), order.map((one) => one.spanId).sort())
      const missing = yield* ask(`/api/v1/traces/${traceId(7)}`)
      assert.strictEqual(missing.status, 404)
      assert.match(missing.json().message, /No trace with this id/)
    }).pipe(Effect.provide(layer))
  )

  it.live("answers as Jaeger's query API does", () =>
    Effect.gen(function* () {
      yield* send(order)
      yield* send([span({ id: 1, trace: 2, name: "GET /health", to: 2.5 })])
      const found = (query: string) =>
        Effect.map(ask(`/api/traces?${query}`), (answer) =>
          answer.json().data.map(({ traceID }: { traceID: string }) => parseInt(traceID, 16))
        )
      assert.deepStrictEqual((yield* ask("/api/services")).json().data, ["api", "services", "worker"])
      assert.deepStrictEqual((yield* ask("/api/services/services/operations")).json().data, ["GET /stock/:sku"])
      assert.deepStrictEqual((yield* ask("/api/operations?service=services")).json().data, [
        { name: "GET /stock/:sku", spanKind: "server" }
      ])
      assert.deepStrictEqual(yield* found("service=api"), [2, 1])
      assert.deepStrictEqual(yield* found("service=worker&operation=workflow.execute"), [1])
      assert.deepStrictEqual(yield* found('service=worker&tags={"node_id":"charge-card","error":"true"}'), [1])
      assert.deepStrictEqual(yield* found('service=api&tags={"node_id":"charge-card"}'), [])
      assert.deepStrictEqual(yield* found("service=api&minDuration=10ms"), [1])
      assert.deepStrictEqual(yield* found("service=api&start=1700000000000001"), [])
      const [trace] = (yield* ask(`/api/traces/${traceId(1)}`)).json().data
      const attempt = trace.spans.find(({ spanID }: { spanID: string }) => spanID === order[9]!.spanId)
      assert.deepStrictEqual(attempt.references, [
        { refType: "CHILD_OF", traceID: traceId(1), spanID: order[8]!.spanId }
      ])
      assert.strictEqual(trace.processes[attempt.processID].serviceName, "worker")
      assert.deepInclude(attempt.tags, { key: "retry.attempt", type: "int64", value: 1 })
      assert.deepInclude(attempt.tags, { key: "error", type: "bool", value: true })
      assert.strictEqual((yield* ask("/api/traces?limit=none")).status, 400)
      assert.strictEqual((yield* ask(`/api/traces/${traceId(9)}`)).status, 404)
    }).pipe(Effect.provide(layer))
  )

  it.live("tells at once what arrives and what goes", () =>
    Effect.gen(function* () {
      const { store, url } = yield* Viewer.Viewer
      const events = yield* Queue.unbounded<{
        readonly grown: ReadonlyArray<any>
        readonly gone: ReadonlyArray<string>
      }>()
      const response = yield* HttpClient.get(`${url}/api/v1/changes`)
      assert.match(response.headers["content-type"]!, /^text\/event-stream/)
      yield* response.stream.pipe(
        Stream.decodeText(),
        Stream.splitLines,
        Stream.filter((line) => line.startsWith("data: ")),
        Stream.runForEach((line) => Queue.offer(events, JSON.parse(line.slice(6)))),
        Effect.ignore,
        Effect.forkScoped
      )
      assert.deepStrictEqual((yield* Queue.take(events)).grown, [])
      yield* send(order)
      assert.strictEqual((yield* Queue.take(events)).grown[0].subject, "fulfil-order")
      assert.deepStrictEqual((yield* ask("/api/v1/traces", { method: "DELETE" })).json(), { cleared: 1 })
      assert.deepStrictEqual((yield* Queue.take(events)).gone, [traceId(1)])
      assert.strictEqual((yield* store.counts).spans, 0)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.live("gives its traces as a file, and reads the file again", () =>
    Effect.gen(function* () {
      yield* send(order)
      yield* send([span({ id: 1, trace: 2, name: "GET /health", to: 2.5 })])
      const { headers, text } = yield* ask("/api/v1/export?q=error")
      assert.match(headers["content-disposition"]!, /attachment/)
      assert.strictEqual(text.trimEnd().split("\n").length, 1)
      const all = (yield* ask("/api/v1/export")).text
      yield* ask("/api/v1/traces", { method: "DELETE" })
      const read = yield* ask("/api/v1/import", { method: "POST", body: all })
      assert.deepStrictEqual(read.json(), { spans: 14, logs: 0, refused: 0 })
      assert.deepStrictEqual(new Set(ids(yield* ask("/api/v1/traces"))), new Set([1, 2]))
      const bad = yield* ask("/api/v1/import", { method: "POST", body: `${all}{"resourceSpans": 1}` })
      assert.strictEqual(bad.status, 400)
      assert.include(bad.json().message, "line 3: the body.resourceSpans is not a list")
    }).pipe(Effect.provide(layer))
  )

  it.live("serves its page with a policy that runs nothing but the page's own script", () =>
    Effect.gen(function* () {
      const answers = yield* ask("/")
      if (ViewerPage.folder() === undefined) assert.include(answers.text, "npm run page")
      else assert.include(answers.headers["content-security-policy"]!, "script-src 'self'; style-src 'self'")
      assert.match(answers.headers["content-security-policy"]!, /^default-src 'none'/)
      assert.include(answers.headers["content-security-policy"]!, "frame-ancestors 'none'")
      for (const { headers } of [answers, yield* ask("/api/v1/traces")]) {
        assert.isUndefined(headers["access-control-allow-origin"])
        assert.strictEqual(headers["x-content-type-options"], "nosniff")
        assert.strictEqual(headers["cross-origin-resource-policy"], "same-origin")
        assert.strictEqual(headers["cache-control"], "no-store")
      }
    }).pipe(Effect.provide(layer))
  )

  it.live("shows nothing to a web page that found it under a name of its own, or asks from elsewhere", () =>
    Effect.gen(function* () {
      yield* send(order)
      const refused = (headers: Record<string, string>, method: HttpMethod.HttpMethod = "GET") =>
        Effect.map(ask("/api/v1/traces", { headers, method }), ({ status }) => status)
      assert.strictEqual(yield* refused({ host: "rebound.example" }), 403)
      assert.strictEqual(yield* refused({ host: "127.0.0.1.rebound.example" }), 403)
      assert.strictEqual(yield* refused({ origin: "https://elsewhere.example" }, "DELETE"), 403)
      assert.strictEqual(yield* refused({ origin: "null" }, "DELETE"), 403)
      const { store, url } = yield* Viewer.Viewer
      assert.strictEqual((yield* store.counts).traces, 1)
      assert.strictEqual(yield* refused({ origin: url }), 200)
    }).pipe(Effect.provide(layer))
  )

  it.live("told to listen everywhere, it answers to addresses and the names it was given", () =>
    Effect.gen(function* () {
      const status = (host: string) => Effect.map(ask("/api/v1/about", { headers: { host } }), ({ status }) => status)
      assert.match((yield* Viewer.Viewer).url, /^http:\/\/127\.0\.0\.1:/)
      assert.strictEqual(yield* status("192.0.2.7:4318"), 200)
      assert.strictEqual(yield* status("[2001:db8::1]:4318"), 200)
      assert.strictEqual(yield* status("traces.internal:4318"), 200)
      assert.strictEqual(yield* status("rebound.example"), 403)
    }).pipe(Effect.provide(layerWith({ host: "0.0.0.0", names: ["traces.internal"] })))
  )

  it.live("takes no more than it can hold", () =>
    Effect.gen(function* () {
      const body = `{"resourceSpans": [{"padding": "${"x".repeat(9 * 1024 * 1024)}"}]}`
      const sent = yield* ask("/v1/traces", { method: "POST", body, type: "application/json" })
      assert.strictEqual(sent.status, 413)
      assert.strictEqual((yield* ask("/api/v1/about")).status, 200)
    }).pipe(Effect.provide(layer))
  )

  it.live("hands what it receives on to a backend, and says what did not arrive", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* Effect.gen(function* () {
        yield* send(order)
        const received = yield* collector.awaitSpans(order.length)
        assert.deepStrictEqual(received.map((one) => one.spanId).sort(), order.map((one) => one.spanId).sort())
        yield* collector.respondWith(400, { times: 3 })
        yield* send([span({ id: 1, trace: 2, name: "GET /health", to: 2.5 })])
        const { tee } = yield* Effect.map(ask("/api/v1/about"), ({ json }) => json()).pipe(
          Effect.repeat({ until: ({ tee }) => tee.lost > 0, schedule: Schedule.spaced("20 millis") })
        )
        assert.deepInclude(tee, { sent: order.length, lost: 1 })
        assert.match(tee.trouble, /answered 400/)
      }).pipe(Effect.provide(layerWith({ tee: collector.url })))
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("takes what is sent over gRPC", () =>
    Effect.gen(function* () {
      const { grpc, store } = yield* Viewer.Viewer
      const provider = new BasicTracerProvider({
        spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url: `http://${grpc}` }))]
      })
      const sent = provider.getTracer("t").startSpan("sent over gRPC")
      sent.end()
      yield* Effect.promise(() => provider.shutdown())
      assert.strictEqual((yield* store.get(sent.spanContext().traceId))?.summary.rootName, "sent over gRPC")
    }).pipe(Effect.provide(layer))
  )

  it.live("says what is wrong with a backend that is no address", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Layer.build(Viewer.layer({ port: 0, tee: "collector" })))
      assert.strictEqual(error.message.split(". ")[0], `"collector" is no address to send traces on to`)
    }).pipe(Effect.scoped)
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

  it.live("takes the usual ports when it can and the next when it must, says which, and knows its own kind", () =>
    Effect.gen(function* () {
      const first = Context.get(yield* Layer.build(Viewer.layer({ port: 0 })), Viewer.Viewer)
      const port = Number(new URL(first.url).port)
      const second = Context.get(yield* Layer.build(Viewer.layer({ port, grpcPort: false })), Viewer.Viewer)
      assert.isAbove(Number(new URL(second.url).port), port)
      assert.strictEqual(second.grpc, "")
      // Where gRPC's port is taken, the next one is left to HTTP, which asked for it
      const third = Context.get(yield* Layer.build(Viewer.layer({ port: port + 1, grpcPort: port })), Viewer.Viewer)
      assert.isBelow(Number(new URL(third.url).port), Number(new URL(`http://${third.grpc}`).port))
      assert.deepInclude(yield* Viewer.running(port), { url: first.url, grpc: first.grpc })
      const other = http.createServer((_, response) => response.end("{}"))
      yield* Effect.promise(() => new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve)))
      assert.isUndefined(yield* Viewer.running((other.address() as Net.AddressInfo).port))
      other.close()
    }).pipe(Effect.scoped)
  )
})
