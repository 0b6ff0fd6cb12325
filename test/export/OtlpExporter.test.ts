import { assert, describe, it } from "@effect/vitest"
import { FakeCollector } from "@gorax/tracing/testing"
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { Duration, Effect, Redacted, Result, type Scope } from "effect"
import * as http from "node:http"
import * as http2 from "node:http2"
import * as https from "node:https"
import type * as net from "node:net"
import * as zlib from "node:zlib"
import * as OtlpEndpoint from "../../src/export/OtlpEndpoint.ts"
import * as OtlpExporter from "../../src/export/OtlpExporter.ts"
import type { OtlpTransportOptions } from "../../src/export/OtlpTransport.ts"
import { toReadableSpan } from "../../src/export/ReadableSpan.ts"
import { certificates } from "./certificates.ts"
import * as SpanForm from "../../src/pipeline/SpanForm.ts"
import * as spans from "./spans.ts"

interface Request {
  readonly path: string
  readonly headers: Record<string, unknown>
  readonly body: Buffer
}

const listening = (
  make: (received: Array<Request>) => http.Server | http2.Http2Server | http2.Http2SecureServer
): Effect.Effect<{ readonly port: number; readonly received: ReadonlyArray<Request> }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const received: Array<Request> = []
    const server = yield* Effect.acquireRelease(
      Effect.callback<http.Server | http2.Http2Server | http2.Http2SecureServer>((resume) => {
        const server = make(received)
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    )
    return { port: (server.address() as net.AddressInfo).port, received }
  })

type Received = Array<Request>

const answering =
  (received: Received, status: number, headers: http.OutgoingHttpHeaders): http.RequestListener =>
  (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks) })
      response.writeHead(status, headers).end()
    })
  }

const httpServer = (status = 200, prepare?: (server: http.Server) => unknown, headers = {}) =>
  listening((received) => {
    const server = http.createServer(answering(received, status, headers))
    prepare?.(server)
    return server
  })

const mutual = { requestCert: true, rejectUnauthorized: true }

const secureHttpServer = (options: https.ServerOptions) =>
  listening((received) => https.createServer({ ...options, ...mutual }, answering(received, 200, {})))

const secureGrpcServer = (options: http2.SecureServerOptions) =>
  listening((received) => calls(http2.createSecureServer({ ...options, ...mutual }), received, 0))

const grpcServer = (status = 0, prepare?: (server: http2.Http2Server) => unknown) =>
  listening((received) => {
    const server = http2.createServer()
    prepare?.(server)
    return calls(server, received, status)
  })

const calls = <Server extends http2.Http2Server | http2.Http2SecureServer>(
  server: Server,
  received: Received,
  status: number
): Server => {
  server.on("stream", (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    const chunks: Array<Buffer> = []
    stream.on("data", (chunk: Buffer) => chunks.push(chunk))
    stream.on("end", () => {
      received.push({ path: headers[":path"]!, headers, body: Buffer.concat(chunks) })
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true })
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status) }))
      stream.end(Buffer.from([0, 0, 0, 0, 0]))
    })
  })
  return server
}

type Options = OtlpEndpoint.OtlpEndpointOptions & {
  readonly compression?: "gzip" | "zstd"
  readonly headers?: Record<string, string>
  readonly timeout?: Duration.Input
  readonly tls?: OtlpTransportOptions["tls"]
}

const open = (endpoint: string, options: Options = {}) =>
  Effect.map(
    OtlpExporter.make({
      settings: {
        endpoint: Result.getOrThrow(OtlpEndpoint.fromText(endpoint, options)),
        headers: Redacted.make(options.headers ?? {}),
        compression: options.compression ?? "none",
        timeout: Duration.fromInputUnsafe(options.timeout ?? "5 seconds")
      },
      tls: options.tls ?? {},
      userAgent: "test/1"
    }),
    SpanForm.late
  )

const batch = [spans.make({ name: "a" }), spans.make({ name: "b" })]
const protobuf = () => Buffer.from(ProtobufTraceSerializer.serializeRequest(batch.map(toReadableSpan))!)

const decoded = (body: Buffer, encoding: unknown): Buffer =>
  encoding === "gzip" ? zlib.gunzipSync(body) : encoding === "zstd" ? zlib.zstdDecompressSync(body) : body

describe("OtlpExporter", () => {
  for (const compression of [undefined, "gzip", "zstd"] as const) {
    it.live(`http/protobuf arrives where the endpoint says, with its headers (${compression ?? "plain"})`, () =>
      Effect.gen(function* () {
        const server = yield* httpServer()
        const exporter = yield* open(`http://127.0.0.1:${server.port}/base?key=1`, {
          headers: { "x-key": "1" },
          ...(compression && { compression })
        })
        yield* exporter.export(batch)
        const [request] = server.received
        assert.strictEqual(request?.path, "/base/v1/traces?key=1")
        assert.deepInclude(request?.headers, {
          "content-type": "application/x-protobuf",
          "content-length": String(request!.body.length),
          "user-agent": "test/1",
          "x-key": "1"
        })
        assert.strictEqual(request?.headers["content-encoding"], compression)
        assert.deepStrictEqual(decoded(request!.body, compression), protobuf())
      })
    )

    it.live(`grpc: one call, with metadata (${compression ?? "plain"})`, () =>
      Effect.gen(function* () {
        const server = yield* grpcServer()
        const exporter = yield* open(`127.0.0.1:${server.port}`, {
          headers: { authorization: "Basic x", "trace-bin": btoa("ab") },
          ...(compression && { compression })
        })
        yield* exporter.export(batch)
        const [request] = server.received
        assert.strictEqual(request?.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        assert.deepInclude(request?.headers, {
          "content-type": "application/grpc",
          te: "trailers",
          "grpc-timeout": "5000m",
          authorization: "Basic x",
          "trace-bin": btoa("ab"),
          "user-agent": "test/1"
        })
        const body = request!.body
        assert.deepStrictEqual([body[0], body.readUInt32BE(1)], [compression === undefined ? 0 : 1, body.length - 5])
        assert.deepStrictEqual(decoded(body.subarray(5), request?.headers["grpc-encoding"]), protobuf())
      })
    )
  }

  it.live("http/json carries the same spans", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const exporter = yield* open(collector.url, { protocol: "http/json", compression: "gzip" })
      yield* exporter.export(batch)
      assert.strictEqual((yield* collector.requests)[0]?.encoding, "json")
      assert.deepStrictEqual(
        (yield* collector.spans).map((span) => span.name),
        ["a", "b"]
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("connections are used again, and closed with the scope", () =>
    Effect.gen(function* () {
      let connections = 0
      let closed = 0
      const count = (socket: net.Socket) => {
        connections++
        socket.on("close", () => closed++)
      }
      const http1 = yield* httpServer(200, (server) => server.on("connection", count))
      const http2 = yield* grpcServer(0, (server) => server.on("connection", count))
      for (const endpoint of [`http://127.0.0.1:${http1.port}`, `127.0.0.1:${http2.port}`]) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const exporter = yield* open(endpoint)
            for (let index = 0; index < 5; index++) yield* exporter.export(batch)
          })
        )
      }
      assert.strictEqual(connections, 2)
      yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => closed === 2 }))
    })
  )

  it.live("several requests are under way at once, on one connection over gRPC", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      for (const endpoint of [collector.url, collector.grpcUrl]) {
        yield* collector.respondWith(FakeCollector.slow("300 millis"), { times: 4 })
        const exporter = yield* open(endpoint, endpoint === collector.url ? {} : { protocol: "grpc" })
        const started = Date.now()
        yield* Effect.all(
          Array.from({ length: 4 }, () => exporter.export(batch)),
          { concurrency: 4 }
        )
        assert.isBelow(Date.now() - started, 1000)
      }
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("a request ends at its deadline", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      for (const [endpoint, protocol] of [
        [collector.url, "http/protobuf"],
        [collector.grpcUrl, "grpc"]
      ] as const) {
        yield* collector.respondWith(FakeCollector.hang)
        const exporter = yield* open(endpoint, { protocol, timeout: "100 millis" })
        const error = yield* Effect.flip(exporter.export(batch))
        assert.strictEqual(error.reason, "TimedOut")
        assert.include(error.advice, "No answer within 100ms (TRACING_TIMEOUT)")
        assert.isTrue(error.retryable)
        // And the next one is not held up by it
        yield* exporter.export(batch)
      }
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("every status is what the specification says, and says what to do", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const http = yield* open(collector.url, { headers: { authorization: "canary" } })
      const grpc = yield* open(collector.grpcUrl, { protocol: "grpc", headers: { authorization: "canary" } })
      const cases: ReadonlyArray<readonly [number, string, boolean, RegExp, boolean?]> = [
        [400, "Rejected", false, /FakeCollector was told to answer 400/],
        [401, "Rejected", false, /TRACING_HEADERS/],
        [403, "Rejected", false, /TRACING_HEADERS/],
        [404, "Rejected", false, /path and protocol/],
        [413, "TooLarge", false, /./],
        [429, "Rejected", true, /./],
        [500, "Rejected", false, /500/],
        [502, "Rejected", true, /just now/],
        [503, "Rejected", true, /just now/],
        [504, "TimedOut", true, /./]
      ]
      for (const [status, reason, retryable, advice] of cases) {
        yield* collector.respondWith(status)
        const error = yield* Effect.flip(http.export(batch))
        assert.deepStrictEqual([error.reason, error.retryable], [reason, retryable] as any, `HTTP ${status}`)
        assert.match(error.advice, advice)
        assert.strictEqual(error.endpoint, `${collector.url}/v1/traces`)
        assert.notInclude(error.message, "canary")

        // gRPC's words for 413 and 429 are the same code: without RetryInfo neither is tried again
        if (status === 413) continue
        yield* collector.respondWith(status)
        const call = yield* Effect.flip(grpc.export(batch))
        assert.deepStrictEqual([call.reason, call.retryable], [reason, status === 429 ? false : retryable] as any)
      }
      yield* collector.respondWith(FakeCollector.tooLarge(1))
      assert.strictEqual((yield* Effect.flip(grpc.export(batch))).reason, "TooLarge")
      for (const exporter of [http, grpc]) {
        yield* collector.respondWith(429, { headers: { "retry-after": "3" } })
        const error = yield* Effect.flip(exporter.export(batch))
        assert.deepStrictEqual([error.retryable, error.retryAfterMillis], [true, 3000])
      }
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("what a receiver took only in part is told with its words", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      for (const [endpoint, protocol] of [
        [collector.url, "http/protobuf"],
        [collector.url, "http/json"],
        [collector.grpcUrl, "grpc"]
      ] as const) {
        yield* collector.respondWith(FakeCollector.partial(1, "too old; token=canary"))
        const exporter = yield* open(endpoint, { protocol })
        assert.deepStrictEqual(yield* exporter.export(batch), {
          rejected: 1,
          unreadable: 0,
          message: "too old; token=REDACTED"
        })
      }
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("a span that cannot be read is left out, and the others of its batch arrive", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const poison = { ...spans.make({ name: "poison" }), traceId: "0".repeat(32) }
      for (const protocol of ["http/protobuf", "http/json"] as const) {
        const exporter = yield* open(collector.url, { protocol })
        assert.deepInclude(yield* exporter.export([poison, ...batch]), { rejected: 0, unreadable: 1 })
        assert.deepInclude(yield* exporter.export([poison]), { rejected: 0, unreadable: 1 })
      }
      assert.strictEqual((yield* collector.spans).length, 4)
      assert.strictEqual((yield* collector.requests).length, 2)
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("a batch of thousands is written in parts and arrives as one request", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const many = Array.from({ length: 2000 }, (_, index) => spans.make({ name: `${index}` }))
      const poison = { ...spans.make({ name: "poison" }), traceId: "0".repeat(32) }
      for (const protocol of ["http/protobuf", "http/json"] as const) {
        const exporter = yield* open(collector.url, { protocol })
        assert.deepInclude(yield* exporter.export([...many, poison]), { unreadable: 1 })
      }
      assert.deepStrictEqual(
        (yield* collector.spans).map(({ name }) => name),
        [...many, ...many].map(({ name }) => name)
      )
      assert.strictEqual((yield* collector.requests).length, 2)
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("redirects are not followed: headers are for one place", () =>
    Effect.gen(function* () {
      const elsewhere = yield* httpServer()
      const server = yield* httpServer(307, undefined, {
        location: `http://user:canary@127.0.0.1:${elsewhere.port}/x?key=canary`
      })
      const exporter = yield* open(`http://127.0.0.1:${server.port}`, { headers: { authorization: "canary" } })
      const error = yield* Effect.flip(exporter.export(batch))
      assert.strictEqual(error.reason, "Rejected")
      assert.include(error.advice, `http://127.0.0.1:${elsewhere.port}, and redirects are not followed`)
      assert.notInclude(error.message, "canary")
      assert.strictEqual(elsewhere.received.length, 0)
    })
  )

  it.live("an answer without end is read no further than it need be", () =>
    Effect.gen(function* () {
      let written = 0
      const flood = (request: http.IncomingMessage, response: http.ServerResponse) => {
        request.resume()
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(16_384))) written += 16_384
        }
        response.on("drain", more)
        more()
      }
      const server = yield* listening(() => http.createServer(flood))
      const exporter = yield* open(`http://127.0.0.1:${server.port}`)
      yield* exporter.export(batch)
      assert.isBelow(written, 50_000_000)
    })
  )

  it.live("an answer that breaks off after its 200 is an answer; one that never came is tried again", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const http = yield* open(collector.url)
      yield* collector.respondWith(FakeCollector.resetResponse)
      yield* http.export(batch)
      yield* collector.respondWith(FakeCollector.resetRequest, { times: 2 })
      assert.isTrue((yield* Effect.flip(http.export(batch))).retryable)
      const grpc = yield* open(collector.grpcUrl, { protocol: "grpc" })
      yield* collector.recover
      yield* collector.respondWith(FakeCollector.resetResponse)
      assert.isTrue((yield* Effect.flip(grpc.export(batch))).retryable)
      yield* grpc.export(batch)
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("a receiver that goes and comes back is found again", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const http = yield* open(collector.url)
      const grpc = yield* open(collector.grpcUrl, { protocol: "grpc" })
      for (const exporter of [http, grpc]) {
        yield* exporter.export(batch)
        yield* collector.stop
        const error = yield* Effect.flip(exporter.export(batch))
        assert.strictEqual(error.reason, "Unreachable")
        assert.include(error.advice, "Does something listen there")
        yield* collector.start
        yield* exporter.export(batch)
      }
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("a gRPC server that says good-bye is asked nothing more on that connection", () =>
    Effect.gen(function* () {
      const sessions: Array<http2.ServerHttp2Session> = []
      const server = yield* grpcServer(0, (server) => server.on("session", (session) => sessions.push(session)))
      const exporter = yield* open(`127.0.0.1:${server.port}`)
      yield* exporter.export(batch)
      const gone = new Promise((resolve) => sessions[0]!.on("close", resolve))
      sessions[0]!.close()
      yield* Effect.promise(() => gone)
      yield* exporter.export(batch)
      assert.strictEqual(sessions.length, 2)
    })
  )

  it.live("the wrong protocol and the wrong encryption say what to set", () =>
    Effect.gen(function* () {
      const http1 = yield* httpServer()
      const http2 = yield* grpcServer()
      const cases: ReadonlyArray<readonly [string, Options, string]> = [
        [`http://127.0.0.1:${http2.port}`, {}, "TRACING_PROTOCOL=grpc"],
        [`http://127.0.0.1:${http1.port}`, { protocol: "grpc" }, "TRACING_PROTOCOL=http/protobuf"],
        [`https://127.0.0.1:${http1.port}`, {}, "TRACING_INSECURE=true"],
        [`https://127.0.0.1:${http2.port}`, { protocol: "grpc" }, "TRACING_INSECURE=true"]
      ]
      for (const [endpoint, options, advice] of cases) {
        const exporter = yield* open(endpoint, options)
        const error = yield* Effect.flip(exporter.export(batch))
        assert.strictEqual(error.reason, "Unreachable", endpoint)
        assert.include(error.advice, advice)
      }
    })
  )

  for (const protocol of ["http/protobuf", "grpc"] as const) {
    it.live(`TLS over ${protocol}: an authority that is named is trusted, and who we are is shown`, () =>
      Effect.gen(function* () {
        const { ca, cert, key } = certificates
        const server = yield* (protocol === "grpc" ? secureGrpcServer : secureHttpServer)({ ca, cert, key })
        const endpoint = `https://localhost:${server.port}`
        const known = yield* open(endpoint, { protocol, tls: { ca, cert, key } })
        yield* known.export(batch)
        assert.strictEqual(server.received.length, 1)

        const stranger = yield* open(endpoint, { protocol, tls: { ca } })
        assert.strictEqual((yield* Effect.flip(stranger.export(batch))).reason, "Unreachable")
        const wary = yield* open(endpoint, { protocol, tls: { cert, key } })
        const error = yield* Effect.flip(wary.export(batch))
        assert.include(error.advice, "TRACING_CERTIFICATE")
        assert.strictEqual(server.received.length, 1)
      })
    )
  }
})
