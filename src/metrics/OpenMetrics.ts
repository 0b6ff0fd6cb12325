/**
 * Metrics as text, for Prometheus and whatever else speaks OpenMetrics.
 *
 * Names are spelled as OpenTelemetry's rules for Prometheus have it: other
 * characters become `_`, seconds and bytes are named, what counts ends in
 * `_total`. Both formats have the same names; only OpenMetrics has examples.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
import type { Exemplar, HistogramPoint, MetricReading, NumberPoint, SummaryPoint } from "../model/MetricReading.ts"
import type { Format } from "./OpenMetricsFormat.ts"
import { familyName, type Labels, labelsOf, namesOf, unitName } from "./OpenMetricsName.ts"

const types = { counter: "counter", upDownCounter: "gauge", gauge: "gauge", histogram: "histogram", summary: "summary" }

const escaped = (text: string): string =>
  text.toWellFormed().replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")

/** In the older format a quote in a help text is a quote. */
const help = (text: string, format: Format): string =>
  format === "openmetrics" ? escaped(text) : escaped(text).replaceAll('\\"', '"')

const number = (value: number | bigint): string =>
  value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value)

/** Bounds and quantiles are floats, and look it. */
const float = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : number(value)

const rendered = (labels: Labels): string =>
  labels.length === 0 ? "" : `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`

const seconds = (nanos: bigint): string => {
  const text = String(nanos).padStart(10, "0")
  return `${text.slice(0, -9)}.${text.slice(-9, -6)}`
}

const exemplar = ({ spanId, time, traceId, value }: Exemplar): string =>
  ` # {trace_id="${traceId}",span_id="${spanId}"} ${number(value)} ${seconds(time)}`

/** Writes the lines of one point. */
type Lines<Point> = (name: string, point: Point, labels: Labels) => ReadonlyArray<string>

const counter =
  (format: Format): Lines<NumberPoint> =>
  (name, { exemplars, value }, labels) => {
    const [example] = format === "openmetrics" ? exemplars : []
    return [`${name}_total${rendered(labels)} ${number(value)}${example === undefined ? "" : exemplar(example)}`]
  }

const gauge: Lines<NumberPoint> = (name, { value }, labels) => [`${name}${rendered(labels)} ${number(value)}`]

const histogram =
  (format: Format): Lines<HistogramPoint> =>
  (name, { bounds, count, counts, exemplars, min = 0, sum }, labels) => {
    let upTo = 0
    const buckets = counts.map((count, index) => {
      const bound = bounds[index] ?? Infinity
      const within = format === "openmetrics" && exemplars.findLast(({ value }) => isWithin(value, bounds, index))
      const example = within ? exemplar(within) : ""
      return `${name}_bucket${rendered([...labels, ["le", float(bound)]])} ${(upTo += count)}${example}`
    })
    // A sum that may become less is none for OpenMetrics
    const decreases = min < 0 || (bounds[0] ?? 0) < 0
    return decreases
      ? buckets
      : [...buckets, `${name}_sum${rendered(labels)} ${number(sum)}`, `${name}_count${rendered(labels)} ${count}`]
  }

const isWithin = (value: number, bounds: ReadonlyArray<number>, index: number): boolean =>
  value > (bounds[index - 1] ?? -Infinity) && value <= (bounds[index] ?? Infinity)

const summary: Lines<SummaryPoint> = (name, { count, quantiles, sum }, labels) => [
  ...quantiles.map(
    ([quantile, value]) => `${name}${rendered([...labels, ["quantile", float(quantile)]])} ${number(value)}`
  ),
  `${name}_sum${rendered(labels)} ${number(sum)}`,
  `${name}_count${rendered(labels)} ${count}`
]

const linesOf = (reading: MetricReading, name: string, format: Format): ReadonlyArray<string> => {
  const seen = new Set<string>()
  const each = <Point extends { readonly labels: Readonly<Record<string, string>> }>(
    points: ReadonlyArray<Point>,
    lines: Lines<Point>
  ): ReadonlyArray<string> =>
    points.flatMap((point) => {
      const labels = labelsOf(point.labels, reading.kind)
      const key = rendered(labels)
      if (seen.has(key)) return []
      seen.add(key)
      return lines(name, point, labels)
    })
  switch (reading.kind) {
    case "counter":
      // A total that is no number is none
      return each(
        reading.points.filter(({ value }) => !Number.isNaN(Number(value))),
        counter(format)
      )
    case "upDownCounter":
    case "gauge":
      return each(reading.points, gauge)
    case "histogram":
      return each(reading.points, histogram(format))
    case "summary":
      return each(reading.points, summary)
  }
}

const metadata = (reading: MetricReading, name: string, format: Format): ReadonlyArray<string> => {
  const suffix = unitName(reading.unit)
  const shown = format === "prometheus" && reading.kind === "counter" ? `${name}_total` : name
  return [
    `# TYPE ${shown} ${types[reading.kind]}`,
    ...(format === "openmetrics" && suffix !== "" ? [`# UNIT ${shown} ${suffix}`] : []),
    ...(reading.description === "" ? [] : [`# HELP ${shown} ${help(reading.description, format)}`])
  ]
}

/**
 * Writes all of them. Of two metrics whose samples would have one name, the first is written; points of one metric whose
 * labels come out alike are written once.
 */
export const format = (readings: ReadonlyArray<MetricReading>, format: Format): string => {
  const taken = new Set<string>()
  const lines: Array<string> = []
  for (const reading of readings) {
    const name = familyName(reading)
    const samples = namesOf(name, reading.kind)
    if (samples.some((sample) => taken.has(sample))) continue
    for (const sample of samples) taken.add(sample)
    lines.push(...metadata(reading, name, format), ...linesOf(reading, name, format))
  }
  if (format === "openmetrics") lines.push("# EOF")
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`
}
