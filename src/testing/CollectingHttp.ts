/**
 * Collects over HTTP, or does what the script says instead.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import type * as Http from "node:http"
import * as OtlpBody from "../receiver/OtlpBody.ts"
import * as OtlpReceiver from "../receiver/OtlpReceiver.ts"
import * as OtlpResponse from "../receiver/OtlpResponse.ts"
import * as Collecting from "./Collecting.ts"
import * as Fault from "./Fault.ts"

/** Answers one request. */
export const answer = Effect.fnUntraced(function* (
  collecting: Collecting.Collecting
): Effect.fn.Return<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> {
  const request = yield* HttpServerRequest.HttpServerRequest
  const [path = ""] = request.url.split("?")
  const { headers, method } = request
  const encoding = OtlpBody.encodingOf(headers["content-type"])
  const seen = { protocol: "http", method, path, headers: { ...headers }, encoding } as const
  const respond = (response: HttpServerResponse.HttpServerResponse) =>
    Effect.as(Collecting.record(collecting, seen, response.status), response)
  const leave = Collecting.record(collecting, seen, undefined)

  const { socket } = NodeHttpServerRequest.toIncomingMessage(request)
  const fault = Collecting.nextFault(collecting, seen.headers)
  if (fault?._tag === "Hang") return yield* Effect.andThen(leave, Effect.never)
  if (fault?._tag === "Reset" && fault.when === "request") {
    yield* leave
    socket.resetAndDestroy()
    return yield* Effect.never
  }
  if (fault?._tag === "Status") {
    const refused = OtlpResponse.refused(encoding ?? "json", fault.status, 2, Fault.told(fault.status))
    return yield* respond(HttpServerResponse.setHeaders(refused, fault.headers))
  }
  if (method !== "POST" || !path.endsWith(OtlpReceiver.path)) {
    return yield* respond(HttpServerResponse.empty({ status: 404 }))
  }
  if (encoding === undefined) return yield* respond(HttpServerResponse.empty({ status: 415 }))

  const taken = yield* Collecting.take(collecting, OtlpReceiver.receive(encoding), fault)
  if (fault?._tag === "Reset") {
    yield* leave
    const response = NodeHttpServerRequest.toServerResponse(request) as Http.ServerResponse
    response.writeHead(200, { "content-length": "100" })
    response.write("{", () => socket.destroy())
    return yield* Effect.never
  }
  return yield* respond(
    Result.isSuccess(taken)
      ? OtlpResponse.accepted(encoding, taken.success)
      : OtlpResponse.fromError(encoding, taken.failure)
  )
})
