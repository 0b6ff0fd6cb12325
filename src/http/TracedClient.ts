/**
 * A span for every request that an HTTP client sends.
 *
 * The span is named by the method, `GET`, or with a template, `GET
 * /users/{id}`; never by the path, which may name anything and anybody. The
 * context goes out with the request, to hosts that may have it.
 *
 * ```ts
 * program.pipe(Effect.provide(TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer))))
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import { type HttpClientError, isHttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { isOff } from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { AttributeProfile, CurrentPropagator } from "../model/References.ts"
import { redactUrl } from "../model/SensitiveKeys.ts"
import { Leaf } from "../model/SpanHints.ts"
import * as Carrier from "../propagation/Carrier.ts"
import * as Egress from "../propagation/Egress.ts"
import * as HttpSpan from "./HttpSpan.ts"
import * as RequestMethod from "./RequestMethod.ts"

/** The template of the requests that the fiber sends. */
const CurrentTemplate = Context.Reference<string | undefined>("@gorax/tracing/http/TracedClient/CurrentTemplate", {
  defaultValue: () => undefined
})

/**
 * Names the requests of an effect by the template of their path, such as `/users/{id}`. All requests that the effect
 * sends are named so; put it around one.
 */
export const withTemplate: {
  (template: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, template: string): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, template: string): Effect.Effect<A, E, R> =>
  Effect.provideService(self, CurrentTemplate, template)
)

/** Traces the application's `HttpClient`, whichever it is. */
export const layer: Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, (client) => make(client))
)

/** `fetch` and its like may be instrumented too: neither a second span nor second headers for one request. */
const leaf = Context.make(Leaf, true)

type Send = Effect.Effect<HttpClientResponse, HttpClientError>

/**
 * Traces one client.
 *
 * A span covers the request until its response begins; retries put around the traced client get a span each. Answers
 * of 400 and above are errors, as the conventions have it for clients, and so are requests that do not get through.
 *
 * Effect's own client span and its headers are off inside. What Effect's references say still holds: no span and no
 * headers under `HttpClient.TracerDisabledWhen` and `Tracer.DisablePropagation`, no headers without
 * `HttpClient.TracerPropagationEnabled`. Instrumentation of `fetch`, undici or `node:http` stays silent inside as well.
 */
export const make = <E, R>(client: HttpClient.HttpClient.With<E, R>): HttpClient.HttpClient.With<E, R> => {
  // What the client may fail with and need passes through unseen.
  const bare = client as unknown as HttpClient.HttpClient
  // Effect's constructor resolves the URL and knows who may abort the request, so both are left to it.
  const traced = HttpClient.make((request, url, signal, fiber) => {
    const inner = underSignal(bare, signal)
    return isOff(fiber) ? inner(withContext(fiber, request, url, undefined)) : send(fiber, request, url, inner)
  })
  const postprocess = (request: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
    Effect.flatMap(request, (request) =>
      Effect.withFiber((fiber) =>
        fiber.getRef(Tracer.DisablePropagation) || fiber.getRef(HttpClient.TracerDisabledWhen)(request)
          ? bare.postprocess(Effect.succeed(request))
          : Effect.provideService(
              traced.postprocess(Effect.succeed(request)),
              HttpClient.TracerDisabledWhen,
              () => true
            )
      )
    )
  return HttpClient.makeWith(postprocess, bare.preprocess as never) as unknown as HttpClient.HttpClient.With<E, R>
}

const send = (
  fiber: Fiber.Fiber<unknown, unknown>,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  inner: (request: HttpClientRequest.HttpClientRequest) => Send
): Send => {
  const template = fiber.getRef(CurrentTemplate)
  const method = RequestMethod.spanName(request.method)
  return HttpSpan.use(
    template === undefined ? method : `${method} ${template}`,
    { kind: "client", attributes: attributesOf(fiber, request, url, template), annotations: leaf },
    Effect.withFiber((fiber) => inner(withContext(fiber, request, url, fiber.cache.span))),
    (span, exit, fiber) => Effect.succeed(ending(span, exit, fiber))
  )
}

const attributesOf = (
  fiber: Fiber.Fiber<unknown, unknown>,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  template: string | undefined
): Record<string, unknown> => ({
  ...RequestMethod.attributes(request.method),
  [AttributeKeys.urlFull]: redactUrl(url),
  [AttributeKeys.urlTemplate]: template,
  [AttributeKeys.serverAddress]: url.hostname.replace(/^\[|\]$/g, ""),
  [AttributeKeys.serverPort]: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port),
  [AttributeKeys.oldHttpMethod]: fiber.getRef(AttributeProfile) === "gorax" ? request.method : undefined
})

const ending = (
  span: Tracer.Span,
  exit: Exit.Exit<HttpClientResponse, HttpClientError>,
  fiber: Fiber.Fiber<unknown, unknown>
): Exit.Exit<unknown, unknown> => {
  if (Exit.isFailure(exit)) {
    const error = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
    if (isHttpClientError(error)) span.attribute(AttributeKeys.errorType, error.reason._tag)
    return exit
  }
  const { status } = exit.value
  span.attribute(AttributeKeys.httpResponseStatusCode, status)
  if (fiber.getRef(AttributeProfile) === "gorax") span.attribute(AttributeKeys.oldHttpStatusCode, status)
  return status >= 400 ? HttpSpan.failedWithStatus(span, status, fiber) : Exit.void
}

/** The request with the span's context in place of any that it had; as it was, towards hosts that may not have it. */
const withContext = (
  fiber: Fiber.Fiber<unknown, unknown>,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  span: Tracer.AnySpan | undefined
): HttpClientRequest.HttpClientRequest => {
  if (!fiber.getRef(HttpClient.TracerPropagationEnabled) || !Egress.isAllowed(fiber, url)) return request
  const written = Carrier.headersOf(fiber, span)
  // A request's own baggage stays where the fiber has none; an old trace context never stays beside a new one.
  const stale = Object.keys(written).some((name) => name !== "baggage")
    ? (fiber.getRef(CurrentPropagator) ?? Carrier.defaultPropagator).fields.filter((name) => name !== "baggage")
    : []
  return HttpClientRequest.updateHeaders(request, (headers) =>
    Headers.setAll(Headers.removeMany(headers, stale), written)
  )
}

/**
 * Sends a request that an outer request's signal can abort.
 *
 * Effect finds the scope of a request (`HttpClient.withScope`) by its identity, which a request with other headers
 * loses; so the inner request lives in a scope that the outer signal closes.
 */
const underSignal = (
  client: HttpClient.HttpClient,
  signal: AbortSignal
): ((request: HttpClientRequest.HttpClientRequest) => Send) => {
  const scoped = HttpClient.withScope(client)
  return (request) => {
    const scope = Scope.makeUnsafe()
    signal.addEventListener("abort", () => Effect.runFork(Scope.close(scope, Exit.void)), { once: true })
    return Scope.provide(scoped.postprocess(Effect.succeed(request)), scope)
  }
}
