/**
 * The rows of a waterfall: the tree, without what is folded, out of focus or noise.
 */
import type { Timeline, TimelineSpan } from "./Timeline.ts"

export interface RowOptions {
  /** Ids of spans whose children are not shown. */
  readonly folded?: ReadonlySet<string> | undefined
  /** Shows this span and what is beneath it, alone. */
  readonly focus?: string | undefined
  /** Leaves out what is short, went well and held nobody up. */
  readonly hideNoise?: boolean | undefined
  /** Puts siblings that failed before those that did not. */
  readonly errorsFirst?: boolean | undefined
  readonly critical?: ReadonlySet<TimelineSpan> | undefined
}

export interface TraceRow {
  readonly at: TimelineSpan
  /** Below the first row. */
  readonly depth: number
  readonly folded: boolean
  /** Spans beneath it that have no row, folded or noise. */
  readonly hidden: number
}

/** The share of the trace below which a span is short. */
const short = 0.01

const order = (children: ReadonlyArray<TimelineSpan>, errorsFirst: boolean): ReadonlyArray<TimelineSpan> =>
  errorsFirst ? [...children].sort((self, that) => Number(that.failures > 0) - Number(self.failures > 0)) : children

export const of = (timeline: Timeline, options: RowOptions = {}): ReadonlyArray<TraceRow> => {
  const { critical, errorsFirst = false, focus, folded, hideNoise = false } = options
  const isNoise = (node: TimelineSpan): boolean =>
    hideNoise &&
    node.failures === 0 &&
    critical?.has(node) !== true &&
    node.reach - node.start < timeline.duration * short
  const focused = focus === undefined ? undefined : timeline.spans.find(({ span }) => span.spanId === focus)
  const top = focused === undefined ? order(timeline.roots, errorsFirst) : [focused]
  const base = focused?.depth ?? 0
  const rows: Array<TraceRow> = []
  const waiting = top.toReversed()
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const isFolded = at.children.length > 0 && folded?.has(at.span.spanId) === true
    const shown = isFolded ? [] : order(at.children, errorsFirst).filter((child) => !isNoise(child))
    const hidden = isFolded
      ? at.descendants
      : shown.length === at.children.length
        ? 0
        : at.children.reduce((sum, child) => sum + (isNoise(child) ? child.descendants + 1 : 0), 0)
    rows.push({ at, depth: at.depth - base, folded: isFolded, hidden })
    for (let index = shown.length - 1; index >= 0; index--) waiting.push(shown[index]!)
  }
  return rows
}
