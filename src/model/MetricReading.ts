/**
 * What the metrics of a program read at one moment, with examples of what they measured.
 *
 * The shape in which they leave for whatever format. All of it is cumulative:
 * since the program, or its tracing layer, began.
 */

/** A measurement, and the span in which it was made. */
export interface Exemplar {
  readonly value: number
  /** Nanoseconds since the Unix epoch. */
  readonly time: bigint
  readonly traceId: string
  readonly spanId: string
}

interface Point {
  readonly labels: Readonly<Record<string, string>>
  readonly exemplars: ReadonlyArray<Exemplar>
}

export interface NumberPoint extends Point {
  readonly value: number | bigint
}

export interface HistogramPoint extends Point {
  /** Upper bounds, included, in ascending order; the last bucket has none. */
  readonly bounds: ReadonlyArray<number>
  /** How many were measured in each bucket alone: one more than there are bounds. */
  readonly counts: ReadonlyArray<number>
  readonly count: number
  readonly sum: number
  /** Of nothing there is no least and no most. */
  readonly min: number | undefined
  readonly max: number | undefined
}

export interface SummaryPoint extends Point {
  readonly quantiles: ReadonlyArray<readonly [quantile: number, value: number]>
  readonly count: number
  readonly sum: number
}

interface Described<Kind extends string, P extends Point> {
  readonly kind: Kind
  readonly name: string
  readonly description: string
  /** By UCUM: `s`, `By`, `{span}`; empty where there is none. */
  readonly unit: string
  readonly points: ReadonlyArray<P>
}

/** A `counter` only grows; an `upDownCounter` is a sum that need not. */
export type MetricReading =
  | Described<"counter" | "upDownCounter" | "gauge", NumberPoint>
  | Described<"histogram", HistogramPoint>
  | Described<"summary", SummaryPoint>

export interface MetricReadings {
  /** When measuring began. Nanoseconds since the Unix epoch. */
  readonly since: bigint
  /** When they were read. */
  readonly at: bigint
  readonly metrics: ReadonlyArray<MetricReading>
}
