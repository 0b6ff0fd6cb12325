/**
 * A rule that sound spans keep, whatever program they come from.
 */
import type { SpanData } from "../model/SpanData.ts"
import * as SpanDifference from "./SpanDifference.ts"

/** Something that is wrong with spans. */
export interface Problem {
  /** The rule that is broken. */
  readonly rule: string
  /** The span it shows on; `undefined` for one that has not ended. */
  readonly span: SpanData | undefined
  /** What is wrong, and what mostly is the reason. */
  readonly says: string
}

/** What a rule looks at. */
export class Evidence {
  readonly spans: ReadonlyArray<SpanData>
  /** The names of spans that have not ended. */
  readonly open: ReadonlyArray<string>
  readonly #find: ReturnType<typeof SpanDifference.finder>

  constructor(spans: ReadonlyArray<SpanData>, open: ReadonlyArray<string>) {
    this.spans = spans
    this.open = open
    this.#find = SpanDifference.finder(spans)
  }

  /** The span above, where it is here. */
  parentOf({ parentSpanId, traceId }: SpanData): SpanData | undefined {
    return parentSpanId === undefined ? undefined : this.#find({ traceId, spanId: parentSpanId })
  }

  /** The spans above, the nearest first. A circle is walked once. */
  *above(span: SpanData): Generator<SpanData> {
    const seen = new Set([span])
    for (let next = this.parentOf(span); next !== undefined && !seen.has(next); next = this.parentOf(next)) {
      seen.add(next)
      yield next
    }
  }

  /** True where a span is the child of another, or linked to it. */
  joins(span: SpanData, other: SpanData): boolean {
    return (
      span.traceId === other.traceId ||
      span.links.some(({ span }) => span.traceId === other.traceId && span.spanId === other.spanId)
    )
  }
}

export interface SpanRule {
  /** A word or two, by which a test can leave it out. */
  readonly name: string
  /** What is true where the rule is kept. */
  readonly promises: string
  readonly problems: (evidence: Evidence) => Iterable<Omit<Problem, "rule">>
}

/** A rule that judges each span by itself: it says what is wrong with one. */
export const ofEach = (
  name: string,
  promises: string,
  wrong: (span: SpanData, evidence: Evidence) => string | undefined
): SpanRule => ({
  name,
  promises,
  *problems(evidence) {
    for (const span of evidence.spans) {
      const says = wrong(span, evidence)
      if (says !== undefined) yield { span, says }
    }
  }
})
