/**
 * Reads Effect's metrics, and the examples that are shown with them.
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { Exemplar, HistogramPoint, MetricReading, NumberPoint, SummaryPoint } from "../model/MetricReading.ts"
import { WatchedRegistry } from "./WatchedRegistry.ts"

type Snapshot = Metric.Metric.Snapshot
type Labels = Readonly<Record<string, string>>

/** What Effect's own exporters take for the unit, and no label. */
const unitKeys: ReadonlySet<string> = new Set(["unit", "time_unit"])

const labelsOf = ({ attributes = {} }: Snapshot): Labels =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => !unitKeys.has(key)))

const unitOf = ({ attributes = {} }: Snapshot): string => attributes["unit"] ?? attributes["time_unit"] ?? ""

const histogramPoint = (
  { buckets, count, max, min, sum }: Metric.HistogramState,
  labels: Labels,
  exemplars: ReadonlyArray<Exemplar>
): HistogramPoint => {
  const finite = buckets.filter(([bound]) => Number.isFinite(bound))
  const counts = finite.map(([, upTo], index) => upTo - (finite[index - 1]?.[1] ?? 0))
  return {
    labels,
    exemplars,
    bounds: finite.map(([bound]) => bound),
    counts: [...counts, count - (finite.at(-1)?.[1] ?? 0)],
    count,
    sum,
    min: count === 0 ? undefined : min,
    max: count === 0 ? undefined : max
  }
}

const summaryPoint = ({ count, quantiles, sum }: Metric.SummaryState, labels: Labels): SummaryPoint => ({
  labels,
  exemplars: [],
  quantiles: quantiles.flatMap(([quantile, value]) => (value === undefined ? [] : [[quantile, value] as const])),
  count,
  sum
})

const frequencyPoints = ({ occurrences }: Metric.FrequencyState, labels: Labels): ReadonlyArray<NumberPoint> =>
  Array.from(occurrences, ([key, value]) => ({ labels: { ...labels, key }, exemplars: [], value }))

const readingOf = (snapshot: Snapshot, exemplars: ReadonlyArray<Exemplar>): MetricReading => {
  const described = { name: snapshot.id, description: snapshot.description ?? "", unit: unitOf(snapshot) }
  const labels = labelsOf(snapshot)
  switch (snapshot.type) {
    case "Counter": {
      const { count, incremental } = snapshot.state
      return {
        ...described,
        kind: incremental ? "counter" : "upDownCounter",
        points: [{ labels, exemplars, value: count }]
      }
    }
    case "Frequency":
      return { ...described, kind: "counter", points: frequencyPoints(snapshot.state, labels) }
    case "Gauge":
      return { ...described, kind: "gauge", points: [{ labels, exemplars: [], value: snapshot.state.value }] }
    case "Histogram":
      return { ...described, kind: "histogram", points: [histogramPoint(snapshot.state, labels, exemplars)] }
    case "Summary":
      return { ...described, kind: "summary", points: [summaryPoint(snapshot.state, labels)] }
  }
}

/** Points of one metric belong together, in the order in which they were first made. */
const joined = (readings: ReadonlyArray<MetricReading>): ReadonlyArray<MetricReading> =>
  Array.from(Map.groupBy(readings, ({ kind, name, unit }) => `${kind} ${unit} ${name}`).values(), (alike) => ({
    ...alike[0]!,
    points: alike.flatMap(({ points }) => points as ReadonlyArray<never>)
  }))

/** Reads every metric of a context's registry. One that throws when it is read is passed over. */
export const read = (context: Context.Context<never>): ReadonlyArray<MetricReading> => {
  const registry = Context.get(context, Metric.MetricRegistry)
  const readings: Array<MetricReading> = []
  for (const { hooks, ...metadata } of registry.values()) {
    try {
      const exemplars = registry instanceof WatchedRegistry ? registry.exemplarsOf(hooks) : []
      readings.push(readingOf({ ...metadata, state: hooks.get(context) }, exemplars))
    } catch {
      // It is the program's own, and the others are none the worse for it
    }
  }
  return joined(readings)
}
