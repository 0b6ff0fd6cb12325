/**
 * Exceptions of spans as log records, as the semantic conventions want them from now on.
 *
 * Each `exception` event of an ended span becomes a record in its place, or
 * beside it. It is the span's own, so it has its ids and its attributes that
 * say whose run it was.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/
 */
import * as Effect from "effect/Effect"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { Attributes } from "../model/Attributes.ts"
import { type LogRecord, severity } from "../model/LogRecord.ts"
import { copyOf, type SpanData, type SpanEvent } from "../model/SpanData.ts"
import type { Stage } from "../model/SpanSink.ts"

const eventName = "exception"
const inherited = [AttributeKeys.tenantId, AttributeKeys.workflowId, AttributeKeys.executionId, AttributeKeys.nodeId]

const ofTheRun = (span: SpanData): Attributes =>
  Object.fromEntries(
    inherited.flatMap((key) => {
      const value = span.attributes.get(key)
      return value === undefined ? [] : [[key, value]]
    })
  )

const fromEvent = (span: SpanData, event: SpanEvent): LogRecord => ({
  time: event.time,
  severityNumber: severity.error,
  severityText: "ERROR",
  eventName,
  body: event.attributes[AttributeKeys.exceptionMessage] ?? "",
  attributes: { ...ofTheRun(span), ...event.attributes },
  droppedAttributes: event.droppedAttributes,
  traceId: span.traceId,
  spanId: span.spanId,
  traceFlags: span.traceFlags
})

/** The span with other events. A copy, as a span of ours keeps its own. */
const withEvents = (span: SpanData, events: ReadonlyArray<SpanEvent>): SpanData => ({ ...copyOf(span), events })

export interface ExceptionLogsOptions {
  readonly push: (record: LogRecord) => void
  /** True where spans keep the events all the same. */
  readonly keepEvents: boolean
}

/** Tells exceptions as log records. Spans without any pass untouched. */
export const stage =
  ({ keepEvents, push }: ExceptionLogsOptions): Stage =>
  (next) =>
    Effect.succeed({
      ...next,
      push(span) {
        const exceptions = span.events.filter(({ name }) => name === eventName)
        if (exceptions.length === 0) return next.push(span)
        for (const event of exceptions) push(fromEvent(span, event))
        next.push(
          keepEvents
            ? span
            : withEvents(
                span,
                span.events.filter(({ name }) => name !== eventName)
              )
        )
      }
    })
