/**
 * OTLP over gRPC: unary calls, straight on Node's HTTP/2.
 *
 * What gRPC needs beyond HTTP/2 fits here: a message has five bytes in front,
 * and its outcome stands in trailers. Of an answer, no more than
 * `OtlpAnswer.largest` is read.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Http2 from "node:http2"
import type { LeftOut } from "../model/SpanExporter.ts"
import type { ExportError } from "../model/TracingError.ts"
import * as ExportFailure from "./ExportFailure.ts"
import * as GrpcConnection from "./GrpcConnection.ts"
import * as OtlpAnswer from "./OtlpAnswer.ts"
import * as OtlpCompression from "./OtlpCompression.ts"
import * as OtlpTransport from "./OtlpTransport.ts"
import * as RetryAfter from "./RetryAfter.ts"
import type { Headers } from "./RotatingHeaders.ts"

export const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

const prefixSize = 5

/** Says whether the message is compressed, and how long it is. */
const prefix = (size: number, compressed: boolean): Buffer => {
  const bytes = Buffer.alloc(prefixSize)
  bytes[0] = compressed ? 1 : 0
  bytes.writeUInt32BE(size, 1)
  return bytes
}

/** No more than eight digits are allowed, with a unit behind them. */
const grpcTimeout = (timeout: Duration.Duration): string => {
  const millis = Math.ceil(Duration.toMillis(timeout))
  return millis < 1e8 ? `${millis}m` : `${Math.floor(millis / 1000)}S`
}

const text = (header: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof header === "object" ? header[0] : header

/** Bytes outside ASCII are percent-encoded; what is not, stays as it is. */
const decoded = (message: string): string =>
  Result.getOrElse(
    Result.try(() => decodeURIComponent(message)),
    () => message
  )

interface Answered {
  readonly headers: Http2.IncomingHttpHeaders & Http2.IncomingHttpStatusHeader
  /** Trailers, or the headers when there is nothing else. */
  readonly trailers: Http2.IncomingHttpHeaders
  readonly body: Uint8Array
}

/** One call. Fails with what Node says when the connection breaks before the trailers have come. */
const exchange = (
  connection: GrpcConnection.GrpcConnection,
  headers: Http2.OutgoingHttpHeaders,
  message: Uint8Array,
  compressed: boolean
): Effect.Effect<Answered, unknown> =>
  Effect.callback((resume) => {
    const started = Result.try(() => connection.request(headers))
    // A header that HTTP/2 forbids, or a connection that has just gone
    if (Result.isFailure(started)) return resume(Effect.fail(started.failure))
    const stream = started.success
    const chunks: Array<Uint8Array> = []
    let size = 0
    let answer: Answered["headers"] = {}
    let trailers: Http2.IncomingHttpHeaders | undefined
    let failure: unknown
    stream.on("response", (head, flags) => {
      answer = head
      if ((flags & Http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0) trailers = head
    })
    stream.on("trailers", (last) => {
      trailers = last
    })
    stream.on("data", (chunk: Uint8Array) => {
      size += chunk.length
      if (size <= OtlpAnswer.largest) chunks.push(chunk)
      else stream.close(Http2.constants.NGHTTP2_CANCEL)
    })
    stream.on("error", (error) => {
      failure = error
    })
    // Comes last, whatever happens
    stream.on("close", () => {
      const status = answer[":status"]
      if (trailers !== undefined || (status !== undefined && status !== 200)) {
        resume(Effect.succeed({ headers: answer, trailers: trailers ?? {}, body: Buffer.concat(chunks) }))
      } else resume(Effect.fail(connection.failure ?? failure))
    })
    stream.write(prefix(message.length, compressed))
    stream.end(message)
    return Effect.sync(() => {
      stream.close(Http2.constants.NGHTTP2_CANCEL)
      // Given up: if the connection is dead and nobody has said so, the next call must not wait for it too
      connection.retire()
    })
  })

/** `UNKNOWN`: nothing says how it went. */
const noStatus = 2

/** How it went: 0 is well. A plain HTTP status is the word of a proxy in between. */
const statusOf = ({ headers, trailers }: Answered): { readonly code: number; readonly isGrpc: boolean } => {
  const status = text(trailers["grpc-status"])
  const isGrpc = status !== undefined && /^\d{1,2}$/.test(status)
  return { code: isGrpc ? Number(status) : (headers[":status"] ?? noStatus), isGrpc }
}

/** `undefined` when the receiver took the whole batch. */
const judge = (answered: Answered, to: ExportFailure.To): Effect.Effect<LeftOut | void, ExportError> => {
  const { body, headers, trailers } = answered
  const { code, isGrpc } = statusOf(answered)
  if (code === 0) return Effect.succeed(OtlpAnswer.fromProtobuf(body.subarray(prefixSize)))
  return Effect.fail(
    ExportFailure.refused({
      ...to,
      code,
      said: isGrpc
        ? decoded(text(trailers["grpc-message"]) ?? "")
        : OtlpAnswer.messageOf(headers["content-type"] ?? "", body),
      retryAfterMillis: RetryAfter.fromStatusDetails(text(trailers["grpc-status-details-bin"]))
    })
  )
}

/** Opens the way to a gRPC server. */
export const make = Effect.fnUntraced(function* (
  transport: OtlpTransport.OtlpTransportOptions
): Effect.fn.Return<OtlpTransport.OtlpTransport, never, Scope.Scope> {
  const { headers, settings, tls, userAgent } = transport
  const { compression } = settings
  const to: ExportFailure.To = { endpoint: settings.endpoint.display, headersFrom: headers?.name }
  const compressed = compression !== "none"
  const own = {
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": grpcTimeout(settings.timeout),
    ...(compressed ? { "grpc-encoding": compression } : undefined)
  }
  const connect = yield* GrpcConnection.make(new URL(Redacted.value(settings.endpoint.url)), tls)
  return {
    send: Effect.fnUntraced(function* (plain) {
      const message = compressed ? yield* OtlpCompression.compress(plain, compression) : plain
      const ask = (given: Headers) =>
        Effect.try({ try: connect, catch: (error) => error }).pipe(
          Effect.flatMap((connection) =>
            exchange(connection, { "user-agent": userAgent, ...given, ...own }, message, compressed)
          ),
          Effect.mapError((error) => ExportFailure.unreachable(error, to))
        )
      const answered = yield* OtlpTransport.withHeaders(transport, ask, (answered) =>
        ExportFailure.isUnauthorized(statusOf(answered).code)
      )
      return yield* judge(answered, to)
    })
  }
})
