/**
 * Receives spans and log records over OTLP/HTTP, as JSON or protobuf, plain or compressed.
 *
 * For development and tests, behind a loopback server. Bounded: what is too
 * large is refused with a reason before it is held in memory. It opens no
 * spans itself; the server it is mounted in must not either (`LoopbackServer`).
 */
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerError } from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as OtlpBody from "./OtlpBody.ts"
import * as OtlpCoding from "./OtlpCoding.ts"
import { malformed, type OtlpError, unsupported } from "./OtlpError.ts"
import * as OtlpResponse from "./OtlpResponse.ts"
import type { Refusal } from "./OtlpEnvelope.ts"
import type { ReceivedLog } from "./ReceivedLog.ts"
import type { Received, ReceivedSpan } from "./ReceivedSpan.ts"

export const path = "/v1/traces"
export const logsPath = "/v1/logs"

/** Takes the spans of one request; the sender waits for it. Never called with none. */
export type Consume = (spans: ReadonlyArray<ReceivedSpan>) => Effect.Effect<void>

/** Takes the log records of one request; the sender waits for it. Never called with none. */
export type ConsumeLogs = (logs: ReadonlyArray<ReceivedLog>) => Effect.Effect<void>

const readError = (error: HttpServerError, limits: OtlpBody.OtlpLimits): OtlpError =>
  error.reason._tag === "RequestParseError" && error.reason.reason === "BodyTooLarge"
    ? OtlpCoding.tooManyBytes(limits)
    : malformed("the body ended early")

/** Reads the body of a request as its sender had it, whatever kind of telemetry it is. */
export const readBody = Effect.fnUntraced(function* (limits: OtlpBody.OtlpLimits) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const coding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase()
  if (Number(request.headers["content-length"]) > limits.maxBodyBytes) return yield* OtlpCoding.tooManyBytes(limits)
  const body = yield* request.arrayBuffer.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, BigInt(limits.maxBodyBytes)),
    Effect.mapError((error) => readError(error, limits))
  )
  return yield* OtlpCoding.decode(new Uint8Array(body), coding, limits)
})

/** Reads one export request; whoever asks answers it. */
export const receive = Effect.fnUntraced(function* (
  encoding: OtlpBody.OtlpEncoding,
  limits: OtlpBody.OtlpLimits = OtlpBody.defaultLimits
): Effect.fn.Return<Received, OtlpError, HttpServerRequest.HttpServerRequest> {
  return yield* Effect.fromResult(OtlpBody.decode(yield* readBody(limits), encoding, limits))
})

/** Answers with what became of the request: 200, or 400, 413 and 415 with a `Status` that says why. */
const answer = Effect.fnUntraced(function* (
  take: (encoding: OtlpBody.OtlpEncoding) => Effect.Effect<Refusal, OtlpError, HttpServerRequest.HttpServerRequest>,
  rejected: OtlpResponse.Rejected
): Effect.fn.Return<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> {
  const request = yield* HttpServerRequest.HttpServerRequest
  const encoding = OtlpBody.encodingOf(request.headers["content-type"])
  if (encoding === undefined) {
    return OtlpResponse.fromError("json", unsupported("send application/json or application/x-protobuf"))
  }
  return yield* Effect.match(take(encoding), {
    onFailure: (error) => OtlpResponse.fromError(encoding, error),
    onSuccess: (refusal) => OtlpResponse.accepted(encoding, refusal, rejected)
  })
})

/** Answers one export request of spans. */
export const handle = (consume: Consume, limits: OtlpBody.OtlpLimits = OtlpBody.defaultLimits) =>
  answer(
    (encoding) =>
      Effect.tap(receive(encoding, limits), ({ spans }) => (spans.length === 0 ? Effect.void : consume(spans))),
    "rejectedSpans"
  )

/** Answers one export request of log records. */
export const handleLogs = (consume: ConsumeLogs, limits: OtlpBody.OtlpLimits = OtlpBody.defaultLimits) =>
  answer(
    (encoding) =>
      readBody(limits).pipe(
        Effect.flatMap((body) => Effect.fromResult(OtlpBody.decodeLogs(body, encoding, limits))),
        Effect.tap(({ logs }) => (logs.length === 0 ? Effect.void : consume(logs)))
      ),
    "rejectedLogRecords"
  )

/** `POST /v1/traces` on the router of the server it is given. */
export const layer = (
  consume: Consume,
  limits: OtlpBody.OtlpLimits = OtlpBody.defaultLimits
): Layer.Layer<never, never, HttpRouter.HttpRouter> => HttpRouter.add("POST", path, handle(consume, limits))

/** `POST /v1/logs` on the router of the server it is given. */
export const layerLogs = (
  consume: ConsumeLogs,
  limits: OtlpBody.OtlpLimits = OtlpBody.defaultLimits
): Layer.Layer<never, never, HttpRouter.HttpRouter> => HttpRouter.add("POST", logsPath, handleLogs(consume, limits))
