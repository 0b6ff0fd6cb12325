/**
 * What a span is worth to whoever looks for what went wrong, when not all of them can be kept.
 */
import type { SpanData } from "../model/SpanData.ts"

/** Something that failed is worth most; then where a trace enters this process, from which the rest is at least known. */
export const of = ({ parentIsRemote, parentSpanId, statusCode }: SpanData): number =>
  statusCode === "error" ? 2 : parentSpanId === undefined || parentIsRemote ? 1 : 0
