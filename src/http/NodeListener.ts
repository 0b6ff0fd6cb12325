/**
 * Server spans for a plain `(request, response)` listener, such as an Express app.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Tracer from "effect/Tracer"
import type { EventEmitter } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { HttpRecording } from "../model/HttpRecording.ts"
import { CurrentBaggage } from "../model/References.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as Ambient from "./Ambient.ts"
import * as IncomingRequest from "./IncomingRequest.ts"
import * as RecordedHeaders from "./RecordedHeaders.ts"
import * as ServerSpan from "./ServerSpan.ts"
import * as ServerTiming from "./ServerTiming.ts"
import * as TrustWarning from "./TrustWarning.ts"

/** What `http.createServer` is given: a function of its own, or an app of Express, Koa, Fastify, Connect. */
export type Listener<Request, Response> = (request: Request, response: Response) => unknown

/** The context that each request is answered in. */
const contexts = new WeakMap<IncomingMessage, Context.Context<never>>()

/**
 * Names the route that answers a request: `nameRoute(request, "/orders/:id")`. Where Express has routed the request this
 * happens by itself. Without a route a span is named by its method alone, and never by its path.
 */
export const nameRoute = (request: IncomingMessage, route: string): void => {
  const span = spanOf(request)
  if (span?._tag === "Span") span.attribute(AttributeKeys.httpRoute, route)
}

/**
 * Hears of the route when Express puts it on the request: later a router that failed has taken its part of the path away
 * again, and a sampler would not know it.
 */
const hearRoute = (request: IncomingMessage & { readonly baseUrl?: unknown }): void => {
  let route: unknown
  Object.defineProperty(request, "route", {
    configurable: true,
    enumerable: true,
    get: () => route,
    set(found: { readonly path?: unknown } | undefined) {
      route = found
      const { baseUrl } = request
      if (typeof found?.path === "string") {
        nameRoute(request, `${typeof baseUrl === "string" ? baseUrl : ""}${found.path}`)
      }
    }
  })
}

const spanOf = (request: IncomingMessage): Tracer.AnySpan | undefined => {
  const context = contexts.get(request)
  return context === undefined ? undefined : Context.getOrUndefined(context, Tracer.ParentSpan)
}

/**
 * Runs an effect under the span, and with the baggage, of a request that a traced listener answers.
 *
 * ```ts
 * app.get("/orders/:id", (request, response) =>
 *   runtime.runPromise(findOrder(request.params.id).pipe(TracedServer.inRequest(request))).then(…))
 * ```
 */
export const inRequest: {
  (request: IncomingMessage): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, request: IncomingMessage): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, request: IncomingMessage): Effect.Effect<A, E, R> => {
  const context = contexts.get(request)
  const span = spanOf(request)
  if (context === undefined) return self
  const withBaggage = Effect.provideService(self, CurrentBaggage, Context.get(context, CurrentBaggage))
  return span === undefined ? withBaggage : Effect.provideService(withBaggage, Tracer.ParentSpan, span)
})

const bind = (emitter: EventEmitter, inside: Ambient.Inside): void => {
  const emit = emitter.emit.bind(emitter)
  emitter.emit = (...args) => inside(() => emit(...args))
}

/** Calls the listener, and is done when the response is. What the listener throws is its caller's. */
class Call<Request extends IncomingMessage, Response extends ServerResponse> {
  readonly request: Request
  readonly response: Response
  readonly #listener: Listener<Request, Response>
  /** What the listener returned. */
  returned: unknown
  /** What it threw at once. */
  thrown: Cause.Cause<unknown> | undefined

  constructor(listener: Listener<Request, Response>, request: Request, response: Response) {
    this.#listener = listener
    this.request = request
    this.response = response
  }

  readonly answer: Effect.Effect<void> = Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      const { request, response } = this
      const { context } = fiber
      const inside = Ambient.inside(context)
      contexts.set(request, context)
      hearRoute(request)
      // Events of a request come from its connection, which knows nothing of it
      for (const emitter of [request, response]) bind(emitter, inside)
      if (Context.get(context, HttpRecording).serverTiming) announce(response, fiber.cache.span)
      response.once("close", () => resume(response.writableFinished ? Effect.void : Effect.interrupt))
      try {
        this.returned = inside(() => this.#listener(request, response))
      } catch (error) {
        this.thrown = Cause.die(error)
        resume(Effect.void)
      }
    })
  )

  ended(exit: Exit.Exit<unknown, unknown>): ServerSpan.Answer {
    const { response, thrown } = this
    const interrupted = thrown === undefined && Exit.isFailure(exit)
    return {
      status: response.headersSent ? response.statusCode : thrown === undefined ? 499 : 500,
      headers: response.getHeaders(),
      size: RecordedHeaders.sizeFrom(response.getHeader("content-length")),
      failure: thrown,
      interrupted,
      cut: response.headersSent && !response.writableFinished
    }
  }
}

const announce = (response: ServerResponse, current: Tracer.AnySpan | undefined): void => {
  const span = SpanContext.visible(current)
  const metric = span === undefined ? undefined : ServerTiming.metricOf(span)
  if (metric !== undefined) response.appendHeader("server-timing", metric)
}

/**
 * Wraps a listener of `node:http`, so that each request it answers has a server span.
 *
 * The span continues the trace of its sender, where that may be believed, and ends when the response has been sent or
 * its connection is gone. Inside the listener, in its promises and events, `TracedClient.fetch` and code that knows
 * OpenTelemetry see the span; `inRequest` brings an effect under it, and `nameRoute` names it.
 *
 * The listener is called as ever: at once, with the same objects, and what it throws or returns is the server's.
 *
 * ```ts
 * const listener = yield* TracedServer.node(app)
 * createServer(listener).listen(3000)
 * ```
 */
export const node = <Request extends IncomingMessage, Response extends ServerResponse>(
  listener: Listener<Request, Response>
): Effect.Effect<Listener<Request, Response>> =>
  Effect.contextWith((services) => {
    const run = Effect.runForkWith(services)
    let watched = true
    /** A listener does not know where its server listens until it is reached there. */
    const watch = (fiber: Fiber.Fiber<unknown, unknown>, address: string | undefined): void => {
      if (!TrustWarning.isDue(fiber, address)) return
      watched = false
      run(TrustWarning.log(address!))
    }
    return Effect.succeed((request: Request, response: Response): unknown => {
      const call = new Call(listener, request, response)
      run(
        Effect.withFiber((fiber) => {
          if (watched) watch(fiber, request.socket.localAddress)
          const incoming = IncomingRequest.fromNode(request)
          return ServerSpan.around(fiber, incoming, call.answer, (span, exit, current) =>
            ServerSpan.ending(
              span,
              incoming.method,
              span.attributes.get(AttributeKeys.httpRoute),
              call.ended(exit),
              current
            )
          )
        })
      )
      if (call.thrown !== undefined) throw Cause.squash(call.thrown)
      return call.returned
    })
  })
