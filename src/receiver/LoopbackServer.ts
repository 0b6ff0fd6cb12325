/**
 * An HTTP server for this machine alone.
 *
 * Listens on a loopback address and answers only requests that name one in
 * their `Host`, so that a web page cannot reach it through a name of its own
 * (DNS rebinding). No CORS. Nothing in it is traced, whatever tracer the
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

export interface LoopbackServerOptions {
  /** The port to ask for; a free one is used when it is taken. 0, the default, asks for a free one. */
  readonly port?: number | undefined
  readonly host?: "127.0.0.1" | "::1" | undefined
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

const server = ({ host = "127.0.0.1", port = 0 }: LoopbackServerOptions) =>
  Layer.effect(
    HttpServer.HttpServer,
    listen(port, host).pipe(
      Effect.catchIf(
        (error) => port !== 0 && isUnavailable(error),
        () => listen(0, host)
      )
    )
  )

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i

const guard = HttpRouter.middleware(
  (app) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      loopbackHost.test(request.headers.host ?? "")
        ? app
        : Effect.succeed(HttpServerResponse.text("This server answers to localhost only.\n", { status: 403 }))
    ),
  { global: true }
)

const untraced = Layer.merge(
  Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true),
  Layer.succeed(Tracer.Tracer, Tracer.nativeTracer)
)

/** Serves the routes; the `HttpServer` it provides knows the address it got. */
export const layer = (
  routes: Layer.Layer<never, never, HttpRouter.HttpRouter>,
  options: LoopbackServerOptions = {}
): Layer.Layer<HttpServer.HttpServer, ServeError> =>
  HttpRouter.serve(Layer.merge(routes, guard), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(server(options)),
    Layer.provide(untraced)
  )
