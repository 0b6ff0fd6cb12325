import { assert, describe, it } from "@effect/vitest"
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { Duration, Effect, Redacted, Result, type Scope } from "effect"
import * as http from "node:http"
import * as http2 from "node:http2"
import type { AddressInfo } from "node:net"
import * as zlib from "node:zlib"
import { vi } from "vitest"
import * as OtlpEndpoint from "../../src/export/OtlpEndpoint.ts"
import * as OtlpExporter from "../../src/export/OtlpExporter.ts"
import { toReadableSpan } from "../../src/export/ReadableSpan.ts"
import * as spans from "./spans.ts"

interface Request {
  readonly path: string
  readonly headers: Record<string, unknown>
  readonly body: Buffer
}

const listening = (
  make: (received: Array<Request>) => http.Server | http2.Http2Server
): Effect.Effect<{ readonly port: number; readonly received: ReadonlyArray<Request> }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const received: Array<Request> = []
    const server = yield* Effect.acquireRelease(
      Effect.callback<http.Server | http2.Http2Server>((resume) => {
        const server = make(received)
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    )
    return { port: (server.address() as AddressInfo).port, received }
  })

const httpServer = (status = 200) =>
  listening((received) =>
    http.createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks) })
        response.writeHead(status).end()
      })
    })
  )

const grpcServer = (status = 0) =>
  listening((received) =>
    http2.createServer().on("stream", (stream, headers) => {
      const chunks: Array<Buffer> = []
      stream.on("data", (chunk: Buffer) => chunks.push(chunk))
      stream.on("end", () => {
        received.push({ path: headers[":path"]!, headers, body: Buffer.concat(chunks) })
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true })
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status) }))
        stream.end(Buffer.from([0, 0, 0, 0, 0]))
      })
    })
  )

const settings = (
  endpoint: string,
  options: OtlpEndpoint.OtlpEndpointOptions & {
    readonly compression?: "gzip"
    readonly headers?: Record<string, string>
  } = {}
): OtlpExporter.OtlpSettings => ({
  endpoint: Result.getOrThrow(OtlpEndpoint.fromText(endpoint, options)),
  headers: Redacted.make(options.headers ?? {}),
  compression: options.compression ?? "none",
  timeout: Duration.seconds(2)
})

const batch = [spans.make({ name: "a" }), spans.make({ name: "b" })]
const protobuf = () => Buffer.from(ProtobufTraceSerializer.serializeRequest(batch.map(toReadableSpan))!)

describe("OtlpExporter", () => {
  it.live("http/protobuf: the batch arrives where the endpoint says, with its headers", () =>
    Effect.gen(function* () {
      const server = yield* httpServer()
      const exporter = yield* OtlpExporter.make(
        settings(`http://127.0.0.1:${server.port}/base`, { headers: { "x-key": "1" } })
      )
      yield* exporter.export(batch)
      const [request] = server.received
      assert.strictEqual(request?.path, "/base/v1/traces")
      assert.strictEqual(request?.headers["content-type"], "application/x-protobuf")
      assert.strictEqual(request?.headers["x-key"], "1")
      assert.deepStrictEqual(request?.body, protobuf())
    })
  )

  it.live("http/json, compressed", () =>
    Effect.gen(function* () {
      const server = yield* httpServer()
      const exporter = yield* OtlpExporter.make(
        settings(`http://127.0.0.1:${server.port}`, { protocol: "http/json", compression: "gzip" })
      )
      yield* exporter.export(batch)
      const [request] = server.received
      assert.strictEqual(request?.headers["content-encoding"], "gzip")
      const body = JSON.parse(zlib.gunzipSync(request!.body).toString())
      assert.deepStrictEqual(
        body.resourceSpans[0].scopeSpans[0].spans.map((span: any) => span.name),
        ["a", "b"]
      )
    })
  )

  it.live("grpc: plain text to this machine, with metadata", () =>
    Effect.gen(function* () {
      const server = yield* grpcServer()
      const exporter = yield* OtlpExporter.make(
        settings(`127.0.0.1:${server.port}`, { headers: { authorization: "Basic x", "trace-bin": btoa("ab") } })
      )
      yield* exporter.export(batch)
      const [request] = server.received
      assert.strictEqual(request?.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
      assert.strictEqual(request?.headers["authorization"], "Basic x")
      assert.strictEqual(request?.headers["trace-bin"], btoa("ab"))
      assert.deepStrictEqual(request?.body.subarray(5), protobuf())
    })
  )

  it.live("what the receiver refuses is an ExportError that says where and why", () =>
    Effect.gen(function* () {
      const unauthorized = yield* httpServer(401)
      const http = yield* OtlpExporter.make(settings(`http://u:canary@127.0.0.1:${unauthorized.port}`))
      const refused = yield* Effect.flip(http.export(batch))
      assert.strictEqual(refused.reason, "Rejected")
      assert.include(refused.message, `http://127.0.0.1:${unauthorized.port}/v1/traces`)
      assert.include(refused.advice, "TRACING_HEADERS")
      assert.notInclude(refused.message, "canary")

      const unimplemented = yield* grpcServer(12)
      const grpc = yield* OtlpExporter.make(settings(`127.0.0.1:${unimplemented.port}`))
      assert.strictEqual((yield* Effect.flip(grpc.export(batch))).reason, "Rejected")
    })
  )

  it.live("nobody listens: unreachable, within the timeout", () =>
    Effect.gen(function* () {
      for (const endpoint of ["http://127.0.0.1:9", "127.0.0.1:9"]) {
        const exporter = yield* OtlpExporter.make({ ...settings(endpoint), timeout: Duration.millis(300) })
        const error = yield* Effect.flip(exporter.export(batch))
        assert.include(["Unreachable", "TimedOut"], error.reason)
      }
    })
  )

  it.live("TLS against a receiver of plain text says how to ask for plain text", () =>
    Effect.gen(function* () {
      const server = yield* httpServer()
      const exporter = yield* OtlpExporter.make({
        ...settings(`https://127.0.0.1:${server.port}`),
        timeout: Duration.millis(500)
      })
      const error = yield* Effect.flip(exporter.export(batch))
      assert.strictEqual(error.reason, "Unreachable")
      assert.include(error.advice, "http://")
    })
  )

  it.live("gRPC without its package fails at start and names it", () =>
    Effect.gen(function* () {
      vi.doMock("@opentelemetry/exporter-trace-otlp-grpc", () => {
        throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" })
      })
      vi.resetModules()
      const fresh = yield* Effect.promise(() => import("../../src/export/OtlpExporter.ts"))
      const error = yield* Effect.flip(fresh.make(settings("localhost:4317")))
      vi.doUnmock("@opentelemetry/exporter-trace-otlp-grpc")
      assert.strictEqual(error._tag, "MissingPackageError")
      assert.include(error.message, "npm install @opentelemetry/exporter-trace-otlp-grpc")
    })
  )
})
