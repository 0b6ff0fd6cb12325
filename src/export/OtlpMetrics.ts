/**
 * Metrics as OTLP writes them, cumulative, with their examples.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 */
import type {
  Exemplar,
  HistogramPoint,
  MetricReading,
  MetricReadings,
  NumberPoint,
  SummaryPoint
} from "../model/MetricReading.ts"
import * as Otlp from "../model/Otlp.ts"
import type { Origin } from "./OtlpLogs.ts"
import * as OtlpProtobuf from "./OtlpProtobuf.ts"
import type { OtlpSignal } from "./OtlpSignal.ts"

const cumulative = 2

const exemplar: OtlpProtobuf.MessageType = {
  timeUnixNano: [2, "fixed64"],
  asDouble: [3, "double"],
  spanId: [4, "hex"],
  traceId: [5, "hex"]
}
const numberPoint: OtlpProtobuf.MessageType = {
  attributes: [7, () => OtlpProtobuf.keyValue],
  startTimeUnixNano: [2, "fixed64"],
  timeUnixNano: [3, "fixed64"],
  asDouble: [4, "double"],
  exemplars: [5, () => exemplar],
  asInt: [6, "fixed64"]
}
const histogramPoint: OtlpProtobuf.MessageType = {
  attributes: [9, () => OtlpProtobuf.keyValue],
  startTimeUnixNano: [2, "fixed64"],
  timeUnixNano: [3, "fixed64"],
  count: [4, "fixed64"],
  sum: [5, "double"],
  bucketCounts: [6, "fixed64"],
  explicitBounds: [7, "double"],
  exemplars: [8, () => exemplar],
  min: [11, "double"],
  max: [12, "double"]
}
const valueAtQuantile: OtlpProtobuf.MessageType = { quantile: [1, "double"], value: [2, "double"] }
const summaryPoint: OtlpProtobuf.MessageType = {
  attributes: [7, () => OtlpProtobuf.keyValue],
  startTimeUnixNano: [2, "fixed64"],
  timeUnixNano: [3, "fixed64"],
  count: [4, "fixed64"],
  sum: [5, "double"],
  quantileValues: [6, () => valueAtQuantile]
}
const metric: OtlpProtobuf.MessageType = {
  name: [1, "string"],
  description: [2, "string"],
  unit: [3, "string"],
  gauge: [5, () => ({ dataPoints: [1, () => numberPoint] })],
  sum: [
    7,
    () => ({
      dataPoints: [1, () => numberPoint],
      aggregationTemporality: [2, "varint"],
      isMonotonic: [3, "bool"]
    })
  ],
  histogram: [9, () => ({ dataPoints: [1, () => histogramPoint], aggregationTemporality: [2, "varint"] })],
  summary: [11, () => ({ dataPoints: [1, () => summaryPoint] })]
}
const scopeMetrics: OtlpProtobuf.MessageType = { scope: [1, () => OtlpProtobuf.scope], metrics: [2, () => metric] }
const resourceMetrics: OtlpProtobuf.MessageType = {
  resource: [1, () => OtlpProtobuf.resource],
  scopeMetrics: [2, () => scopeMetrics]
}

/** JSON has no word for what is not finite; proto3 does. */
const double = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

const exemplarsOf = (exemplars: ReadonlyArray<Exemplar>) =>
  exemplars.length === 0
    ? undefined
    : {
        exemplars: exemplars.map(({ spanId, time, traceId, value }) => ({
          timeUnixNano: String(time),
          asDouble: double(value),
          traceId,
          spanId
        }))
      }

interface Between {
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
}

const fromNumber =
  (between: Between) =>
  ({ exemplars, labels, value }: NumberPoint) => ({
    attributes: Otlp.fromRecord(labels),
    ...between,
    ...(typeof value === "bigint" ? { asInt: String(BigInt.asIntN(64, value)) } : { asDouble: double(value) }),
    ...exemplarsOf(exemplars)
  })

const fromHistogram =
  (between: Between) =>
  ({ bounds, count, counts, exemplars, labels, max, min, sum }: HistogramPoint) => ({
    attributes: Otlp.fromRecord(labels),
    ...between,
    count: String(count),
    sum: double(sum),
    bucketCounts: counts.map(String),
    explicitBounds: bounds,
    ...(min === undefined || max === undefined ? undefined : { min: double(min), max: double(max) }),
    ...exemplarsOf(exemplars)
  })

const fromSummary =
  (between: Between) =>
  ({ count, labels, quantiles, sum }: SummaryPoint) => ({
    attributes: Otlp.fromRecord(labels),
    ...between,
    count: String(count),
    sum: double(sum),
    quantileValues: quantiles.map(([quantile, value]) => ({ quantile, value: double(value) }))
  })

const fromReading = (between: Between) => (reading: MetricReading) => {
  const { description, name, unit } = reading
  const described = { name, description, unit }
  switch (reading.kind) {
    case "counter":
    case "upDownCounter": {
      const dataPoints = reading.points.map(fromNumber(between))
      const isMonotonic = reading.kind === "counter"
      return { ...described, sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic } }
    }
    case "gauge":
      return { ...described, gauge: { dataPoints: reading.points.map(fromNumber(between)) } }
    case "histogram": {
      const dataPoints = reading.points.map(fromHistogram(between))
      return { ...described, histogram: { dataPoints, aggregationTemporality: cumulative } }
    }
    case "summary":
      return { ...described, summary: { dataPoints: reading.points.map(fromSummary(between)) } }
  }
}

export const signal = ({ resource, scope }: Origin): OtlpSignal<MetricReadings> => ({
  grpcPath: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  message: { resourceMetrics: [1, () => resourceMetrics] },
  request: (batch) => ({
    resourceMetrics: batch.map(({ at, metrics, since }) => ({
      resource: { attributes: Otlp.fromRecord(resource.attributes) },
      scopeMetrics: [
        { scope, metrics: metrics.map(fromReading({ startTimeUnixNano: String(since), timeUnixNano: String(at) })) }
      ]
    }))
  })
})
