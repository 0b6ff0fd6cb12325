/**
 * Whether a span that was taken can be found again, where the backend can be asked.
 *
 * Asks what is usual: the viewer and Zipkin where spans were sent to, and on a
 * machine of one's own network Jaeger at 16686 and Tempo at 3200. Credentials
 * go to the place they were meant for, and to no other port.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { SpanData } from "../../model/SpanData.ts"
import * as Egress from "../../propagation/Egress.ts"
import type { Finding } from "./Check.ts"
import type { Destination } from "./Destination.ts"
import * as TestSpan from "./TestSpan.ts"
import * as Wire from "./Wire.ts"

/** Where a trace may be asked for. */
interface Place {
  readonly name: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** `present`: here it is. `absent`: traces can be asked for here, and this one is not among them. `other`: no such place. */
type Answer = "present" | "absent" | "other"

const patience = 4000
const pause = 300

const placesOf = (destination: Destination, traceId: string, query: URL | undefined): ReadonlyArray<Place> => {
  const { isGrpc, name, settings, url } = destination
  const at = (base: URL, path: string): URL => {
    const place = new URL(base.origin)
    place.pathname = base.pathname.replace(/\/+$/, "") + path
    return place
  }
  const like = `/api/traces/${traceId}`
  const zipkin = `/api/v2/trace/${traceId}`
  if (query !== undefined) {
    const { password, username } = query
    const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")
    const headers: Record<string, string> = username === "" ? {} : { authorization: `Basic ${login}` }
    return [like, zipkin].map((path) => ({ name: query.host, url: at(query, path), headers }))
  }
  const origin = new URL(url.origin)
  const headers = Redacted.value(settings.headers)
  if (name === "zipkin") return [{ name: "Zipkin", url: at(origin, zipkin), headers }]
  const on = (port: number): URL => {
    const other = new URL(`http://${url.hostname}`)
    other.port = String(port)
    return other
  }
  const near: ReadonlyArray<Place> = Egress.isOwnNetwork(url)
    ? [
        { name: "Jaeger", url: at(on(16_686), like), headers: {} },
        { name: "Tempo", url: at(on(3200), like), headers: {} }
      ]
    : []
  return isGrpc ? near : [{ name: "the viewer", url: at(origin, like), headers }, ...near]
}

const read = ({ headers, status, text }: Wire.Answer): Answer => {
  if (status === 200 && text.includes(TestSpan.name)) return "present"
  if (status !== 404 && status !== 200) return "other"
  return (headers["content-type"] ?? "").includes("json") || /trace not found/i.test(text) ? "absent" : "other"
}

const ask = ({ headers, url }: Place, { tls }: Destination): Effect.Effect<Answer> =>
  Effect.map(
    Effect.result(Wire.ask({ url, tls, headers: { ...headers, accept: "application/json" }, millis: 1500 })),
    (answered) => (Result.isSuccess(answered) ? read(answered.success) : "other")
  )

/** Until it is there, or time is up. */
const find = Effect.fnUntraced(function* (
  place: Place,
  destination: Destination,
  until: number
): Effect.fn.Return<Answer> {
  while (true) {
    const answer = yield* ask(place, destination)
    if (answer !== "absent" || (yield* Clock.currentTimeMillis) > until) return answer
    yield* Effect.sleep(pause)
  }
})

const check = "destination.read-back"

/** Asks for the test span. */
export const look = Effect.fnUntraced(function* (
  destination: Destination,
  { traceId }: SpanData,
  query: URL | undefined
): Effect.fn.Return<ReadonlyArray<Finding>> {
  const places = placesOf(destination, traceId, query)
  const until = (yield* Clock.currentTimeMillis) + patience
  const answers = yield* Effect.forEach(
    places,
    (place) => Effect.map(find(place, destination, until), (answer) => ({ place, answer })),
    { concurrency: "unbounded" }
  )
  const tried = `to read trace ${traceId} back`
  const present = answers.find(({ answer }) => answer === "present")
  if (present !== undefined) {
    const { name, url } = present.place
    return [
      { check, severity: "ok", summary: "The test span can be found again", tried, seen: `${name} has it: ${url.href}` }
    ]
  }
  const absent = answers.find(({ answer }) => answer === "absent")
  return absent === undefined
    ? [
        {
          check,
          severity: "note",
          summary: "The test span was taken; whether it can be found again could not be asked",
          tried,
          seen:
            query === undefined
              ? "no place to ask that answers as Jaeger, Zipkin, Tempo or the viewer do"
              : `${query.host} does not answer as Jaeger, Zipkin, Tempo or the viewer do`,
          advice: `Look for trace ${traceId} in the backend yourself, or say with --query URL where its API is.`
        }
      ]
    : [
        {
          check,
          severity: "warning",
          summary: "The test span was taken, and cannot be found",
          tried,
          seen: `${absent.place.name} at ${absent.place.url.origin} answers, without it, for 4 seconds`,
          advice:
            "What took it did not keep it: a collector's own sampling or pipeline, a storage that is behind, or another " +
            "tenant. Its log and its pipeline of traces tell; look for the trace again in a minute."
        }
      ]
})
