/**
 * OTLP as protobuf, read into the shape of OTLP/JSON.
 *
 * One table a message: field number, JSON name, how to read it. Unknown fields
 * are passed over, so newer senders are understood.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
 */
import type { ProtobufReader } from "./ProtobufReader.ts"

type Read = (reader: ProtobufReader) => unknown
type Field = readonly [name: string, read: Read, repeated?: "repeated"]
type Fields = Readonly<Record<number, Field>>

const readFields = (reader: ProtobufReader, fields: Fields): Record<string, unknown> => {
  const target: Record<string, unknown> = {}
  while (reader.next()) {
    const field = fields[reader.field]
    if (field === undefined) {
      reader.skip()
      continue
    }
    const [name, read, repeated] = field
    const value = read(reader)
    if (repeated === undefined) target[name] = value
    else if (target[name] === undefined) target[name] = [value]
    else (target[name] as Array<unknown>).push(value)
  }
  return target
}

const message =
  (fields: () => Fields): Read =>
  (reader) =>
    readFields(reader.message(), fields())

const text: Read = (reader) => reader.text()
const hex: Read = (reader) => reader.hex()
const uint32: Read = (reader) => reader.uint32()
const fixed32: Read = (reader) => reader.fixed32()
const fixed64: Read = (reader) => reader.fixed64()

const anyValue = message(() => AnyValue)
const keyValue = message(() => KeyValue)

const AnyValue: Fields = {
  1: ["stringValue", text],
  2: ["boolValue", (reader) => reader.boolean()],
  3: ["intValue", (reader) => reader.int64()],
  4: ["doubleValue", (reader) => reader.double()],
  5: ["arrayValue", message(() => ArrayValue)],
  6: ["kvlistValue", message(() => KeyValueList)],
  7: ["bytesValue", (reader) => reader.base64()]
}

const ArrayValue: Fields = {
  1: ["values", anyValue, "repeated"]
}

const KeyValueList: Fields = {
  1: ["values", keyValue, "repeated"]
}

const KeyValue: Fields = {
  1: ["key", text],
  2: ["value", anyValue]
}

const Event: Fields = {
  1: ["timeUnixNano", fixed64],
  2: ["name", text],
  3: ["attributes", keyValue, "repeated"],
  4: ["droppedAttributesCount", uint32]
}

const Link: Fields = {
  1: ["traceId", hex],
  2: ["spanId", hex],
  3: ["traceState", text],
  4: ["attributes", keyValue, "repeated"],
  5: ["droppedAttributesCount", uint32],
  6: ["flags", fixed32]
}

const Status: Fields = {
  2: ["message", text],
  3: ["code", uint32]
}

const Span: Fields = {
  1: ["traceId", hex],
  2: ["spanId", hex],
  3: ["traceState", text],
  4: ["parentSpanId", hex],
  5: ["name", text],
  6: ["kind", uint32],
  7: ["startTimeUnixNano", fixed64],
  8: ["endTimeUnixNano", fixed64],
  9: ["attributes", keyValue, "repeated"],
  10: ["droppedAttributesCount", uint32],
  11: ["events", message(() => Event), "repeated"],
  12: ["droppedEventsCount", uint32],
  13: ["links", message(() => Link), "repeated"],
  14: ["droppedLinksCount", uint32],
  15: ["status", message(() => Status)],
  16: ["flags", fixed32]
}

const Scope: Fields = {
  1: ["name", text],
  2: ["version", text]
}

const ScopeSpans: Fields = {
  1: ["scope", message(() => Scope)],
  2: ["spans", message(() => Span), "repeated"]
}

const Resource: Fields = {
  1: ["attributes", keyValue, "repeated"]
}

const ResourceSpans: Fields = {
  1: ["resource", message(() => Resource)],
  2: ["scopeSpans", message(() => ScopeSpans), "repeated"]
}

const ExportTraceServiceRequest: Fields = {
  1: ["resourceSpans", message(() => ResourceSpans), "repeated"]
}

const LogRecord: Fields = {
  1: ["timeUnixNano", fixed64],
  2: ["severityNumber", uint32],
  3: ["severityText", text],
  5: ["body", anyValue],
  6: ["attributes", keyValue, "repeated"],
  7: ["droppedAttributesCount", uint32],
  8: ["flags", fixed32],
  9: ["traceId", hex],
  10: ["spanId", hex],
  11: ["observedTimeUnixNano", fixed64],
  12: ["eventName", text]
}

const ScopeLogs: Fields = {
  1: ["scope", message(() => Scope)],
  2: ["logRecords", message(() => LogRecord), "repeated"]
}

const ResourceLogs: Fields = {
  1: ["resource", message(() => Resource)],
  2: ["scopeLogs", message(() => ScopeLogs), "repeated"]
}

const ExportLogsServiceRequest: Fields = {
  1: ["resourceLogs", message(() => ResourceLogs), "repeated"]
}

/** Reads a whole `ExportTraceServiceRequest`; throws `OtlpError`. */
export const read = (reader: ProtobufReader): unknown => readFields(reader, ExportTraceServiceRequest)

/** Reads a whole `ExportLogsServiceRequest`; throws `OtlpError`. */
export const readLogs = (reader: ProtobufReader): unknown => readFields(reader, ExportLogsServiceRequest)
