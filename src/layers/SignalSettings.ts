/**
 * What is said and sent beside spans, by the settings: log lines, exceptions and metrics.
 */
import type * as Duration from "effect/Duration"
import type { OtlpSettings } from "../export/OtlpTransport.ts"
import * as DestinationSettings from "./DestinationSettings.ts"
import type { SettingReading } from "./SettingReading.ts"
import * as SettingTable from "./SettingTable.ts"

/** Where and how log records go. */
export interface SentLogsSetting {
  readonly otlp: OtlpSettings
  readonly queueSize: number
  readonly queueBytes: number
  readonly batchSize: number
  readonly interval: Duration.Duration
}

/** Which metrics are made, and where they go. */
export interface MetricsSetting {
  /** True where they are sent, and not only served. */
  readonly sent: boolean
  readonly otlp: OtlpSettings
  readonly interval: Duration.Duration
  readonly exemplars: boolean
  /** How many series a metric of runs may have. */
  readonly series: number
}

/** What becomes of log lines, and of exceptions. */
export interface LogsSetting {
  /** Lines say which span they were written in. */
  readonly correlation: boolean
  /** Lines become events of that span. */
  readonly events: boolean
  /** Where exceptions of spans are told; log records only where there are any. */
  readonly exceptions: "events" | "logs" | "both"
  /** `undefined` when lines are not sent. */
  readonly sent: SentLogsSetting | undefined
}

export const logs = (reading: SettingReading, traces: OtlpSettings): LogsSetting => {
  const sent = reading.get("logs") === "otlp"
  const exceptions = reading.get("exceptions")
  if (!sent && exceptions !== "events" && reading.sources.exceptions === SettingTable.table.exceptions.key) {
    reading.refuse("exceptions", "set to logs or both together with TRACING_LOGS=otlp")
  }
  const queueSize = reading.get("logsQueueSize")
  const batchSize = reading.get("logsBatchSize") ?? Math.min(512, queueSize)
  if (batchSize > queueSize) {
    const rule = `no more than the queue size, ${queueSize} (${SettingTable.table.logsQueueSize.key})`
    reading.refuse("logsBatchSize", rule)
  }
  const setting: SentLogsSetting = {
    otlp: DestinationSettings.signal(reading, "logs", traces),
    queueSize,
    queueBytes: reading.get("logsQueueBytes"),
    batchSize: Math.min(batchSize, queueSize),
    interval: reading.get("logsInterval")
  }
  return {
    correlation: reading.get("logCorrelation"),
    events: reading.get("logEvents"),
    exceptions: sent ? exceptions : "events",
    sent: sent ? setting : undefined
  }
}

export const metrics = (reading: SettingReading, traces: OtlpSettings): MetricsSetting | undefined => {
  const wanted = reading.get("metrics")
  const setting: MetricsSetting = {
    sent: wanted === "otlp",
    otlp: DestinationSettings.signal(reading, "metrics", traces),
    interval: reading.get("metricsInterval"),
    exemplars: reading.get("metricsExemplars"),
    series: reading.get("metricsSeries")
  }
  return wanted === "off" ? undefined : setting
}
