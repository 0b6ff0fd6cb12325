/**
 * Receives spans over OTLP/gRPC: unary calls on Node's HTTP/2, in plain text.
 *
 * For development and tests. Bounded like the receiver over HTTP.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Fiber from "effect/Fiber"
import * as Http2 from "node:http2"
import * as OtlpBody from "./OtlpBody.ts"
import * as OtlpCoding from "./OtlpCoding.ts"
import { malformed, type OtlpError } from "./OtlpError.ts"
import * as OtlpResponse from "./OtlpResponse.ts"
import * as ProtobufBytes from "./ProtobufBytes.ts"
import type { Received } from "./ReceivedSpan.ts"

export const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
export const logsPath = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

/** How a call ends. */
export interface GrpcOutcome {
  /** A gRPC status code; 0 is well. */
  readonly status: number
  readonly message?: string
  /** Says that the same call is welcome again after so long. */
  readonly retryAfterMillis?: number | undefined
  /** A message of the answer, without its prefix. */
  readonly body?: Uint8Array
}

export interface GrpcCall {
  readonly path: string
  readonly headers: Http2.IncomingHttpHeaders
  readonly stream: Http2.ServerHttp2Stream
  /** Reads what was sent. */
  readonly receive: Effect.Effect<Received, OtlpError>
  /** Reads the message as bytes, where it is another than that of spans. */
  readonly receiveBody: Effect.Effect<Uint8Array, OtlpError>
}

const prefixSize = 5

const framed = (body: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(prefixSize)
  prefix.writeUInt32BE(body.length, 1)
  return Buffer.concat([prefix, body])
}

/** A `google.rpc.Status` with a `RetryInfo` in its details. */
const details = (status: number, retryAfterMillis: number): string => {
  const delay = ProtobufBytes.message(
    ProtobufBytes.varintField(1, Math.floor(retryAfterMillis / 1000)),
    ProtobufBytes.varintField(2, (retryAfterMillis % 1000) * 1e6)
  )
  const retryInfo = ProtobufBytes.message(
    ProtobufBytes.textField(1, "type.googleapis.com/google.rpc.RetryInfo"),
    ProtobufBytes.bytesField(2, ProtobufBytes.bytesField(1, delay))
  )
  const encoded = ProtobufBytes.message(ProtobufBytes.varintField(1, status), ProtobufBytes.bytesField(3, retryInfo))
  return Buffer.from(encoded).toString("base64").replace(/=+$/, "")
}

const trailersOf = ({ message = "", retryAfterMillis, status }: GrpcOutcome): Http2.OutgoingHttpHeaders => ({
  "grpc-status": String(status),
  ...(message === "" ? undefined : { "grpc-message": encodeURIComponent(message) }),
  ...(retryAfterMillis === undefined ? undefined : { "grpc-status-details-bin": details(status, retryAfterMillis) })
})

const head = { ":status": 200, "content-type": "application/grpc" }

const answer = (stream: Http2.ServerHttp2Stream, outcome: GrpcOutcome): void => {
  if (stream.destroyed || stream.headersSent) return
  // What failed has trailers only
  if (outcome.status !== 0) return stream.respond({ ...head, ...trailersOf(outcome) }, { endStream: true })
  stream.respond(head, { waitForTrailers: true })
  stream.on("wantTrailers", () => stream.sendTrailers(trailersOf(outcome)))
  stream.end(framed(outcome.body ?? new Uint8Array()))
}

const read = (stream: Http2.ServerHttp2Stream, limits: OtlpBody.OtlpLimits): Effect.Effect<Buffer, OtlpError> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    let size = 0
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size <= limits.maxBodyBytes + prefixSize) chunks.push(chunk)
      else resume(Effect.fail(OtlpCoding.tooManyBytes(limits)))
    })
    stream.on("end", () => resume(Effect.succeed(Buffer.concat(chunks))))
    stream.on("close", () => resume(Effect.fail(malformed("the call ended early"))))
  })

const receiveBody = Effect.fnUntraced(function* (
  stream: Http2.ServerHttp2Stream,
  headers: Http2.IncomingHttpHeaders,
  limits: OtlpBody.OtlpLimits
) {
  const frame = yield* read(stream, limits)
  if (frame.length < prefixSize || frame.readUInt32BE(1) !== frame.length - prefixSize) {
    return yield* malformed("not one message of gRPC")
  }
  const coding = frame[0] === 1 ? String(headers["grpc-encoding"] ?? "identity") : "identity"
  return yield* OtlpCoding.decode(frame.subarray(prefixSize), coding, limits)
})

/** What a call is answered with when its body was no good. */
export const fromError = ({ message, reason }: OtlpError): GrpcOutcome => ({
  status: OtlpResponse.statuses[reason][1],
  message
})

/** Answers every call on a server of HTTP/2, until the scope closes. */
export const serve = Effect.fnUntraced(function* (
  server: Http2.Http2Server | Http2.Http2SecureServer,
  handle: (call: GrpcCall) => Effect.Effect<GrpcOutcome>,
  limits: OtlpBody.OtlpLimits = OtlpBody.defaultLimits
): Effect.fn.Return<void, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const context = yield* Effect.context()
  server.on("stream", (stream, headers) => {
    // Whoever called may break off at any time
    stream.on("error", () => undefined)
    const body = receiveBody(stream, headers, limits)
    const call: GrpcCall = {
      path: headers[":path"] ?? "",
      headers,
      stream,
      receive: Effect.flatMap(body, (body) => Effect.fromResult(OtlpBody.decode(body, "protobuf", limits))),
      receiveBody: body
    }
    const answered = Effect.map(handle(call), (outcome) => Result.try(() => answer(stream, outcome)))
    const fiber = Fiber.runIn(Effect.runForkWith(context)(answered), scope)
    stream.on("close", () => fiber.interruptUnsafe())
  })
})
