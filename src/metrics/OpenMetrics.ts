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

export const contentTypes = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8"
} as const

export type Format = keyof typeof contentTypes

/** How much a reader wants a type, from 0 to 1; 0 where it does not name it. */
const weightOf = (accept: string, type: string): number => {
  for (const range of accept.toLowerCase().split(",")) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim())
    if (name !== type) continue
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2)
    return weight === undefined ? 1 : Number(weight) || 0
  }
  return 0
}

/** The format that an `Accept` header asks for: OpenMetrics only for those that name it, and want it no less. */
export const negotiated = (accept = ""): Format => {
  const wanted = weightOf(accept, "application/openmetrics-text")
  return wanted > 0 && wanted >= weightOf(accept, "text/plain") ? "openmetrics" : "prometheus"
}

const unitNames: ReadonlyMap<string, string> = new Map([
  ["s", "seconds"],
  ["ms", "milliseconds"],
  ["By", "bytes"],
  ["1", ""]
])
const plainUnit = /^[a-z]+$/

/** A unit as a part of a name; what stands in braces is no unit. */
const unitName = (unit: string): string => unitNames.get(unit) ?? (plainUnit.test(unit) ? unit : "")

const spelled = (name: string, others: RegExp): string => {
  const known = name.replace(others, "_").replace(/_+/g, "_").replace(/_$/, "") || "_"
  return /^[0-9]/.test(known) ? `_${known}` : known
}

const metricName = (name: string): string => spelled(name, /[^a-zA-Z0-9_:]/g)

const types = { counter: "counter", upDownCounter: "gauge", gauge: "gauge", histogram: "histogram", summary: "summary" }

const reserved: Readonly<Record<string, string>> = { histogram: "le", summary: "quantile" }

/** The name of a family, without what its samples add. */
const familyName = ({ kind, name, unit }: MetricReading): string => {
  const known = metricName(name)
  const base = kind === "counter" ? known.replace(/_total$/, "") : known
  const suffix = unitName(unit)
  return suffix === "" || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`
}

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

type Labels = ReadonlyArray<readonly [name: string, value: string]>

/** Labels whose names are alike in the end share a value, as OpenTelemetry has it. */
const labelsOf = (labels: Readonly<Record<string, string>>, kind: MetricReading["kind"]): Labels => {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const known = spelled(key, /[^a-zA-Z0-9_]/g)
    const name = known === reserved[kind] ? `exported_${known}` : known
    const before = found.get(name)
    found.set(name, before === undefined ? value : `${before};${value}`)
  }
  return [...found]
}

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

/** What the names of a family's samples end in, written or not. */
const suffixes: Readonly<Record<MetricReading["kind"], ReadonlyArray<string>>> = {
  counter: ["", "_total", "_created"],
  upDownCounter: [""],
  gauge: [""],
  histogram: ["", "_bucket", "_sum", "_count", "_created"],
  summary: ["", "_sum", "_count", "_created"]
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
    const samples = suffixes[reading.kind].map((suffix) => name + suffix)
    if (samples.some((sample) => taken.has(sample))) continue
    for (const sample of samples) taken.add(sample)
    lines.push(...metadata(reading, name, format), ...linesOf(reading, name, format))
  }
  if (format === "openmetrics") lines.push("# EOF")
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`
}
