/**
 * The critical path: at every moment of the trace, the one span that all others waited for.
 *
 * Walked from the end backwards: of the spans beneath one, the last to come
 * to its end is what it waited for. The segments lie end to end from the
 * start of the trace to its end, so their durations sum to the wall time.
 */
import type { Timeline, TimelineSpan } from "./Timeline.ts"

export interface PathSegment {
  /** `undefined` where no span was open: between roots whose callers never arrived. */
  readonly at: TimelineSpan | undefined
  /** Nanoseconds since the trace began. */
  readonly from: number
  readonly to: number
  /** The span beneath that had just ended, and the one that begins when the segment is over. */
  readonly previous: TimelineSpan | undefined
  readonly next: TimelineSpan | undefined
}

interface Frame {
  readonly at: TimelineSpan | undefined
  /** By their reach, the last at the end. */
  readonly children: ReadonlyArray<TimelineSpan>
  readonly floor: number
  left: number
  cursor: number
  next: TimelineSpan | undefined
}

/** Of two that end together, the one that failed is what mattered. */
const byReach = (self: TimelineSpan, that: TimelineSpan): number =>
  self.reach - that.reach || Number(self.failures > 0) - Number(that.failures > 0)

export const of = ({ duration, roots }: Timeline): ReadonlyArray<PathSegment> => {
  const segments: Array<PathSegment> = []
  const enter = (
    at: TimelineSpan | undefined,
    under: ReadonlyArray<TimelineSpan>,
    floor: number,
    cursor: number
  ): Frame => {
    const children = [...under].sort(byReach)
    return { at, children, floor, left: children.length - 1, cursor, next: undefined }
  }
  const stack: Array<Frame> = [enter(undefined, roots, 0, duration)]
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const { at, children, cursor, floor, next } = frame
    let child: TimelineSpan | undefined
    while (child === undefined && frame.left >= 0) {
      const candidate = children[frame.left--]!
      // What began later, or ran on past the moment, is not what was waited for
      if (candidate.start < cursor && candidate.reach <= cursor && candidate.reach > floor) child = candidate
    }
    const from = child === undefined ? floor : child.reach
    if (from < cursor) segments.push({ at, from, to: cursor, previous: child, next })
    if (child === undefined) {
      stack.pop()
      continue
    }
    const start = Math.max(child.start, floor)
    frame.cursor = start
    frame.next = child
    stack.push(enter(child, child.children, start, child.reach))
  }
  return segments.reverse()
}

/** The spans on it. */
export const spansOf = (segments: ReadonlyArray<PathSegment>): ReadonlySet<TimelineSpan> => {
  const spans = new Set<TimelineSpan>()
  for (const { at } of segments) {
    for (let node = at; node !== undefined && !spans.has(node); node = node.parent) spans.add(node)
  }
  return spans
}
