/**
 * A `fetch` whose requests have spans, for code that knows nothing else.
 */
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { isOff } from "../internal/spanCombinator.ts"
import * as Egress from "../propagation/Egress.ts"
import * as Ambient from "./Ambient.ts"
import * as ClientSpan from "./ClientSpan.ts"
import * as GuardedFetch from "./GuardedFetch.ts"

type Fetch = GuardedFetch.Fetch

const headOf = (response: Response): ClientSpan.ResponseHead => ({
  status: response.status,
  get headers() {
    return Object.fromEntries(response.headers)
  }
})

const send = (input: Parameters<Fetch>[0], init: RequestInit | undefined): Effect.Effect<Response, unknown> =>
  Effect.withFiber((fiber) => {
    const sent = Effect.withFiber((inner) => {
      const guarded = GuardedFetch.make(fiber.getRef(FetchHttpClient.Fetch), (url) => Egress.changeFor(inner, url))
      return Effect.tryPromise({ try: () => guarded(input, init), catch: (error) => error })
    })
    const request = input instanceof Request ? input : undefined
    const url = request?.url ?? String(input)
    if (isOff(fiber) || !URL.canParse(url)) return sent
    const outgoing: ClientSpan.OutgoingRequest = {
      method: (init?.method ?? request?.method ?? "GET").toUpperCase(),
      url: new URL(url),
      get headers() {
        return Object.fromEntries(new Headers((init?.headers ?? request?.headers) as Headers | undefined))
      },
      size: typeof init?.body === "string" ? Buffer.byteLength(init.body) : undefined
    }
    return ClientSpan.around(fiber, outgoing, sent, headOf)
  })

/**
 * Makes a `fetch` of the same signature that opens a client span for each request and hands the context to hosts that
 * may have it.
 *
 * A request hangs under the span of the fiber, or of the request of `TracedServer.node`, that is running when it is
 * called; else under the one in which it was made. Its span ends when the response begins.
 *
 * ```ts
 * const fetch = yield* TracedClient.fetch
 * const response = yield* Effect.promise(() => fetch("https://api.example.com/orders"))
 * ```
 */
export const fetch: Effect.Effect<typeof globalThis.fetch> = Effect.contextWith((captured) => {
  const traced = (input: Parameters<Fetch>[0], init?: RequestInit): Promise<Response> =>
    Effect.runPromiseWith(Ambient.over(captured))(send(input, init))
  return Effect.succeed(traced)
})
