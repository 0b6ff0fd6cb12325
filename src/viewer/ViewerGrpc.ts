/**
 * The viewer's way in over gRPC: a server of its own, on a port of its own.
 */
import * as Effect from "effect/Effect"
import { ServeError } from "effect/http/HttpServerError"
import type * as Scope from "effect/Scope"
import * as Http2 from "node:http2"
import type * as Net from "node:net"
import * as GrpcReceiver from "../receiver/GrpcReceiver.ts"
import * as LoopbackServer from "../receiver/LoopbackServer.ts"
import * as OtlpBody from "../receiver/OtlpBody.ts"
import type { Refusal } from "../receiver/OtlpEnvelope.ts"
import type { OtlpError } from "../receiver/OtlpError.ts"
import type { Consume, ConsumeLogs } from "../receiver/OtlpReceiver.ts"
import * as OtlpResponse from "../receiver/OtlpResponse.ts"

const listen = (server: Http2.Http2Server, port: number, host: string): Effect.Effect<void, ServeError> =>
  Effect.callback((resume) => {
    const refused = (cause: Error) => resume(Effect.fail(new ServeError({ cause })))
    server.once("error", refused)
    server.listen(port, host, () => {
      server.removeListener("error", refused)
      resume(Effect.void)
    })
  })

/** A server that stops with the scope, cutting connections that are still open. */
const acquire = Effect.acquireRelease(
  Effect.sync(() => {
    const server = Http2.createServer()
    const sessions = new Set<Http2.ServerHttp2Session>()
    server.on("session", (session) => {
      sessions.add(session)
      session.on("close", () => sessions.delete(session))
      session.on("error", () => undefined)
    })
    return { server, sessions }
  }),
  ({ server, sessions }) =>
    Effect.callback<void>((resume) => {
      if (!server.listening) return resume(Effect.void)
      server.close(() => resume(Effect.void))
      for (const session of sessions) session.destroy()
    })
)

export interface Consumers {
  readonly spans: Consume
  readonly logs: ConsumeLogs
}

const answered = (taken: Effect.Effect<Refusal, OtlpError>): Effect.Effect<GrpcReceiver.GrpcOutcome> =>
  Effect.match(taken, {
    onFailure: GrpcReceiver.fromError,
    onSuccess: (refusal) => ({ status: 0, body: OtlpResponse.toProtobuf(refusal) })
  })

const unknown: GrpcReceiver.GrpcOutcome = { status: 12, message: "only traces and logs are taken here" }

/** Takes spans and log records until the scope closes. Gives the address to send to: `127.0.0.1:4317`, or a later port. */
export const make = Effect.fnUntraced(function* (
  consume: Consumers,
  port: number,
  host: string
): Effect.fn.Return<string, ServeError, Scope.Scope> {
  const { server } = yield* acquire
  yield* LoopbackServer.onFreePort(port, (next) => listen(server, next, host))
  yield* GrpcReceiver.serve(server, ({ path, receive, receiveBody }) => {
    switch (path) {
      case GrpcReceiver.path:
        return answered(Effect.tap(receive, ({ spans }) => (spans.length === 0 ? Effect.void : consume.spans(spans))))
      case GrpcReceiver.logsPath:
        return receiveBody.pipe(
          Effect.flatMap((body) => Effect.fromResult(OtlpBody.decodeLogs(body, "protobuf"))),
          Effect.tap(({ logs }) => (logs.length === 0 ? Effect.void : consume.logs(logs))),
          answered
        )
      default:
        return Effect.succeed(unknown)
    }
  })
  const address = server.address() as Net.AddressInfo
  return `${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`
})
