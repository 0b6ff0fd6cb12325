/**
 * Answers `ViewerApi` from the store.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as TraceDocument from "./TraceDocument.ts"
import * as TraceImport from "./TraceImport.ts"
import * as TracePrinter from "./TracePrinter.ts"
import * as TraceQuery from "./TraceQuery.ts"
import { type TraceChange, TraceStore } from "./TraceStore.ts"
import type { TeeState } from "./TraceTee.ts"
import { type About, BadImport, product, toLine, TraceMissing, ViewerApi, type ViewerEvent } from "./ViewerApi.ts"

/** What the server knows of itself. */
export interface ViewerPlace {
  readonly url: string
  readonly grpc: string
  readonly file: string
  readonly tee: Effect.Effect<TeeState> | undefined
}

type Store = TraceStore["Service"]

const found = Effect.fnUntraced(function* (store: Store, id: string) {
  const trace = yield* store.get(id.toLowerCase())
  if (trace !== undefined) return trace
  return yield* new TraceMissing({
    message: "No trace with this id: it may not have arrived yet, or has left to make room."
  })
})

const parsed = (text: string | undefined) =>
  Effect.map(Clock.currentTimeNanos, (now) => TraceQuery.parse(text ?? "", now))

const mostListed = 10_000

/** The number that is asked for, `undefined` where it is none that can be. */
const limitOf = (text: string): number | undefined => {
  const limit = Number(text)
  return Number.isInteger(limit) && limit >= 1 && limit <= mostListed ? limit : undefined
}

/** What changed within a quarter of a second is one event. */
const changes = (store: Store): Stream.Stream<ViewerEvent> => {
  const eventOf = Effect.fnUntraced(function* (all: Iterable<TraceChange>) {
    const last = new Map(Array.from(all, ({ change, traceId }) => [traceId, change]))
    const grown: Array<ViewerEvent["grown"][number]> = []
    const gone: Array<string> = []
    for (const traceId of last.keys()) {
      const trace = yield* store.get(traceId)
      if (trace === undefined) gone.push(traceId)
      else grown.push(toLine(trace.summary))
    }
    return { grown, gone, counts: yield* store.counts }
  })
  const later = store.changes.pipe(Stream.groupedWithin(1000, "250 millis"), Stream.mapEffect(eventOf))
  return Stream.concat(Stream.fromEffect(eventOf([])), later)
}

const about = Effect.fnUntraced(function* (store: Store, { file, grpc, tee, url }: ViewerPlace) {
  const state = tee === undefined ? undefined : yield* tee
  return {
    product,
    url,
    grpc,
    file,
    counts: yield* store.counts,
    ...(state === undefined ? undefined : { tee: { ...state, trouble: state.trouble ?? "" } })
  } satisfies About
})

const handlers = (place: Effect.Effect<ViewerPlace>) =>
  HttpApiBuilder.group(
    ViewerApi,
    "traces",
    Effect.fnUntraced(function* (handlers) {
      const store = yield* TraceStore
      return handlers.handleAll({
        about: () => Effect.flatMap(place, (known) => about(store, known)),
        list: Effect.fnUntraced(function* ({ query: { limit = "100", q } }) {
          const query = yield* parsed(q)
          const most = limitOf(limit)
          const traces = yield* store.list({ query, limit: most })
          const problems =
            most === undefined ? [...query.problems, `limit is a number from 1 to ${mostListed}`] : query.problems
          return { traces: traces.map(toLine), problems, counts: yield* store.counts }
        }),
        trace: ({ params }) =>
          Effect.map(found(store, params.id), ({ logs, spans }) =>
            HttpServerResponse.jsonUnsafe(TraceDocument.fromSpans(spans, logs))
          ),
        tree: ({ params }) => Effect.map(found(store, params.id), (trace) => `${TracePrinter.draw(trace)}\n`),
        otlp: ({ params }) =>
          Effect.map(found(store, params.id), (trace) => HttpServerResponse.jsonUnsafe(TraceImport.toObject(trace))),
        changes: () => Effect.succeed(changes(store)),
        export: Effect.fnUntraced(function* ({ query: { limit = "", q } }) {
          const listed = yield* store.list({ query: yield* parsed(q), limit: limitOf(limit) ?? mostListed })
          const traces = yield* Effect.forEach(listed.toReversed(), ({ traceId }) => store.get(traceId))
          return HttpServerResponse.text(
            TraceImport.toText(traces.flatMap((trace) => (trace === undefined ? [] : [trace]))),
            {
              contentType: "application/x-ndjson",
              headers: { "content-disposition": 'attachment; filename="traces.jsonl"' }
            }
          )
        }),
        import: Effect.fnUntraced(function* ({ payload }) {
          const read = TraceImport.fromText(payload)
          if (Result.isFailure(read)) return yield* new BadImport({ message: read.failure.detail })
          const { logs, refused, spans } = read.success
          if (spans.length > 0) yield* store.add(spans)
          if (logs.length > 0) yield* store.addLogs(logs)
          return { spans: spans.length, logs: logs.length, refused }
        }),
        clear: () => Effect.map(store.clear(), (cleared) => ({ cleared })),
        remove: ({ params }) => Effect.map(store.clear([params.id.toLowerCase()]), (cleared) => ({ cleared }))
      })
    })
  )

/** The routes, over the store they are given. */
export const layer = (
  place: Effect.Effect<ViewerPlace>
): Layer.Layer<never, never, HttpRouter.HttpRouter | TraceStore> =>
  HttpApiBuilder.layer(ViewerApi).pipe(Layer.provide(handlers(place)), Layer.provide(NodeHttpServer.layerHttpServices))
