/**
 * Where a trace can be asked for: our viewer, Jaeger, Tempo and Zipkin, in the places that are usual.
 *
 * That is where spans were sent to, and on a machine of one's own network
 * Jaeger at 16686 and Tempo at 3200. Credentials go to the place they were
 * meant for, and to no other port.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Egress from "../propagation/Egress.ts"
import type { Destination } from "./doctor/Destination.ts"
import * as Wire from "./doctor/Wire.ts"

export interface QueryPlace {
  readonly name: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** `present`: here it is. `absent`: traces can be asked for here, and this one is not among them. `other`: no such place. */
export type Presence = "present" | "absent" | "other"

const pause = 300

const below = (base: URL, path: string): URL => {
  const place = new URL(base.origin)
  place.pathname = base.pathname.replace(/\/+$/, "") + path
  return place
}

const onPort = ({ hostname }: URL, port: number): URL => {
  const other = new URL(`http://${hostname}`)
  other.port = String(port)
  return other
}

const login = ({ password, username }: URL): Readonly<Record<string, string>> => {
  const both = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  return username === "" && password === "" ? {} : { authorization: `Basic ${both.toString("base64")}` }
}

const likeJaeger = (traceId: string): string => `/api/traces/${traceId}`
const likeZipkin = (traceId: string): string => `/api/v2/trace/${traceId}`

/** Of a backend that somebody has named. */
export const named = (query: URL, traceId: string): ReadonlyArray<QueryPlace> =>
  [likeJaeger(traceId), likeZipkin(traceId)].map((path) => ({
    name: query.host,
    url: below(query, path),
    headers: login(query)
  }))

/** Those of a destination. */
export const near = ({ isGrpc, name, settings, url }: Destination, traceId: string): ReadonlyArray<QueryPlace> => {
  const origin = new URL(url.origin)
  const headers = Redacted.value(settings.headers)
  if (name === "zipkin") return [{ name: "Zipkin", url: below(origin, likeZipkin(traceId)), headers }]
  const others: ReadonlyArray<QueryPlace> = Egress.isOwnNetwork(url)
    ? [
        { name: "Jaeger", url: below(onPort(url, 16_686), likeJaeger(traceId)), headers: {} },
        { name: "Tempo", url: below(onPort(url, 3200), likeJaeger(traceId)), headers: {} }
      ]
    : []
  return isGrpc ? others : [{ name: "the viewer", url: below(origin, likeJaeger(traceId)), headers }, ...others]
}

/** Says of the text of a trace whether it is the one that is asked for. */
export type Recognise = (text: string) => boolean

const read = ({ headers, status, text }: Wire.Answer, recognise: Recognise): Presence => {
  const isJson = (headers["content-type"] ?? "").includes("json")
  if (status === 200 && isJson && recognise(text)) return "present"
  if (status !== 404 && status !== 200) return "other"
  return isJson || /trace not found/i.test(text) ? "absent" : "other"
}

export interface AskOptions {
  readonly tls: Destination["tls"]
  readonly recognise: Recognise
  /** How long to ask again where it is absent, in milliseconds. */
  readonly patience: number
}

const once = ({ headers, url }: QueryPlace, { recognise, tls }: AskOptions): Effect.Effect<Presence> =>
  Effect.map(
    Effect.result(Wire.ask({ url, tls, headers: { ...headers, accept: "application/json" }, millis: 1500 })),
    (answered) => (Result.isSuccess(answered) ? read(answered.success, recognise) : "other")
  )

const ask = Effect.fnUntraced(function* (place: QueryPlace, options: AskOptions): Effect.fn.Return<Presence> {
  const until = (yield* Clock.currentTimeMillis) + options.patience
  while (true) {
    const presence = yield* once(place, options)
    if (presence !== "absent" || (yield* Clock.currentTimeMillis) >= until) return presence
    yield* Effect.sleep(pause)
  }
})

export interface Found {
  /** Where it is, if it is anywhere. */
  readonly present: QueryPlace | undefined
  /** Where one could ask, and it is not. */
  readonly absent: QueryPlace | undefined
}

/** Asks all of them at once. */
export const find = (places: ReadonlyArray<QueryPlace>, options: AskOptions): Effect.Effect<Found> =>
  Effect.map(
    Effect.forEach(places, (place) => Effect.map(ask(place, options), (presence) => ({ place, presence })), {
      concurrency: "unbounded"
    }),
    (answers) => {
      const first = (wanted: Presence) => answers.find(({ presence }) => presence === wanted)?.place
      return { present: first("present"), absent: first("absent") }
    }
  )
