/**
 * What one line says about a whole trace.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as Trace from "../model/Trace.ts"
import { type ReceivedSpan, serviceOf } from "../receiver/ReceivedSpan.ts"

export interface TraceSummary {
  readonly traceId: string
  /** The name of the span it began with, as far as known. */
  readonly rootName: string
  /** In the order they joined. */
  readonly services: ReadonlyArray<string>
  /** Nanoseconds since the Unix epoch. */
  readonly startTime: bigint
  /** Nanoseconds since the Unix epoch, of the span that ended last. */
  readonly endTime: bigint
  readonly spanCount: number
  /** Spans that failed, retried attempts among them. */
  readonly errorCount: number
  /** True when something failed and no later attempt of it succeeded. */
  readonly error: boolean
  /** True when its first span is here, no parent is missing, and every message that was sent was received. */
  readonly complete: boolean
  /** True when its first span, or the first one after a caller that we never see, is here. */
  readonly entered: boolean
}

type Node = Trace.SpanNode<ReceivedSpan>

const hasFailed = ({ span }: Node): boolean => span.statusCode === "error"

/** Failed attempts, and everything under them, of which a later sibling attempt succeeded. */
const retriedSpans = (roots: ReadonlyArray<Node>): ReadonlySet<ReceivedSpan> => {
  const retried = new Set<ReceivedSpan>()
  for (const { children } of Trace.walk(roots)) {
    const attempts = children.filter((child) => child.span.attributes.has(AttributeKeys.retryAttempt))
    const succeeded = attempts.findLastIndex((attempt) => !hasFailed(attempt))
    const superseded = attempts.filter((attempt, index) => index < succeeded && hasFailed(attempt))
    for (const { span } of Trace.walk(superseded)) retried.add(span)
  }
  return retried
}

/** Sums up the spans of one trace, of which there must be at least one. */
export const fromSpans = (spans: ReadonlyArray<ReceivedSpan>): TraceSummary => {
  const roots = Trace.fromSpans(spans)
  const [first] = roots
  const services = new Set<string>()
  let endTime = first!.span.endTime
  let spanCount = 0
  const failed: Array<ReceivedSpan> = []
  let complete = roots.length === 1 && first!.span.parentSpanId === undefined
  const byStart = [...Trace.walk(roots)].sort(Trace.byStart)
  for (const node of byStart) {
    const { span } = node
    spanCount++
    services.add(serviceOf(span))
    if (span.endTime > endTime) endTime = span.endTime
    if (hasFailed(node)) failed.push(span)
    else if (span.kind === "producer" && node.children.length === 0) complete = false
  }
  const retried = failed.length === 0 ? undefined : retriedSpans(roots)
  return {
    traceId: first!.span.traceId,
    rootName: first!.span.name,
    services: [...services],
    startTime: first!.span.startTime,
    endTime,
    spanCount,
    errorCount: failed.length,
    error: failed.some((span) => retried?.has(span) === false),
    complete,
    entered: roots.some(({ span }) => span.parentSpanId === undefined || span.parentIsRemote)
  }
}
