/**
 * How metrics and labels are called in text: OpenTelemetry's names after its rules for Prometheus.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
import type { MetricReading } from "../model/MetricReading.ts"

const unitNames: ReadonlyMap<string, string> = new Map([
  ["s", "seconds"],
  ["ms", "milliseconds"],
  ["By", "bytes"],
  ["1", ""]
])
const plainUnit = /^[a-z]+$/

/** A unit as a part of a name; what stands in braces is no unit. */
export const unitName = (unit: string): string => unitNames.get(unit) ?? (plainUnit.test(unit) ? unit : "")

const spelled = (name: string, others: RegExp): string => {
  const known = name.replace(others, "_").replace(/_+/g, "_").replace(/_$/, "") || "_"
  return /^[0-9]/.test(known) ? `_${known}` : known
}

const metricName = (name: string): string => spelled(name, /[^a-zA-Z0-9_:]/g)

const reserved: Readonly<Record<string, string>> = { histogram: "le", summary: "quantile" }

/** The name of a family, without what its samples add. */
export const familyName = ({ kind, name, unit }: MetricReading): string => {
  const known = metricName(name)
  const base = kind === "counter" ? known.replace(/_total$/, "") : known
  const suffix = unitName(unit)
  return suffix === "" || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`
}

export type Labels = ReadonlyArray<readonly [name: string, value: string]>

/** Labels whose names are alike in the end share a value, as OpenTelemetry has it. */
export const labelsOf = (labels: Readonly<Record<string, string>>, kind: MetricReading["kind"]): Labels => {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const known = spelled(key, /[^a-zA-Z0-9_]/g)
    const name = known === reserved[kind] ? `exported_${known}` : known
    const before = found.get(name)
    found.set(name, before === undefined ? value : `${before};${value}`)
  }
  return [...found]
}

/** What the names of a family's samples end in, written or not. */
const suffixes: Readonly<Record<MetricReading["kind"], ReadonlyArray<string>>> = {
  counter: ["", "_total", "_created"],
  upDownCounter: [""],
  gauge: [""],
  histogram: ["", "_bucket", "_sum", "_count", "_created"],
  summary: ["", "_sum", "_count", "_created"]
}

/** Every name that a family takes for itself. */
export const namesOf = (family: string, kind: MetricReading["kind"]): ReadonlyArray<string> =>
  suffixes[kind].map((suffix) => family + suffix)
