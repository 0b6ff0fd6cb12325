import { assert, describe, it } from "@effect/vitest"
import { FakeCollector, SpanTree } from "@gorax/tracing/testing"
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc"
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { setImmediate } from "node:timers/promises"

const provider = (exporter: SpanExporter) =>
  Effect.acquireRelease(
    Effect.sync(
      () =>
        new BasicTracerProvider({
          resource: resourceFromAttributes({ "service.name": "shop" }),
          spanProcessors: [new SimpleSpanProcessor(exporter)]
        })
    ),
    (provider) => Effect.promise(() => provider.shutdown())
  )

describe("FakeCollector", () => {
  it.live("collects what OpenTelemetry's exporters send, and how they sent it", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const url = `${collector.url}/v1/traces`
      const json = yield* provider(new JsonExporter({ url, headers: { "x-team": "orders" } }))
      const protobuf = yield* provider(new ProtobufExporter({ url, compression: "gzip" as never }))
      json.getTracer("t").startSpan("first").end()
      yield* collector.awaitSpans(1)
      protobuf.getTracer("t").startSpan("second").end()
      const spans = yield* collector.awaitSpans(2)
      assert.strictEqual(SpanTree.drawSpans(spans, "service.name"), "first service.name=shop\nsecond service.name=shop")
      const requests = yield* collector.awaitRequests(2)
      assert.deepStrictEqual(
        requests.map(({ encoding, headers, method, path, status }) => [
          method,
          path,
          encoding,
          headers["content-encoding"],
          headers["x-team"],
          status
        ]),
        [
          ["POST", "/v1/traces", "json", undefined, "orders", 200],
          ["POST", "/v1/traces", "protobuf", "gzip", undefined, 200]
        ]
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("collects over gRPC what OpenTelemetry's exporter sends", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const grpc = yield* provider(new GrpcExporter({ url: collector.grpcUrl, compression: "gzip" as never }))
      grpc.getTracer("t").startSpan("first").end()
      const spans = yield* collector.awaitSpans(1)
      assert.strictEqual(SpanTree.drawSpans(spans, "service.name"), "first service.name=shop")
      const [request] = yield* collector.awaitRequests(1)
      assert.deepInclude(request, { protocol: "grpc", encoding: "protobuf", status: 0 })
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("goes away, with every connection, and comes back on the same ports", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const get = Effect.promise(() =>
        fetch(collector.url).then(
          ({ status }) => status,
          () => "nobody"
        )
      )
      assert.strictEqual(yield* get, 404)
      yield* collector.stop
      assert.strictEqual(yield* get, "nobody")
      yield* collector.start
      assert.strictEqual(yield* get, 404)
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("hangs, cuts off and takes a part, until it recovers", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const send = Effect.promise((signal) =>
        fetch(`${collector.url}/v1/traces`, {
          signal,
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "1".repeat(32), spanId: "2".repeat(16) }] }] }]
          })
        }).then(
          async (response) => response.text().catch(() => "cut off"),
          () => "no answer"
        )
      )
      yield* collector.respondWith(FakeCollector.hang)
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(send, "50 millis")))
      yield* collector.respondWith(FakeCollector.resetRequest)
      assert.strictEqual(yield* send, "no answer")
      yield* collector.respondWith(FakeCollector.resetResponse)
      assert.strictEqual(yield* send, "cut off")
      yield* collector.respondWith(FakeCollector.partial(1, "too old"))
      assert.deepStrictEqual(JSON.parse(yield* send), {
        partialSuccess: { rejectedSpans: "1", errorMessage: "too old" }
      })
      yield* collector.respondWith(FakeCollector.tooLarge(0), { times: Infinity })
      assert.include(yield* send, "larger than")
      assert.strictEqual((yield* collector.spans).length, 1)
      yield* collector.recover
      assert.strictEqual(yield* send, "{}")
      assert.deepStrictEqual(
        (yield* collector.requests).map(({ status }) => status),
        [undefined, undefined, undefined, 200, 413, 200]
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("answers as it was told to, then takes spans again", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* collector.respondWith(503, { times: 2, headers: { "retry-after": "7" } })
      yield* collector.respondWith(400)
      const send = Effect.promise(() =>
        fetch(`${collector.url}/base/v1/traces`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "1".repeat(32), spanId: "2".repeat(16) }] }] }]
          })
        })
      )
      const answers = [yield* send, yield* send, yield* send, yield* send]
      assert.deepStrictEqual(
        answers.map((answer) => answer.status),
        [503, 503, 400, 200]
      )
      assert.strictEqual(answers[0]!.headers.get("retry-after"), "7")
      assert.strictEqual((yield* collector.spans).length, 1)
      assert.deepStrictEqual(
        (yield* collector.requests).map(({ path, status }) => [path, status]),
        [
          ["/base/v1/traces", 503],
          ["/base/v1/traces", 503],
          ["/base/v1/traces", 400],
          ["/base/v1/traces", 200]
        ]
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("refuses whoever has not the header that it requires, over HTTP and gRPC", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* collector.respondWith(FakeCollector.requires("Authorization", "Bearer 2"), { times: Infinity })
      const url = `${collector.url}/v1/traces`
      const grpc = yield* provider(new GrpcExporter({ url: collector.grpcUrl }))
      grpc.getTracer("t").startSpan("over gRPC").end()
      yield* collector.awaitRequests(1)
      for (const token of ["1", "2"]) {
        const json = yield* provider(new JsonExporter({ url, headers: { authorization: `Bearer ${token}` } }))
        json.getTracer("t").startSpan(token).end()
        yield* collector.awaitRequests(Number(token) + 1)
      }
      assert.deepStrictEqual(
        (yield* collector.requests).map(({ status }) => status),
        [16, 401, 200]
      )
      assert.deepStrictEqual(
        (yield* collector.spans).map(({ name }) => name),
        ["2"]
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("comes and goes as often as a test likes, and Node finds no leak in it", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const warnings: Array<string> = []
      const listen = ({ message }: Error) => warnings.push(message)
      process.on("warning", listen)
      yield* Effect.repeat(Effect.andThen(collector.stop, collector.start), { times: 12 })
      yield* Effect.promise(() => setImmediate())
      process.removeListener("warning", listen)
      assert.deepStrictEqual(warnings, [])
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("shows a request that went to the wrong path", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const answer = yield* Effect.promise(() => fetch(collector.url, { method: "POST", body: "x" }))
      assert.strictEqual(answer.status, 404)
      const [request] = yield* collector.requests
      assert.deepInclude(request, { method: "POST", path: "/", encoding: undefined, status: 404 })
    }).pipe(Effect.provide(FakeCollector.layer))
  )
})
