/**
 * Spans that do the same thing, summed up in one line.
 */
import { hasFailed } from "./SpanFailure.ts"
import { kindOf } from "./SpanTitle.ts"
import type { Timeline, TimelineSpan } from "./Timeline.ts"

export interface TableLine {
  readonly service: string
  readonly name: string
  /** What they are about. */
  readonly title: string
  readonly count: number
  readonly failures: number
  /** Nanoseconds, all of them together; those that ran at once count each. */
  readonly total: number
  /** Nanoseconds in which nothing beneath them ran. */
  readonly self: number
  readonly median: number
  readonly p95: number
  readonly longest: number
  /** The one that took longest. */
  readonly slowest: TimelineSpan
}

/** How long the span was open while nothing beneath it was. */
export const selfTime = ({ children, end, start }: TimelineSpan): number => {
  let self = end - start
  let covered = start
  for (const child of [...children].sort((one, other) => one.start - other.start)) {
    const from = Math.max(child.start, covered)
    const to = Math.min(child.end, end)
    if (to <= from) continue
    self -= to - from
    covered = to
  }
  return self
}

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0

/** One line for each kind of span, those that took longest by themselves first. */
export const of = ({ spans }: Timeline): ReadonlyArray<TableLine> =>
  Array.from(
    Map.groupBy(spans, (node) => `${node.service}\n${node.span.name}\n${kindOf(node.span)}`).values(),
    (alike): TableLine => {
      const first = alike[0]!
      const durations = alike.map(({ end, start }) => end - start).sort((self, that) => self - that)
      return {
        service: first.service,
        name: first.span.name,
        title: kindOf(first.span),
        count: alike.length,
        failures: alike.filter(({ span }) => hasFailed(span)).length,
        total: durations.reduce((sum, duration) => sum + duration, 0),
        self: alike.reduce((sum, node) => sum + selfTime(node), 0),
        median: quantile(durations, 0.5),
        p95: quantile(durations, 0.95),
        longest: durations.at(-1)!,
        slowest: alike.reduce((most, node) => (node.end - node.start > most.end - most.start ? node : most), first)
      }
    }
  ).sort((self, that) => that.self - self.self)
