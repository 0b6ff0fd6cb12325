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
import type { Consume } from "../receiver/OtlpReceiver.ts"
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

/** Takes spans until the scope closes. Gives the address to send to: `127.0.0.1:4317`, or a later port. */
export const make = Effect.fnUntraced(function* (
  consume: Consume,
  port: number,
  host: string
): Effect.fn.Return<string, ServeError, Scope.Scope> {
  const { server } = yield* acquire
  yield* LoopbackServer.onFreePort(port, (next) => listen(server, next, host))
  yield* GrpcReceiver.serve(server, ({ path, receive }) =>
    path === GrpcReceiver.path
      ? receive.pipe(
          Effect.tap(({ spans }) => (spans.length === 0 ? Effect.void : consume(spans))),
          Effect.match({
            onFailure: GrpcReceiver.fromError,
            onSuccess: (received): GrpcReceiver.GrpcOutcome => ({ status: 0, body: OtlpResponse.toProtobuf(received) })
          })
        )
      : Effect.succeed({ status: 12, message: "only traces are taken here" })
  )
  const address = server.address() as Net.AddressInfo
  return `${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`
})
