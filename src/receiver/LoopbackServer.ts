/**
 * An HTTP server for this machine alone, unless it is told otherwise.
 *
 * Listens on a loopback address and answers only requests that name one in
 * their `Host`, so that a web page cannot reach it through a name of its own
 * (DNS rebinding), and none that a page of another origin sent. No CORS. Told
 * to listen elsewhere it answers to addresses, which nobody can rebind, and to
 * the names it is given. Nothing in it is traced, whatever tracer the
 * program has: a receiver that traced itself would never come to rest.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import * as Http from "node:http"
import * as Net from "node:net"

export interface LoopbackServerOptions {
  /** The port to ask for; the next free one is used when it is taken. 0, the default, asks for any free one. */
  readonly port?: number | undefined
  /** The address to listen on. Default 127.0.0.1; any other than loopback shows everything to whoever can reach it. */
  readonly host?: string | undefined
  /** Further names it answers to, without port. */
  readonly names?: ReadonlyArray<string> | undefined
}

/** Node closes idle connections when it stops listening; this one also those that become idle after that. */
const createServer = (): Http.Server => {
  const server = Http.createServer()
  server.on("request", (_, response) => {
    response.once("finish", () => {
      if (!server.listening) server.closeIdleConnections()
    })
  })
  return server
}

const listen = (port: number, host: string) =>
  NodeHttpServer.make(createServer, { port, host, gracefulShutdownTimeout: "1 second" })

/** Taken by another process, or reserved by the system. */
const isUnavailable = (error: ServeError): boolean =>
  ["EADDRINUSE", "EACCES"].includes(String(Reflect.get(Object(error.cause), "code")))

/** Listens on the port that is asked for, on one of the nine behind it when it is taken, and at last on any. */
export const onFreePort = <A, R>(
  port: number,
  listen: (port: number) => Effect.Effect<A, ServeError, R>
): Effect.Effect<A, ServeError, R> => {
  if (port === 0) return listen(0)
  const behind = Array.from({ length: 9 }, (_, index) => port + 1 + index).filter((next) => next < 65_536)
  return [...behind, 0].reduce(
    (attempt, next) => attempt.pipe(Effect.catchIf(isUnavailable, () => listen(next))),
    listen(port)
  )
}

const server = ({ host = "127.0.0.1", port = 0 }: LoopbackServerOptions) =>
  Layer.effect(
    HttpServer.HttpServer,
    onFreePort(port, (next) => listen(next, host))
  )

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i

/** `127.0.0.1:4318` or `[::1]:4318` without port and brackets. */
const nameOf = (host: string): string =>
  host
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase()

const forbidden = (text: string) => Effect.succeed(HttpServerResponse.text(`${text}\n`, { status: 403 }))

const guard = ({ host = "127.0.0.1", names = [] }: LoopbackServerOptions) => {
  const known = new Set(names.map((name) => name.toLowerCase()))
  const isOpen = !loopback.test(host)
  const answersTo = (name: string): boolean =>
    loopback.test(name) || known.has(name) || (isOpen && Net.isIP(name) !== 0)
  return HttpRouter.middleware(
    (app) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
        if (!answersTo(nameOf(headers.host ?? ""))) {
          return forbidden(
            isOpen
              ? "This server answers to addresses and the names it was given."
              : "This server answers to localhost only."
          )
        }
        const { origin } = headers
        const isOwn = origin === undefined || (URL.canParse(origin) && new URL(origin).host === headers.host)
        return isOwn ? app : forbidden("This server answers to its own page only.")
      }),
    { global: true }
  )
}

const untraced = Layer.merge(
  Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true),
  Layer.succeed(Tracer.Tracer, Tracer.nativeTracer)
)

/** Serves the routes; the `HttpServer` it provides knows the address it got. */
export const layer = (
  routes: Layer.Layer<never, never, HttpRouter.HttpRouter>,
  options: LoopbackServerOptions = {}
): Layer.Layer<HttpServer.HttpServer, ServeError> =>
  HttpRouter.serve(Layer.merge(routes, guard(options)), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(server(options)),
    Layer.provide(untraced)
  )
