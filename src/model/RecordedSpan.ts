/**
 * A span that is recorded although its trace is not sampled.
 *
 * It reaches the sink without the sampled flag, and is let go there unless
 * somebody keeps it. Whoever counts spans of all runs sees it all the same.
 */
import type { Attributes } from "./Attributes.ts"
import { sampledFlag } from "./SpanContext.ts"
import type { SpanData } from "./SpanData.ts"

/** A span that can be made a sampled one where it is. */
interface KeepableSpan extends SpanData {
  readonly keep: (attributes: Attributes) => void
}

const isKeepable = (span: SpanData): span is KeepableSpan => "keep" in span && typeof span.keep === "function"

/** True of a span that is delivered only if somebody keeps it. */
export const isRecordedOnly = (span: Pick<SpanData, "traceFlags">): boolean => (span.traceFlags & sampledFlag) === 0

/** The span as a sampled one that says why it was kept: the same object where it is ours, and else a copy. */
export const keep = (span: SpanData, attributes: Attributes): SpanData => {
  if (isKeepable(span)) {
    span.keep(attributes)
    return span
  }
  return {
    ...span,
    traceFlags: span.traceFlags | sampledFlag,
    attributes: new Map([...span.attributes, ...Object.entries(attributes)])
  }
}
