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
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Context from "effect/Context"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { isOff } from "../internal/spanCombinator.ts"
import * as Egress from "../propagation/Egress.ts"
import * as ClientSpan from "./ClientSpan.ts"
import * as GuardedFetch from "./GuardedFetch.ts"

export { untilRead, withTemplate } from "./ClientSpan.ts"
export { fetch } from "./TracedFetch.ts"

/** Traces the application's `HttpClient`, whichever it is. */
export const layer: Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, (client) => make(client))
)

type Send = Effect.Effect<HttpClientResponse, HttpClientError>

/**
 * Traces one client.
 *
 * A span covers the request until its response begins ({@link untilRead}: until its body is read); retries and
 * `HttpClient.followRedirects` put around the traced client get a span for each request. Redirects that `fetch` follows
 * are part of the one span that it was called in, and for each of them it is asked anew whether its host may have the
 * context. Answers of 400 and above are errors, as the conventions have it for clients, and so are requests that do not
 * get through. `HttpClient.followRedirects` belongs around the traced client: inside it, nobody is asked.
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
    const send = Effect.withFiber((fiber) => inner(withContext(fiber, request, url)))
    if (isOff(fiber)) return send
    const { body, headers, method } = request
    const size = "contentLength" in body ? body.contentLength : undefined
    return ClientSpan.around(fiber, { method, url, headers, size }, send, headOf)
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

const headOf = ({ headers, status }: HttpClientResponse): ClientSpan.ResponseHead => ({ headers, status })

/**
 * A request with the current context in place of any that it had, and with none at all towards a host that may not have
 * it.
 */
const withContext = (
  fiber: Fiber.Fiber<unknown, unknown>,
  request: HttpClientRequest.HttpClientRequest,
  url: URL
): HttpClientRequest.HttpClientRequest => {
  if (!fiber.getRef(HttpClient.TracerPropagationEnabled)) return request
  const { remove, write } = Egress.changeFor(fiber, url)
  return HttpClientRequest.updateHeaders(request, (headers) =>
    Headers.setAll(Headers.removeMany(headers, remove), write)
  )
}

/**
 * The client, with the `fetch` that asks anew for every redirect in place of the one that it would use.
 *
 * `FetchHttpClient.layer` keeps what it was made with to itself. A request is taken inside, so that is where the `fetch`
 * is found and replaced; the client restores the context when it is done. Clients that fetch nothing do not notice.
 */
const guarding = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  HttpClient.makeWith(
    (request: Effect.Effect<HttpClientRequest.HttpClientRequest, HttpClientError>) =>
      client.postprocess(
        Effect.flatMap(request, (request) =>
          Effect.withFiber((fiber) => {
            if (fiber.getRef(HttpClient.TracerPropagationEnabled)) {
              const guarded = GuardedFetch.make(fiber.getRef(FetchHttpClient.Fetch), (to) =>
                Egress.changeFor(fiber, to)
              )
              fiber.setContext(Context.add(fiber.context, FetchHttpClient.Fetch, guarded))
            }
            return Effect.succeed(request)
          })
        ) as Effect.Effect<HttpClientRequest.HttpClientRequest>
      ),
    client.preprocess
  )

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
  const scoped = HttpClient.withScope(guarding(client))
  return (request) => {
    const scope = Scope.makeUnsafe()
    signal.addEventListener("abort", () => Effect.runFork(Scope.close(scope, Exit.void)), { once: true })
    return Scope.provide(scoped.postprocess(Effect.succeed(request)), scope)
  }
}
