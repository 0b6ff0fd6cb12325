/**
 * Log records that came over the wire, read out of the shape of OTLP/JSON.
 */
import type { LogRecord } from "../model/LogRecord.ts"
import type { Resource, Scope } from "../model/SpanData.ts"
import * as OtlpAttributes from "./OtlpAttributes.ts"
import { type Envelope, open, type Refusal } from "./OtlpEnvelope.ts"
import { countOf, type Fields, nanosOf, textOf } from "./OtlpFields.ts"

/** A log record of any process, and who sent it. */
export interface ReceivedLog extends LogRecord {
  readonly resource: Resource
  readonly scope: Scope
}

/** What a request held. */
export interface ReceivedLogs extends Refusal {
  readonly logs: ReadonlyArray<ReceivedLog>
}

/** An id of so many digits; empty where there is none, or nothing but zeros, which says the same. */
const idOf = (text: string, digits: number): string | undefined => {
  const id = text.toLowerCase()
  if (/^0*$/.test(id)) return ""
  return id.length === digits && /^[0-9a-f]+$/.test(id) ? id : undefined
}

const logOf = (fields: Fields, at: string, resource: Resource, scope: Scope): ReceivedLog | string => {
  const traceId = idOf(textOf(fields, "traceId", at), 32)
  const spanId = idOf(textOf(fields, "spanId", at), 16)
  const observed = nanosOf(fields, "observedTimeUnixNano", at)
  const eventName = textOf(fields, "eventName", at)
  const log: ReceivedLog = {
    time: nanosOf(fields, "timeUnixNano", at) || observed,
    severityNumber: Math.min(24, countOf(fields, "severityNumber", at)),
    severityText: textOf(fields, "severityText", at),
    body: OtlpAttributes.valueOf(fields.body, `${at}.body`) ?? "",
    attributes: OtlpAttributes.recordOf(fields, at),
    droppedAttributes: countOf(fields, "droppedAttributesCount", at),
    ...(eventName === "" ? undefined : { eventName }),
    // A span is one of a trace
    ...(traceId ? { traceId, traceFlags: countOf(fields, "flags", at) & 0xff } : undefined),
    ...(traceId && spanId ? { spanId } : undefined),
    resource,
    scope
  }
  return traceId === undefined || spanId === undefined
    ? `${at}: a trace id is 32 and a span id 16 hexadecimal digits, or neither is there`
    : log
}

const envelope: Envelope<ReceivedLog> = {
  names: ["resourceLogs", "scopeLogs", "logRecords"],
  noun: "log records",
  itemOf: logOf
}

/**
 * Reads the records of an `ExportLogsServiceRequest`; throws `OtlpError` where it is not one.
 *
 * A record with an id that is none is refused alone, and so is every record past `most`. One without ids is well formed.
 */
export const fromRequest = (request: unknown, most: number): ReceivedLogs => {
  const { items, refusal, refused } = open(request, envelope, most)
  return { logs: items, refused, refusal }
}
