/**
 * What the viewer answers over HTTP, as types: the server implements it, the page and the terminal read it.
 *
 * The routes of Jaeger's query API and of OTLP are others' and not in it; see
 * `JaegerRoutes` and `receiver/OtlpReceiver`.
 */
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import { durationMillis } from "../model/SpanData.ts"
import type { TraceDocument } from "./TraceDocument.ts"
import type { TraceSummary } from "./TraceSummary.ts"

/** One line of the list. What is not known is empty. */
export const TraceLine = Schema.Struct({
  traceId: Schema.String,
  rootName: Schema.String,
  subject: Schema.String,
  tenantId: Schema.String,
  workflowId: Schema.String,
  executionId: Schema.String,
  services: Schema.Array(Schema.String),
  startTimeUnixNano: Schema.String,
  durationMillis: Schema.Number,
  spanCount: Schema.Number,
  errorCount: Schema.Number,
  error: Schema.Boolean,
  failure: Schema.String,
  complete: Schema.Boolean
})
export type TraceLine = typeof TraceLine.Type

export const toLine = (summary: TraceSummary): TraceLine => ({
  traceId: summary.traceId,
  rootName: summary.rootName,
  subject: summary.subject,
  tenantId: summary.tenantId ?? "",
  workflowId: summary.workflowId ?? "",
  executionId: summary.executionId ?? "",
  services: summary.services,
  startTimeUnixNano: String(summary.startTime),
  durationMillis: durationMillis(summary),
  spanCount: summary.spanCount,
  errorCount: summary.errorCount,
  error: summary.error,
  failure: summary.failure ?? "",
  complete: summary.complete
})

const Counts = Schema.Struct({
  traces: Schema.Number,
  spans: Schema.Number,
  logs: Schema.Number,
  /** Log records whose trace is not here. */
  waitingLogs: Schema.Number,
  /** Left out to stay within the limits, since the start. */
  droppedTraces: Schema.Number,
  droppedSpans: Schema.Number,
  droppedLogs: Schema.Number,
  /** Log records that said no trace, and were let go. */
  untracedLogs: Schema.Number
})

const TraceList = Schema.Struct({
  traces: Schema.Array(TraceLine),
  /** What of the question was not understood. */
  problems: Schema.Array(Schema.String),
  counts: Counts
})
export type TraceList = typeof TraceList.Type

/** Says that the server is this viewer, and no other program on its port. */
export const product = "@gorax/tracing/viewer"

export const About = Schema.Struct({
  product: Schema.Literal(product),
  url: Schema.String,
  /** Where it takes OTLP over gRPC; empty when it does not. */
  grpc: Schema.String,
  /** The file it keeps traces in; empty for memory alone. */
  file: Schema.String,
  tee: Schema.optionalKey(
    Schema.Struct({ url: Schema.String, sent: Schema.Number, lost: Schema.Number, trouble: Schema.String })
  ),
  counts: Counts
})
export type About = typeof About.Type

/** What changed within a moment. The first one of a stream is empty: it says that the stream is open. */
export const ViewerEvent = Schema.Struct({
  grown: Schema.Array(TraceLine),
  gone: Schema.Array(Schema.String),
  counts: Counts
})
export type ViewerEvent = typeof ViewerEvent.Type

export class TraceMissing extends Schema.TaggedError<TraceMissing>()(
  "TraceMissing",
  { message: Schema.String },
  { httpApiStatus: 404 }
) {}

export class BadImport extends Schema.TaggedError<BadImport>()(
  "BadImport",
  { message: Schema.String },
  { httpApiStatus: 400 }
) {}

/** Not read span by span: there may be a hundred thousand. */
const Document = Schema.Unknown as Schema.Codec<TraceDocument>

const id = { id: Schema.String }
const search = {
  /** See `TraceQuery`. */
  q: Schema.optionalKey(Schema.String),
  /** At most so many, 1 to 10 000. What is not that is said in `problems`. */
  limit: Schema.optionalKey(Schema.String)
}
const Cleared = Schema.Struct({ cleared: Schema.Number })
const ndjson = HttpApiSchema.asText({ contentType: "application/x-ndjson" })

/** `/api/v1/…` */
export class ViewerApi extends HttpApi.make("viewer").add(
  HttpApiGroup.make("traces", { topLevel: true })
    .add(
      HttpApiEndpoint.get("about", "/about", { success: About }),
      HttpApiEndpoint.get("list", "/traces", { query: search, success: TraceList }),
      HttpApiEndpoint.get("trace", "/traces/:id", { params: id, success: Document, error: TraceMissing }),
      HttpApiEndpoint.get("tree", "/traces/:id/tree", {
        params: id,
        success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/plain" })),
        error: TraceMissing
      }),
      HttpApiEndpoint.get("otlp", "/traces/:id/otlp", { params: id, success: Schema.Unknown, error: TraceMissing }),
      HttpApiEndpoint.get("changes", "/changes", { success: HttpApiSchema.StreamSse({ data: ViewerEvent }) }),
      HttpApiEndpoint.get("export", "/export", { query: search, success: Schema.String.pipe(ndjson) }),
      HttpApiEndpoint.post("import", "/import", {
        payload: Schema.String.pipe(ndjson),
        success: Schema.Struct({ spans: Schema.Number, logs: Schema.Number, refused: Schema.Number }),
        error: BadImport
      }),
      HttpApiEndpoint.delete("clear", "/traces", { success: Cleared }),
      HttpApiEndpoint.delete("remove", "/traces/:id", { params: id, success: Cleared })
    )
    .prefix("/api/v1")
) {}
