/**
 * Why a trace failed: the first failure that nothing made good.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { hasFailed } from "./SpanFailure.ts"
import type { Timeline, TimelineSpan } from "./Timeline.ts"

const attemptOf = ({ span }: TimelineSpan): boolean => span.attributes.has(AttributeKeys.retryAttempt)

/** Failed attempts of which a later sibling succeeded. */
const supersededBy = (children: ReadonlyArray<TimelineSpan>): ReadonlyArray<TimelineSpan> => {
  const attempts = children.filter(attemptOf)
  const succeeded = attempts.findLastIndex(({ span }) => !hasFailed(span))
  return attempts.slice(0, Math.max(0, succeeded)).filter(({ span }) => hasFailed(span))
}

/** The failed spans that no later attempt made good, in the order of the drawing. */
export const lasting = ({ spans }: Timeline): ReadonlyArray<TimelineSpan> => {
  const madeGood = new Set<TimelineSpan>()
  for (const node of spans) {
    if (node.parent !== undefined && madeGood.has(node.parent)) madeGood.add(node)
    if (node.failures > 0) for (const attempt of supersededBy(node.children)) madeGood.add(attempt)
  }
  return spans.filter((node) => hasFailed(node.span) && !madeGood.has(node))
}

/**
 * Where the failure began: the earliest to end of the lasting failures that have none beneath them.
 *
 * The spans around it failed because it did; those after it came too late to be the reason.
 */
export const of = (timeline: Timeline): TimelineSpan | undefined => {
  const failed = lasting(timeline)
  const around = new Set(failed.map(({ parent }) => parent))
  return failed
    .filter((node) => !around.has(node))
    .reduce<TimelineSpan | undefined>(
      (first, node) => (first === undefined || node.end < first.end ? node : first),
      undefined
    )
}
