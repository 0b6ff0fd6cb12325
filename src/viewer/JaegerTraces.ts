/**
 * Traces as Jaeger's query API gives them: what `GET /api/traces` and its like answer.
 *
 * @see https://www.jaegertracing.io/docs/latest/architecture/apis/
 */
import type { AttributeValue } from "../model/Attributes.ts"
import type { Resource } from "../model/SpanData.ts"
import { serviceOf } from "../model/SpanService.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"

interface JaegerTag {
  readonly key: string
  readonly type: "string" | "bool" | "int64" | "float64"
  readonly value: AttributeValue
}

export interface JaegerTrace {
  readonly traceID: string
  readonly spans: ReadonlyArray<object>
  readonly processes: Readonly<
    Record<string, { readonly serviceName: string; readonly tags: ReadonlyArray<JaegerTag> }>
  >
  readonly warnings: null
}

const tag = (key: string, value: unknown): JaegerTag => {
  switch (typeof value) {
    case "boolean":
      return { key, type: "bool", value }
    case "number":
      return { key, type: Number.isSafeInteger(value) ? "int64" : "float64", value }
    case "string":
      return { key, type: "string", value }
    default:
      return { key, type: "string", value: JSON.stringify(value) ?? "" }
  }
}

const tagsOf = (attributes: Iterable<readonly [string, unknown]>): ReadonlyArray<JaegerTag> =>
  Array.from(attributes, ([key, value]) => tag(key, value))

const micros = (nanos: bigint): number => Number(nanos / 1000n)

const spanOf = (span: ReceivedSpan, processID: string) => ({
  traceID: span.traceId,
  spanID: span.spanId,
  operationName: span.name,
  flags: span.traceFlags & 1,
  references: [
    ...(span.parentSpanId === undefined
      ? []
      : [{ refType: "CHILD_OF", traceID: span.traceId, spanID: span.parentSpanId }]),
    ...span.links.map((link) => ({ refType: "FOLLOWS_FROM", traceID: link.span.traceId, spanID: link.span.spanId }))
  ],
  startTime: micros(span.startTime),
  duration: micros(span.endTime - span.startTime),
  tags: [
    ...tagsOf(span.attributes),
    ...(span.kind === "internal" ? [] : [tag("span.kind", span.kind)]),
    ...(span.scope.name === "" ? [] : [tag("otel.scope.name", span.scope.name)]),
    ...(span.statusCode === "unset" ? [] : [tag("otel.status_code", span.statusCode.toUpperCase())]),
    ...(span.statusMessage === "" ? [] : [tag("otel.status_description", span.statusMessage)]),
    ...(span.statusCode === "error" ? [tag("error", true)] : [])
  ],
  logs: span.events.map(({ attributes, name, time }) => ({
    timestamp: micros(time),
    fields: [tag("event", name), ...tagsOf(Object.entries(attributes))]
  })),
  processID,
  warnings: null
})

/** One trace; its spans in the order they arrived. */
export const fromSpans = (spans: ReadonlyArray<ReceivedSpan>): JaegerTrace => {
  const processes = new Map<string, readonly [id: string, span: ReceivedSpan]>()
  const known = new Map<Resource, string>()
  const processOf = (span: ReceivedSpan): string => {
    const seen = known.get(span.resource)
    if (seen !== undefined) return seen
    const key = JSON.stringify(span.resource.attributes)
    const [id] = processes.get(key) ?? [`p${processes.size + 1}`]
    processes.set(key, [id, span])
    known.set(span.resource, id)
    return id
  }
  return {
    traceID: spans[0]?.traceId ?? "",
    spans: spans.map((span) => spanOf(span, processOf(span))),
    processes: Object.fromEntries(
      Array.from(processes.values(), ([id, span]) => [
        id,
        { serviceName: serviceOf(span), tags: tagsOf(Object.entries(span.resource.attributes)) }
      ])
    ),
    warnings: null
  }
}

/** The envelope of every answer. */
export const answer = (data: ReadonlyArray<unknown>): object => ({
  data,
  total: data.length,
  limit: 0,
  offset: 0,
  errors: null
})
