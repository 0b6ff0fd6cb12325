/**
 * A viewer of another process, as the terminal reads it.
 */
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as Stream from "effect/Stream"
import * as TraceDocument from "./TraceDocument.ts"
import type { TraceContent } from "./TraceEntry.ts"
import * as TraceStore from "./TraceStore.ts"
import { ViewerApi } from "./ViewerApi.ts"

/** Its API, call by call. */
export const make = (url: string) =>
  HttpApiClient.make(ViewerApi, {
    transformClient: HttpClient.mapRequest(HttpClientRequest.prependUrl(url))
  }).pipe(Effect.provide(FetchHttpClient.layer))

/** The trace it has under this id, `undefined` where it has none. */
export const trace = Effect.fnUntraced(function* (url: string, traceId: string) {
  const client = yield* make(url)
  const document = yield* client.trace({ params: { id: traceId } })
  return { spans: TraceDocument.toSpans(document), logs: TraceDocument.toLogs(document) } satisfies TraceContent
})

/** Fills a store with what it receives from now on, until it goes away. */
export const follow = Effect.fnUntraced(function* (url: string, store: TraceStore.TraceStore["Service"]) {
  const client = yield* make(url)
  const changes = yield* client.changes()
  yield* changes.pipe(
    Stream.flatMap(({ grown }) => Stream.fromIterable(grown)),
    Stream.runForEach(({ traceId }) =>
      client.trace({ params: { id: traceId } }).pipe(
        Effect.tap((document) => store.addLogs(TraceDocument.toLogs(document))),
        Effect.flatMap((document) => store.add(TraceDocument.toSpans(document))),
        // It may have left before it could be read
        Effect.catchTag("TraceMissing", () => Effect.void)
      )
    )
  )
})
