/**
 * What one line says about a whole trace.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { subjectOf } from "../model/SpanSubject.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as RootCause from "./RootCause.ts"
import * as SpanFailure from "./SpanFailure.ts"
import { titleOf } from "./SpanTitle.ts"
import * as Timeline from "./Timeline.ts"

export interface TraceSummary {
  readonly traceId: string
  /** The name of the span it began with, as far as known. */
  readonly rootName: string
  /** What it is about: its workflow, or what its first span is about; empty when that is not known. */
  readonly subject: string
  readonly tenantId: string | undefined
  readonly workflowId: string | undefined
  readonly executionId: string | undefined
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
  /** Where and how it failed: the first failure that nothing made good. */
  readonly failure: string | undefined
  /** True when its first span is here, no parent is missing, and every message that was sent was received. */
  readonly complete: boolean
  /** True when its first span, or the first one after a caller that we never see, is here. */
  readonly entered: boolean
}

/** `check-payment: OrderNotPaid: order A-1002 was never paid` */
const failureOf = ({ span }: Timeline.TimelineSpan): string => `${titleOf(span)}: ${SpanFailure.textOf(span)}`

/** Sums up the spans of one trace, of which there must be at least one. */
export const fromSpans = (spans: ReadonlyArray<ReceivedSpan>): TraceSummary => {
  const timeline = Timeline.make(spans)
  const first = timeline.roots[0]!.span
  const services = new Set<string>()
  const said = new Map<string, string>()
  let startTime = first.startTime
  let endTime = first.endTime
  let errorCount = 0
  let complete = timeline.roots.length === 1 && first.parentSpanId === undefined
  for (const { children, service, span } of [...timeline.spans].sort((self, that) => self.start - that.start)) {
    services.add(service)
    if (span.startTime < startTime) startTime = span.startTime
    if (span.endTime > endTime) endTime = span.endTime
    for (const key of [AttributeKeys.tenantId, AttributeKeys.workflowId, AttributeKeys.executionId]) {
      const value = said.has(key) ? undefined : span.attributes.get(key)
      if (value !== undefined && value !== "") said.set(key, String(value))
    }
    if (SpanFailure.hasFailed(span)) errorCount++
    else if (span.kind === "producer" && children.length === 0) complete = false
  }
  const cause = errorCount === 0 ? undefined : RootCause.of(timeline)
  const workflowId = said.get(AttributeKeys.workflowId)
  return {
    traceId: first.traceId,
    rootName: first.name,
    subject: workflowId ?? subjectOf(first).replace(/^→.*/, ""),
    tenantId: said.get(AttributeKeys.tenantId),
    workflowId,
    executionId: said.get(AttributeKeys.executionId),
    services: [...services],
    startTime,
    endTime,
    spanCount: timeline.spans.length,
    errorCount,
    error: cause !== undefined,
    failure: cause === undefined ? undefined : failureOf(cause),
    complete,
    entered: timeline.roots.some(({ span }) => span.parentSpanId === undefined || span.parentIsRemote)
  }
}
