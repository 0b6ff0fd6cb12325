/**
 * A span for every request that an HTTP server answers.
 *
 * The span continues the trace of whoever sent the request and may be
 * believed, and is named by the route that answered: `GET /workflows/:id`. It
 * ends when the response has been sent, also where that is a stream or a
 * socket, or when somebody has gone away.
 *
 * ```ts
 * HttpRouter.serve(App).pipe(
 *   Layer.provide(TracedServer.layer),
 *   Layer.provide(NodeHttpServer.layer(createServer, { port: 3000 }))
 * )
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import { HttpServer } from "effect/http/HttpServer"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import { type HttpServerResponse, setHeader } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as NetAddress from "effect/net/NetAddress"
import type * as Tracer from "effect/Tracer"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { HttpRecording } from "../model/HttpRecording.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as IncomingRequest from "./IncomingRequest.ts"
import * as ServerSpan from "./ServerSpan.ts"
import * as ServerTiming from "./ServerTiming.ts"
import * as TrustWarning from "./TrustWarning.ts"

export { inRequest, type Listener, nameRoute, node } from "./NodeListener.ts"

/**
 * Opens a server span around an app.
 *
 * {@link layer} puts it in the right place by itself. By hand it belongs outside everything else, on a server whose
 * own tracer is off (`HttpMiddleware.TracerDisabledWhen`); otherwise each request gets two server spans.
 *
 * A 5xx answer is an error, with the failure's type or else the status as `error.type`, and so is a response that fails
 * halfway. A failure that is answered below 500, such as a route that is not found, is none, and neither is a client
 * that goes away.
 */
export const middleware = <E, R>(
  app: Effect.Effect<HttpServerResponse, E, R | HttpServerRequest>
): Effect.Effect<HttpServerResponse, E, R | HttpServerRequest> =>
  Effect.withFiber((fiber) => traced(fiber, Context.getUnsafe(fiber.context, HttpServerRequest), app))

const traced = <E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  request: HttpServerRequest,
  app: Effect.Effect<HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse, E, R> =>
  ServerSpan.around(
    fiber,
    IncomingRequest.fromEffect(request),
    fiber.getRef(HttpRecording).serverTiming ? withServerTiming(app) : app,
    (span, exit, current) =>
      ServerSpan.ending(
        span,
        request.method,
        span.attributes.get(AttributeKeys.httpRoute),
        ServerSpan.answerFrom(exit as Exit.Exit<HttpServerResponse, unknown>, request),
        current
      )
  )

/** Names the span in the response, where a browser's developer tools and scripts find it. */
const withServerTiming = <E, R>(
  app: Effect.Effect<HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse, E, R> =>
  Effect.withFiber((fiber) => {
    const span = SpanContext.visible(fiber.cache.span)
    if (span !== undefined) {
      HttpEffect.appendPreResponseHandlerUnsafe(fiber.context, (_, response) => Effect.succeed(timed(response, span)))
    }
    return app
  })

const timed = (response: HttpServerResponse, span: Tracer.AnySpan): HttpServerResponse => {
  const metric = ServerTiming.metricOf(span)
  const others = response.headers["server-timing"]
  return metric === undefined
    ? response
    : setHeader(response, "server-timing", others === undefined ? metric : `${others}, ${metric}`)
}

/**
 * Traces every app that an `HttpServer` serves.
 *
 * Puts {@link middleware} outside everything else and turns Effect's own server tracer off, so that a request has
 * exactly one server span. Requests that `HttpMiddleware.TracerDisabledWhen` names get none, as Effect promises; those
 * that `TRACING_HTTP_IGNORE` names are left out with all that happens below them.
 */
export const layer: Layer.Layer<HttpServer, never, HttpServer> = Layer.effect(
  HttpServer,
  Effect.map(HttpServer, (server) => decorate(server))
)

type App = Effect.Effect<HttpServerResponse, unknown, HttpServerRequest>

const decorate = (server: HttpServer["Service"]): HttpServer["Service"] => ({
  address: server.address,
  serve: (effect: App, inner: (app: App) => App = (app) => app) =>
    Effect.withFiber((fiber) => {
      const ignored = fiber.getRef(HttpMiddleware.TracerDisabledWhen)
      const outermost = (app: App): App => {
        const wrapped = inner(app)
        return Effect.withFiber((current) => {
          const request = Context.getUnsafe(current.context, HttpServerRequest)
          return ignored(request) ? wrapped : traced(current, request, wrapped)
        })
      }
      const serving = Effect.updateContext(server.serve(effect, outermost), withRoom)
      const address = addressOf(server)
      return TrustWarning.isDue(fiber, address) ? Effect.andThen(TrustWarning.log(address!), serving) : serving
    })
})

/**
 * What requests are answered in, with Effect's own tracer off. It is laid flat here, with room for all that a request
 * adds: Effect copies all of a context that is full, and would for every request.
 */
const withRoom = <R>(context: Context.Context<R>): Context.Context<R> =>
  Context.makeUnsafe(Context.add(context, HttpMiddleware.TracerDisabledWhen, () => true).mapUnsafe, { maxDepth: 16 })

/** The address that a server listens on; none for a socket of the file system. */
const addressOf = ({ address }: HttpServer["Service"]): string | undefined =>
  NetAddress.isUnixPathAddress(address) ? undefined : NetAddress.formatIp(address.address)
