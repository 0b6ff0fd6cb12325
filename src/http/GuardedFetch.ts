/**
 * A `fetch` that asks anew, for every redirect, whether the next host may have the trace context.
 *
 * `fetch` follows redirects out of sight and takes all headers along but those
 * of authorization, to whatever host it is sent. So the redirects that a
 * program leaves to `fetch` are followed here, by the rules of the standard.
 *
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */

import type { HeaderChange } from "../propagation/Egress.ts"

export type Fetch = typeof globalThis.fetch

type Body = NonNullable<RequestInit["body"]>

/** Decides what the headers of a request to a URL may carry, and what they must not. */
export type Guard = (url: URL) => HeaderChange

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const mostRedirects = 20
const ofTheBody = ["content-encoding", "content-language", "content-location", "content-type", "content-length"]
const ofTheOrigin = ["authorization", "proxy-authorization", "cookie", "host"]

/** One request of a chain. */
interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: () => Body | null
  /** True where the body is gone once it was sent. */
  readonly once: boolean
}

const changed = (headers: Headers, { remove, write }: HeaderChange): Headers => {
  const sent = new Headers(headers)
  for (const name of remove) sent.delete(name)
  for (const [name, value] of Object.entries(write)) sent.set(name, value)
  return sent
}

/** The URL that a response sends on to; `undefined` where it sends nowhere. */
const locationOf = (response: Response, from: URL): URL | undefined => {
  const location = redirects.has(response.status) ? response.headers.get("location") : null
  if (location === null) return undefined
  if (!URL.canParse(location, from.href)) throw new TypeError("fetch failed: a redirect leads to no URL")
  const to = new URL(location, from)
  if (to.protocol !== "http:" && to.protocol !== "https:") {
    throw new TypeError("fetch failed: a redirect leads to no URL of HTTP")
  }
  if (to.hash === "") to.hash = from.hash
  return to
}

const noBody = () => null

const nextHop = ({ body, headers, method, once, url }: Hop, status: number, to: URL): Hop => {
  const kept = new Headers(headers)
  const becomesGet =
    ((status === 301 || status === 302) && method === "POST") ||
    (status === 303 && method !== "GET" && method !== "HEAD")
  if (becomesGet) for (const name of ofTheBody) kept.delete(name)
  if (to.origin !== url.origin) for (const name of ofTheOrigin) kept.delete(name)
  if (becomesGet) return { url: to, method: "GET", headers: kept, body: noBody, once: false }
  if (once) throw new TypeError("fetch failed: a stream cannot be sent again")
  return { url: to, method, headers: kept, body, once }
}

const isOnce = (body: Body | null): boolean =>
  typeof body === "object" && body !== null && (body instanceof ReadableStream || Symbol.asyncIterator in body)

const follow = async (fetch: Fetch, start: Hop, init: RequestInit, guard: Guard): Promise<Response> => {
  let hop = start
  for (let followed = 0; ; followed++) {
    const body = hop.body()
    const response = await fetch(hop.url, {
      ...init,
      redirect: "manual",
      method: hop.method,
      headers: changed(hop.headers, guard(hop.url)),
      body,
      ...(isOnce(body) ? { duplex: "half" } : {})
    })
    const to = locationOf(response, hop.url)
    if (to === undefined) {
      return followed === 0 ? response : Object.defineProperty(response, "redirected", { value: true })
    }
    await response.body?.cancel()
    if (followed === mostRedirects) throw new TypeError("fetch failed: redirect count exceeded")
    hop = nextHop(hop, response.status, to)
  }
}

/** What of a `Request` goes along to every hop. */
const settingsOf = ({
  cache,
  credentials,
  integrity,
  keepalive,
  mode,
  referrerPolicy,
  signal
}: Request): RequestInit => ({ cache, credentials, integrity, keepalive, mode, referrerPolicy, signal })

/** A body that can be taken out of a request as often as it is sent. */
const bodyOf = (request: Request): Hop["body"] =>
  request.body === null ? noBody : () => request.clone().body as Body | null

/**
 * Makes a `fetch` that gives the context only to hosts that may have it, and otherwise does as it is told: a request
 * that wants its redirects handed back, or refused, gets them so. One with an `integrity`, whose redirects only `fetch`
 * itself can follow, carries no context.
 */
export const make =
  (fetch: Fetch, guard: Guard): Fetch =>
  async (input, init = {}) => {
    const request = input instanceof Request ? input : undefined
    const target = request?.url ?? String(input)
    // What is no URL is for fetch to refuse
    if (!URL.canParse(target)) return fetch(input, init)
    const url = new URL(target)
    const headers = new Headers(init.headers ?? request?.headers)
    const redirect = init.redirect ?? request?.redirect ?? "follow"
    if (redirect !== "follow") return fetch(input, { ...init, headers: changed(headers, guard(url)) })
    if (init.integrity || request?.integrity) {
      return fetch(input, { ...init, headers: changed(headers, { ...guard(url), write: {} }) })
    }
    const own = init.body as Body | null | undefined
    const start: Hop = {
      url,
      method: init.method ?? request?.method ?? "GET",
      headers,
      body: own === undefined && request !== undefined ? bodyOf(request) : () => own ?? null,
      once: isOnce(own ?? null)
    }
    return follow(fetch, start, request === undefined ? init : { ...settingsOf(request), ...init }, guard)
  }
