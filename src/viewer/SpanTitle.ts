/**
 * What a span is called where there is room for one name: what it is about, or its own name where that says more.
 */
import type { SpanData } from "../model/SpanData.ts"
import { subjectOf } from "../model/SpanSubject.ts"

/** `charge-card`, `payments:4100/charges → 402`, `POST /orders → 202`, or the span's name. */
export const titleOf = (span: SpanData): string => {
  const subject = subjectOf(span)
  return subject === "" || subject.startsWith("→") ? `${span.name} ${subject}`.trim() : subject
}

/** The same for all that do the same: without turns, tries and answers. */
export const kindOf = (span: SpanData): string => titleOf(span).replace(/ (?:#\d+|→ \d{3})$/, "")
