/**
 * Sends what the viewer receives on to a backend, as OTLP in JSON.
 *
 * The viewer never waits for it: batches stand in a queue of bounded length,
 * each is tried three times, and what did not arrive is counted and shown.
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Otlp from "../model/Otlp.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"

export class TraceTeeError extends Schema.TaggedError<TraceTeeError>()("TraceTeeError", { url: Schema.String }) {
  override get message(): string {
    return `"${this.url}" is no address to send traces on to. Write http://host:4318 or the full https://…/v1/traces.`
  }
}

export interface TeeState {
  /** Where it sends, without user and password. */
  readonly url: string
  readonly sent: number
  readonly lost: number
  /** Why the last batch that was lost was lost. */
  readonly trouble: string | undefined
}

export interface TraceTee {
  readonly add: (spans: ReadonlyArray<ReceivedSpan>) => Effect.Effect<void>
  readonly state: Effect.Effect<TeeState>
}

/** Batches that may wait; those that find it full are lost, and counted. */
const longest = 1000

/** The signal's path is added to a bare address, as OTLP's exporters do. */
const endpointOf = (text: string): URL | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined
  if (!url.pathname.endsWith("/v1/traces")) url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`
  return url
}

/** A tee that works until the scope closes. */
export const make = Effect.fnUntraced(function* (url: string): Effect.fn.Return<TraceTee, TraceTeeError, Scope.Scope> {
  const endpoint = endpointOf(url)
  if (endpoint === undefined) return yield* new TraceTeeError({ url })
  const { password, username } = endpoint
  endpoint.username = ""
  endpoint.password = ""
  const client = yield* Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)
  const waiting = yield* Queue.dropping<ReadonlyArray<ReceivedSpan>>(longest)
  let sent = 0
  let lost = 0
  let trouble: string | undefined

  const send = (spans: ReadonlyArray<ReceivedSpan>) =>
    HttpClientRequest.post(endpoint.href).pipe(
      HttpClientRequest.bodyJsonUnsafe(Otlp.fromSpans(spans)),
      username === "" ? (request) => request : HttpClientRequest.basicAuth(username, password),
      client.execute,
      Effect.flatMap((response) =>
        response.status < 300 ? Effect.void : Effect.fail(`${endpoint.origin} answered ${response.status}`)
      ),
      Effect.mapError((error) => (typeof error === "string" ? error : `${endpoint.origin} cannot be reached`)),
      Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.fail(`${endpoint.origin} did not answer`) }),
      Effect.retry({ times: 2, schedule: Schedule.exponential("200 millis") }),
      Effect.match({
        onSuccess: () => {
          sent += spans.length
        },
        onFailure: (why) => {
          lost += spans.length
          trouble = why
        }
      })
    )

  yield* Queue.take(waiting).pipe(
    Effect.flatMap(send),
    Effect.forever,
    // Or its own requests would come back as traces
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
    Effect.forkScoped
  )
  return {
    add: (spans) =>
      Effect.map(Queue.offer(waiting, spans), (taken) => {
        if (taken) return
        lost += spans.length
        trouble = `${endpoint.origin} takes them too slowly`
      }),
    state: Effect.sync(() => ({ url: endpoint.href, sent, lost, trouble }))
  }
})
