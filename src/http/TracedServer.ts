/**
 * A span for every request that an HTTP server answers.
 *
 * The span continues the trace of whoever sent the request, and is named by
 * the route that answered: `GET /workflows/:id`.
 *
 * ```ts
 * HttpRouter.serve(App).pipe(
 *   Layer.provide(TracedServer.layer),
 *   Layer.provide(NodeHttpServer.layer(createServer, { port: 3000 }))
 * )
 * ```
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import { HttpServer } from "effect/http/HttpServer"
import { causeResponse, isHttpServerError } from "effect/http/HttpServerError"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import { type HttpServerResponse, isHttpServerResponse } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import { isOff } from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as Failure from "../model/Failure.ts"
import { AttributeProfile } from "../model/References.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as SpanOpener from "../model/SpanOpener.ts"
import * as Carrier from "../propagation/Carrier.ts"
import * as HttpSpan from "./HttpSpan.ts"
import * as IncomingRequest from "./IncomingRequest.ts"
import * as RequestMethod from "./RequestMethod.ts"

/**
 * Opens a server span around an app.
 *
 * {@link layer} puts it in the right place by itself. By hand it belongs outside everything else, on a server whose
 * own tracer is off (`HttpMiddleware.TracerDisabledWhen`); otherwise each request gets two server spans.
 *
 * A 5xx answer is an error, with the failure's type or else the status as `error.type`. A failure that is answered
 * below 500, such as a route that is not found, is none, and neither is a client that goes away.
 */
export const middleware = <E, R>(
  app: Effect.Effect<HttpServerResponse, E, R | HttpServerRequest>
): Effect.Effect<HttpServerResponse, E, R | HttpServerRequest> =>
  Effect.withFiber((fiber) => {
    const request = Context.getUnsafe(fiber.context, HttpServerRequest)
    const context = Carrier.extractFor(fiber, request.headers)
    if (isOff(fiber)) return Carrier.continueWith(app, context)
    const answered = HttpSpan.use(
      RequestMethod.spanName(request.method),
      {
        kind: "server",
        attributes: IncomingRequest.attributes(request, fiber.getRef(AttributeProfile)),
        ...parentOf(fiber, context.span)
      },
      app,
      (span, exit, current) => conclude(request, span, exit, current)
    )
    return Carrier.surround(answered, context)
  })

/** Whoever sent the request; or, where other instrumentation has opened a server span for it, that span. */
const parentOf = (
  fiber: Fiber.Fiber<unknown, unknown>,
  remote: SpanContext.SpanContext | undefined
): Pick<Tracer.SpanOptionsNoTrace, "parent" | "root"> => {
  const parent =
    SpanOpener.fromTracer(fiber.getRef(Tracer.Tracer))?.receiving?.() ?? (remote && SpanContext.toExternalSpan(remote))
  return parent === undefined ? { root: true } : { parent }
}

const conclude = (
  request: HttpServerRequest,
  span: Tracer.Span,
  exit: Exit.Exit<HttpServerResponse, unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<Exit.Exit<unknown, unknown>> => {
  const route = span.attributes.get(AttributeKeys.httpRoute)
  if (typeof route === "string") {
    const name = `${RequestMethod.spanName(request.method)} ${route}`
    SpanOpener.fromTracer(fiber.getRef(Tracer.Tracer))?.rename(span, name)
  }
  if (Exit.isSuccess(exit)) return Effect.succeed(ending(span, exit.value.status, Cause.empty, fiber))
  return Effect.map(statusOf(exit.cause), (status) => ending(span, status, exit.cause, fiber))
}

/** The status that a failure was answered with; where nothing has answered yet, the one that Effect will answer with. */
const statusOf = (cause: Cause.Cause<unknown>): Effect.Effect<number> => {
  const sent = cause.reasons.filter(Cause.isDieReason).findLast(({ defect }) => isHttpServerResponse(defect))
  return sent === undefined
    ? Effect.suspend(() => causeResponse(cause)).pipe(
        Effect.map(([response]) => response.status),
        // An error that cannot say how to respond to it is Effect's to report.
        Effect.catchCause(() => Effect.succeed(500))
      )
    : Effect.succeed((sent.defect as HttpServerResponse).status)
}

const ending = (
  span: Tracer.Span,
  status: number,
  cause: Cause.Cause<unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Exit.Exit<unknown, unknown> => {
  span.attribute(AttributeKeys.httpResponseStatusCode, status)
  if (fiber.getRef(AttributeProfile) === "gorax") span.attribute(AttributeKeys.oldHttpStatusCode, status)
  if (status >= 500) {
    const failure = failureOf(cause)
    if (failure === undefined) return HttpSpan.failedWithStatus(span, status, fiber)
    span.attribute(AttributeKeys.errorType, typeOf(Cause.squash(failure)))
    return Exit.failCause(failure)
  }
  const interrupts = cause.reasons.filter(Cause.isInterruptReason)
  return interrupts.length > 0 && failureOf(cause) === undefined
    ? Exit.failCause(Cause.fromReasons(interrupts))
    : Exit.void
}

/** What went wrong, without the response that Effect puts into a cause when it has answered. */
const failureOf = (cause: Cause.Cause<unknown>): Cause.Cause<unknown> | undefined => {
  const reason =
    cause.reasons.find(Cause.isFailReason) ??
    cause.reasons.find((reason) => Cause.isDieReason(reason) && !isHttpServerResponse(reason.defect))
  return reason === undefined ? undefined : Cause.fromReasons([reason])
}

const typeOf = (error: unknown): string =>
  isHttpServerError(error) ? error.reason._tag : Failure.fromUnknown(error).type

/**
 * Traces every app that an `HttpServer` serves.
 *
 * Puts {@link middleware} outside everything else and turns Effect's own server tracer off, so that a request has
 * exactly one server span. Requests that `HttpMiddleware.TracerDisabledWhen` names get none, as Effect promises.
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
      const outermost = (app: App): App =>
        Effect.flatMap(HttpServerRequest, (request) => (ignored(request) ? inner(app) : middleware(inner(app))))
      return Effect.provideService(server.serve(effect, outermost), HttpMiddleware.TracerDisabledWhen, () => true)
    })
})
