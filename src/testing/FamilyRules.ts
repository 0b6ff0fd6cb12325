/**
 * Rules about who a span belongs to: ids, parents, traces.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanContext from "../model/SpanContext.ts"
import { ofEach, type SpanRule } from "./SpanRule.ts"

export const validIds: SpanRule = ofEach(
  "valid ids",
  "Trace and span ids are 32 and 16 lower-case hexadecimal digits, not all zero.",
  (span) =>
    SpanContext.isValid(span) ? undefined : `its ids ${span.traceId || '""'} and ${span.spanId || '""'} are not valid`
)

export const uniqueIds: SpanRule = {
  name: "unique ids",
  promises: "No two spans of a trace have one id.",
  *problems({ spans }) {
    const seen = new Map<string, string>()
    for (const span of spans) {
      const id = span.traceId + span.spanId
      const other = seen.get(id)
      if (other === undefined) seen.set(id, span.name)
      else yield { span, says: `it has the id ${span.spanId} of "${other}": it was made, or exported, twice` }
    }
  }
}

export const noCircle: SpanRule = ofEach("no circle", "No span is above itself.", (span, evidence) => {
  for (const above of evidence.above(span)) {
    if (evidence.parentOf(above) === span) return `it is its own ancestor, by way of "${above.name}"`
  }
  return evidence.parentOf(span) === span ? "it is its own parent" : undefined
})

export const allEnded: SpanRule = {
  name: "all ended",
  promises: "Every span that was opened has ended.",
  *problems({ open }) {
    for (const name of open) yield { span: undefined, says: `"${name}" has not ended` }
  }
}

const lost = "never arrived: it has not ended, was not sampled, or got lost on the way"

export const noOrphan: SpanRule = ofEach(
  "no orphan",
  "The parent of a span is here, unless it lives in another process.",
  (span, evidence) =>
    span.parentSpanId !== undefined && !span.parentIsRemote && evidence.parentOf(span) === undefined
      ? `its parent ${span.parentSpanId} ${lost}`
      : undefined
)

export const wholeTrace: SpanRule = ofEach(
  "whole trace",
  "The parent of a span is here, also where it lives in another process.",
  (span, evidence) =>
    span.parentIsRemote && span.parentSpanId !== undefined && evidence.parentOf(span) === undefined
      ? `its parent ${span.parentSpanId} in another service ${lost}`
      : undefined
)

export const ownTenant: SpanRule = ofEach(
  "own tenant",
  "A span tells of the tenant of those above it.",
  (span, evidence) => {
    const tenant = span.attributes.get(AttributeKeys.tenantId)
    if (tenant === undefined) return undefined
    for (const above of evidence.above(span)) {
      const other = above.attributes.get(AttributeKeys.tenantId)
      if (other !== undefined && other !== tenant) {
        return `its tenant is ${String(tenant)} and that of "${above.name}" above it ${String(other)}`
      }
    }
    return undefined
  }
)

const nodeOf = (span: { readonly attributes: ReadonlyMap<string, unknown> }): string =>
  String(span.attributes.get(AttributeKeys.nodeId))

/**
 * The tries of a retry are side by side. They are not where `Traced.attempt` stands around `Effect.retry`, or the retry
 * around a whole step.
 */
export const attemptsTogether: SpanRule = ofEach(
  "attempts together",
  "The attempts of a retry stand side by side and are numbered from 1, and none promises another that does not come.",
  (span, { spans }) => {
    const number = span.attributes.get(AttributeKeys.retryAttempt)
    if (typeof number !== "number") return undefined
    const numbers = spans
      .filter(
        (other) =>
          other.traceId === span.traceId && other.parentSpanId === span.parentSpanId && nodeOf(other) === nodeOf(span)
      )
      .map(({ attributes }) => attributes.get(AttributeKeys.retryAttempt))
    if (number > 1 && !numbers.includes(number - 1)) {
      return `it is attempt ${number}, and no attempt ${number - 1} stands beside it: the retry is around its parent`
    }
    return span.attributes.get(AttributeKeys.retryWillRetry) === true && !numbers.includes(number + 1)
      ? `it says that it will be tried again, and no attempt ${number + 1} stands beside it: is it around the retry?`
      : undefined
  }
)
