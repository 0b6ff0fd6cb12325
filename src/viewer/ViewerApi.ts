/**
 * The viewer over HTTP: what it holds, as JSON.
 *
 * `GET /api/traces?service=&error=&limit=`, `GET /api/traces/:id`, `GET /`.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Otlp from "../model/Otlp.ts"
import { durationMillis } from "../model/SpanData.ts"
import * as TracePrinter from "./TracePrinter.ts"
import { TraceStore } from "./TraceStore.ts"
import type { TraceSummary } from "./TraceSummary.ts"

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff"
}

const json = (body: object, status = 200) => HttpServerResponse.jsonUnsafe(body, { status, headers })

const toJson = (summary: TraceSummary) => ({
  traceId: summary.traceId,
  rootName: summary.rootName,
  services: summary.services,
  startTime: new Date(Number(summary.startTime / 1_000_000n)).toISOString(),
  startTimeUnixNano: String(summary.startTime),
  durationMillis: durationMillis(summary),
  spanCount: summary.spanCount,
  errorCount: summary.errorCount,
  error: summary.error,
  complete: summary.complete
})

const Filter = Schema.Struct({
  service: Schema.optionalKey(Schema.String),
  error: Schema.optionalKey(Schema.Literals(["true", "false"])),
  limit: Schema.optionalKey(
    Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 1000 }))
  )
})

const badFilter = json({ error: "service is text, error is true or false, limit is a number from 1 to 1000" }, 400)

type Store = TraceStore["Service"]

const list = (store: Store) =>
  HttpServerRequest.schemaSearchParams(Filter).pipe(
    Effect.flatMap(
      Effect.fnUntraced(function* ({ error, limit, service }) {
        const traces = yield* store.list({ service, limit, error: error === undefined ? undefined : error === "true" })
        return json({ traces: traces.map(toJson), store: yield* store.counts })
      })
    ),
    Effect.catchTag("SchemaError", () => Effect.succeed(badFilter))
  )

const one = Effect.fnUntraced(function* (store: Store) {
  const { id = "" } = yield* HttpRouter.params
  const trace = yield* store.get(id.toLowerCase())
  if (trace === undefined) {
    return json({ error: "no trace with this id; it may not have arrived yet, or has left to make room" }, 404)
  }
  return json({ ...toJson(trace.summary), tree: TracePrinter.drawTree(trace.spans), ...Otlp.fromSpans(trace.spans) })
})

const home = Effect.fnUntraced(function* (store: Store) {
  const {
    headers: { host }
  } = yield* HttpServerRequest.HttpServerRequest
  const { droppedSpans, droppedTraces, spans, traces } = yield* store.counts
  const text = `Traces, received over OTLP and kept in memory.

  all traces     http://${host}/api/traces
  failed ones    http://${host}/api/traces?error=true&limit=20
  of a service   http://${host}/api/traces?service=<name>
  one trace      http://${host}/api/traces/<trace id>
  send to        http://${host}/v1/traces   (protobuf or JSON)

In memory: traces ${traces}, spans ${spans}. Left to make room: traces ${droppedTraces}, spans ${droppedSpans}.
`
  return HttpServerResponse.text(text, { headers })
})

/** The routes of the viewer, over the store it is given. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | TraceStore> = HttpRouter.addAll(
  Effect.map(TraceStore, (store) => [
    HttpRouter.route("GET", "/", home(store)),
    HttpRouter.route("GET", "/api/traces", list(store)),
    HttpRouter.route("GET", "/api/traces/:id", one(store))
  ])
)
