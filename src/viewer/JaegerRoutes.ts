/**
 * The part of Jaeger's query API that scripts and tools read, answered from the store.
 *
 * `GET /api/traces?service=&operation=&tags=&minDuration=&maxDuration=&start=&end=&limit=`, `GET /api/traces/:id`,
 * `GET /api/services`, `GET /api/services/:service/operations`, `GET /api/operations?service=`.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { serviceOf } from "../model/SpanService.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as JaegerTraces from "./JaegerTraces.ts"
import * as TraceQuery from "./TraceQuery.ts"
import { TraceStore } from "./TraceStore.ts"

const Micros = Schema.optionalKey(Schema.NumberFromString.check(Schema.isInt()))

const Question = Schema.Struct({
  service: Schema.optionalKey(Schema.String),
  operation: Schema.optionalKey(Schema.String),
  /** JSON: keys and values that one span must have. */
  tags: Schema.optionalKey(Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))),
  minDuration: Schema.optionalKey(Schema.String),
  maxDuration: Schema.optionalKey(Schema.String),
  start: Micros,
  end: Micros,
  limit: Schema.optionalKey(
    Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 1500 }))
  )
})
type Question = typeof Question.Type

const answer = (data: ReadonlyArray<unknown>) => HttpServerResponse.jsonUnsafe(JaegerTraces.answer(data))

const refuse = (status: number, msg: string) =>
  HttpServerResponse.jsonUnsafe({ ...JaegerTraces.answer([]), data: null, errors: [{ code: status, msg }] }, { status })

/** Jaeger's `1.2s`, `300ms`, `40us` are ours. */
const terms = ({ maxDuration, minDuration }: Question): string =>
  [
    ...(minDuration === undefined ? [] : [`duration>=${minDuration}`]),
    ...(maxDuration === undefined ? [] : [`duration<=${maxDuration}`])
  ].join(" ")

/** One span has to answer to service, operation, tags and durations together. */
const asks =
  (question: Question, query: TraceQuery.TraceQuery) =>
  (span: ReceivedSpan): boolean => {
    const { operation, service, tags = {} } = question
    if (service !== undefined && serviceOf(span) !== service) return false
    if (operation !== undefined && operation !== "all" && span.name !== operation) return false
    for (const [key, value] of Object.entries(tags)) {
      const given =
        key === "error" ? span.statusCode === "error" : (span.attributes.get(key) ?? span.resource.attributes[key])
      if (String(given) !== value) return false
    }
    return TraceQuery.matchesSpan(query, span)
  }

const search = Effect.fnUntraced(
  function* (store: TraceStore["Service"]) {
    const question = yield* HttpServerRequest.schemaSearchParams(Question)
    const query = TraceQuery.parse(terms(question), yield* Clock.currentTimeNanos)
    if (query.problems.length > 0) return refuse(400, query.problems.join("; "))
    const { end = Infinity, limit = 20, start = 0 } = question
    const found: Array<JaegerTraces.JaegerTrace> = []
    for (const { startTime, traceId } of yield* store.list({ limit: Infinity })) {
      if (found.length >= limit) break
      const began = Number(startTime / 1000n)
      if (began < start || began > end) continue
      const { spans = [] } = (yield* store.get(traceId)) ?? {}
      if (spans.some(asks(question, query))) found.push(JaegerTraces.fromSpans(spans))
    }
    return answer(found)
  },
  Effect.catchTag("SchemaError", () =>
    Effect.succeed(refuse(400, "limit is 1 to 1500, start and end are microseconds, tags is a JSON object of texts"))
  )
)

const one = Effect.fnUntraced(function* (store: TraceStore["Service"]) {
  const { id = "" } = yield* HttpRouter.params
  const trace = yield* store.get(id.toLowerCase().padStart(32, "0"))
  return trace === undefined ? refuse(404, "trace not found") : answer([JaegerTraces.fromSpans(trace.spans)])
})

const services = (store: TraceStore["Service"]) =>
  Effect.map(store.list({ limit: Infinity }), (traces) =>
    answer([...new Set(traces.flatMap(({ services }) => services))].sort())
  )

/** Names of the spans of a service, and of what kind they are. */
const operationsOf = Effect.fnUntraced(function* (store: TraceStore["Service"], service: string) {
  const operations = new Map<string, ReceivedSpan>()
  for (const { traceId } of yield* store.list({ service, limit: Infinity })) {
    const { spans = [] } = (yield* store.get(traceId)) ?? {}
    for (const span of spans) if (serviceOf(span) === service) operations.set(`${span.name} ${span.kind}`, span)
  }
  return [...operations.values()].sort((self, that) => (self.name < that.name ? -1 : 1))
})

const operationNames = Effect.fnUntraced(function* (store: TraceStore["Service"]) {
  const { service = "" } = yield* HttpRouter.params
  const name = Result.getOrElse(
    Result.try(() => decodeURIComponent(service)),
    () => service
  )
  return answer([...new Set((yield* operationsOf(store, name)).map(({ name }) => name))])
})

const operations = Effect.fnUntraced(
  function* (store: TraceStore["Service"]) {
    const { service } = yield* HttpServerRequest.schemaSearchParams(Schema.Struct({ service: Schema.String }))
    return answer((yield* operationsOf(store, service)).map(({ kind, name }) => ({ name, spanKind: kind })))
  },
  Effect.catchTag("SchemaError", () => Effect.succeed(refuse(400, "say which service: ?service=…")))
)

export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | TraceStore> = HttpRouter.addAll(
  Effect.map(TraceStore, (store) => [
    HttpRouter.route("GET", "/api/traces", search(store)),
    HttpRouter.route("GET", "/api/traces/:id", one(store)),
    HttpRouter.route("GET", "/api/services", services(store)),
    HttpRouter.route("GET", "/api/services/:service/operations", operationNames(store)),
    HttpRouter.route("GET", "/api/operations", operations(store))
  ])
)
