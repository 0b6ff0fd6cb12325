/**
 * What a span is worth to whoever looks for what went wrong, when not all of them can be kept.
 */
import type { SpanData } from "../model/SpanData.ts"
import * as SpanIdWords from "../model/SpanIdWords.ts"

/** Something that failed is worth most; then where a trace enters this process, from which the rest is at least known. */
export const of = (span: SpanData): number => (span.statusCode === "error" ? 2 : SpanIdWords.isLocalRoot(span) ? 1 : 0)
