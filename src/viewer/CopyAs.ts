/**
 * A span or a trace as text to paste elsewhere.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { AttributeValue } from "../model/Attributes.ts"
import * as Trace from "../model/Trace.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as SpanFailure from "./SpanFailure.ts"

/** Everything about a span, for people: OTLP itself is what the API gives. */
export const json = (span: ReceivedSpan): string =>
  JSON.stringify(
    {
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: span.name,
      kind: span.kind,
      startTimeUnixNano: String(span.startTime),
      endTimeUnixNano: String(span.endTime),
      duration: Trace.formatDuration(span),
      status: { code: span.statusCode, message: span.statusMessage },
      attributes: Object.fromEntries(span.attributes),
      events: span.events.map(({ attributes, name, time }) => ({ name, timeUnixNano: String(time), attributes })),
      links: span.links.map(({ attributes, span }) => ({ traceId: span.traceId, spanId: span.spanId, attributes })),
      resource: span.resource.attributes,
      scope: span.scope
    },
    undefined,
    2
  )

/** In single quotes, whatever it holds. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const urlOf = ({ attributes }: ReceivedSpan): string | undefined => {
  const full = attributes.get(AttributeKeys.urlFull)
  if (full !== undefined) return String(full)
  const path = attributes.get(AttributeKeys.urlPath)
  const address = attributes.get(AttributeKeys.serverAddress)
  if (path === undefined || address === undefined) return undefined
  const port = attributes.get(AttributeKeys.serverPort)
  const query = attributes.get(AttributeKeys.urlQuery)
  const host = `${address}${port === undefined ? "" : `:${port}`}`
  return `${attributes.get(AttributeKeys.urlScheme) ?? "http"}://${host}${path}${query === undefined ? "" : `?${query}`}`
}

const valuesOf = (value: AttributeValue): ReadonlyArray<string> =>
  typeof value === "object" ? Array.from(value, String) : [String(value)]

/** The request of an HTTP span again, `undefined` for other spans. Bodies and unrecorded headers are not known. */
export const curl = (span: ReceivedSpan): string | undefined => {
  const method = span.attributes.get(AttributeKeys.httpRequestMethod)
  const url = urlOf(span)
  if (method === undefined || url === undefined) return undefined
  const headers = [...span.attributes].flatMap(([key, value]) =>
    key.startsWith(AttributeKeys.httpRequestHeader)
      ? valuesOf(value).map((one) => `-H ${quoted(`${key.slice(AttributeKeys.httpRequestHeader.length)}: ${one}`)}`)
      : []
  )
  return ["curl", "-i", "-X", quoted(String(method)), ...headers, quoted(url)].join(" ")
}

const written = (value: AttributeValue): string =>
  typeof value === "string" && value !== "" && !/\s/.test(value) ? value : JSON.stringify(value)

/** As `SpanTree.draw` of the test kit draws it, with this key. */
const labelOf = (span: ReceivedSpan, key: string): string => {
  const value = span.attributes.get(key)
  const parts = [span.name]
  if (value !== undefined) parts.push(`${key}=${written(value)}`)
  if (SpanFailure.hasFailed(span)) parts.push(`✗ ${SpanFailure.typeOf(span) || "error"}`)
  if (SpanFailure.wasInterrupted(span)) parts.push("⊘")
  return parts.join(" ")
}

/** A test that expects the same tree from your program. Siblings that began together stand in the order of their labels. */
export const test = (spans: Iterable<ReceivedSpan>, title: string): string => {
  const label = (span: ReceivedSpan): string => labelOf(span, AttributeKeys.nodeId)
  const roots = Trace.fromSpans(spans, (self, that) => {
    const order = Trace.byStart(self, that)
    if (order !== 0) return order
    const [left, right] = [Trace.draw([self], label), Trace.draw([that], label)]
    return left < right ? -1 : left > right ? 1 : 0
  })
  const drawn = Trace.draw(roots, label).replace(/[\\`$]/g, "\\$&")
  return `it.effect(${JSON.stringify(title)}, () =>
  Effect.gen(function*() {
    yield* program // the workflow of this trace
    assert.strictEqual(yield* SpanTree.draw("${AttributeKeys.nodeId}"), \`${drawn}\`)
  }).pipe(Effect.provide(TracingTest.layer)))
`
}
