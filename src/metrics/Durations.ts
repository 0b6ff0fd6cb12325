/**
 * How long runs that are alike took, as a histogram.
 */
import type * as Metric from "effect/Metric"
import * as Reservoir from "./Reservoir.ts"

/** In seconds: what HTTP has in OpenTelemetry's conventions, and longer ones, as runs last. */
export const bounds: ReadonlyArray<number> = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300, 900, 3600
]

export class Durations {
  readonly counts: Array<number> = Array.from({ length: bounds.length + 1 }, () => 0)
  count = 0
  sum = 0
  min = Infinity
  max = 0

  add(seconds: number): void {
    this.counts[Reservoir.bucketOf(bounds, seconds)]!++
    this.count++
    this.sum += seconds
    if (seconds < this.min) this.min = seconds
    if (seconds > this.max) this.max = seconds
  }

  toState(): Metric.HistogramState {
    let before = 0
    return {
      buckets: bounds.map((bound, index) => [bound, (before += this.counts[index]!)]),
      count: this.count,
      sum: this.sum,
      min: this.min,
      max: this.max
    }
  }
}
