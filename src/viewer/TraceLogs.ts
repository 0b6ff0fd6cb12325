/**
 * What a trace said, in time order: its log records, and the events of all its spans.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { Attributes } from "../model/Attributes.ts"
import type { SpanEvent } from "../model/SpanData.ts"
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import * as LogLevel from "./LogLevel.ts"
import type { Timeline, TimelineSpan } from "./Timeline.ts"

export interface LogLine {
  readonly kind: "record" | "event"
  /** Nanoseconds since the trace began. */
  readonly at: number
  readonly level: LogLevel.LogLevel | undefined
  /** The message of a record, the name of an event. */
  readonly text: string
  readonly attributes: Attributes
  /** The span it belongs to; `undefined` where that is not here, or was not said. */
  readonly from: TimelineSpan | undefined
  /** The id of that span; empty where it was not said. */
  readonly spanId: string
}

/** Effect's own lines, where they are events of spans, say their level so. */
const levelOfEvent = ({ attributes, name }: SpanEvent): LogLevel.LogLevel | undefined =>
  name === "exception" ? "error" : LogLevel.of(0, String(attributes["effect.logLevel"] ?? ""))

/** The message of a record; where it has none, what its event or its exception is called. */
export const textOf = ({ attributes, body, eventName = "" }: ReceivedLog): string => {
  const failure = [attributes[AttributeKeys.exceptionType], attributes[AttributeKeys.exceptionMessage]]
  const told = body === "" ? failure.filter((part) => part !== undefined).join(": ") : String(body)
  return told || eventName
}

const fromEvents = (from: TimelineSpan, startTime: bigint): ReadonlyArray<LogLine> =>
  from.span.events.map((event) => ({
    kind: "event",
    at: Number(event.time - startTime) + from.shift,
    level: levelOfEvent(event),
    text: event.name,
    attributes: event.attributes,
    from,
    spanId: from.span.spanId
  }))

export const of = ({ spans, startTime }: Timeline, logs: ReadonlyArray<ReceivedLog> = []): ReadonlyArray<LogLine> => {
  const byId = new Map(spans.map((node) => [node.span.spanId, node]))
  const records = logs.map((log): LogLine => {
    const { attributes, severityNumber, severityText, spanId = "", time } = log
    const from = byId.get(spanId)
    const level = LogLevel.of(severityNumber, severityText)
    const at = Number(time - startTime) + (from?.shift ?? 0)
    return { kind: "record", at, level, text: textOf(log), attributes, from, spanId }
  })
  return [...spans.flatMap((from) => fromEvents(from, startTime)), ...records].sort((self, that) => self.at - that.at)
}

export interface LogFilter {
  /** Lines of at least this level; those of none are left out. */
  readonly level?: LogLevel.LogLevel | undefined
  /** Words of a message or an attribute, without regard to case. */
  readonly text?: string | undefined
}

/** The lines that say this. */
export const filter = (lines: ReadonlyArray<LogLine>, { level, text = "" }: LogFilter): ReadonlyArray<LogLine> => {
  const wanted = text.trim().toLowerCase()
  const says = (value: unknown): boolean => String(value).toLowerCase().includes(wanted)
  return lines.filter((line) => {
    if (level !== undefined && !LogLevel.isAtLeast(line.level, level)) return false
    if (wanted === "" || says(line.text)) return true
    return Object.entries(line.attributes).some(([key, value]) => says(key) || says(value))
  })
}
