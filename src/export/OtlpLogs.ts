/**
 * Log records as OTLP writes them.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
 */
import type { LogRecord } from "../model/LogRecord.ts"
import * as Otlp from "../model/Otlp.ts"
import type { Resource, Scope } from "../model/SpanData.ts"
import * as OtlpProtobuf from "./OtlpProtobuf.ts"
import type { OtlpSignal } from "./OtlpSignal.ts"

const record: OtlpProtobuf.MessageType = {
  timeUnixNano: [1, "fixed64"],
  severityNumber: [2, "varint"],
  severityText: [3, "string"],
  body: [5, () => OtlpProtobuf.anyValue],
  attributes: [6, () => OtlpProtobuf.keyValue],
  droppedAttributesCount: [7, "varint"],
  flags: [8, "fixed32"],
  traceId: [9, "hex"],
  spanId: [10, "hex"],
  observedTimeUnixNano: [11, "fixed64"],
  eventName: [12, "string"]
}
const scopeLogs: OtlpProtobuf.MessageType = {
  scope: [1, () => OtlpProtobuf.scope],
  logRecords: [2, () => record]
}
const resourceLogs: OtlpProtobuf.MessageType = {
  resource: [1, () => OtlpProtobuf.resource],
  scopeLogs: [2, () => scopeLogs]
}

/** What the records of one program have in common with its spans. */
export interface Origin {
  readonly resource: Resource
  readonly scope: Scope
}

export const signal = ({ resource, scope }: Origin): OtlpSignal<LogRecord> => ({
  grpcPath: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  message: { resourceLogs: [1, () => resourceLogs] },
  request: (records): Otlp.ExportLogsServiceRequest => ({
    resourceLogs: [
      {
        resource: { attributes: Otlp.fromRecord(resource.attributes) },
        scopeLogs: [{ scope, logRecords: records.map(Otlp.fromLog) }]
      }
    ]
  })
})
