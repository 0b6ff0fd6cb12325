/**
 * What a span waited for before it began: its message in a queue, or its turn after an attempt that failed.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { hasFailed } from "./SpanFailure.ts"
import type { TimelineSpan } from "./Timeline.ts"

export interface SpanWait {
  readonly kind: "queued" | "backoff"
  /** Nanoseconds since the trace began; it lasts until the span begins. */
  readonly from: number
}

const isAttempt = ({ span }: TimelineSpan): boolean => span.attributes.has(AttributeKeys.retryAttempt)

export const before = (node: TimelineSpan): SpanWait | undefined => {
  const { parent, span, start } = node
  if (parent === undefined) return undefined
  if (span.kind === "consumer" && parent.span.kind === "producer" && parent.end < start) {
    return { kind: "queued", from: parent.end }
  }
  if (!isAttempt(node)) return undefined
  const last = parent.children.findLast((sibling) => sibling !== node && sibling.end <= start && isAttempt(sibling))
  return last !== undefined && hasFailed(last.span) ? { kind: "backoff", from: last.end } : undefined
}
