/**
 * Span ids as two numbers of 32 bits, which is how they are drawn and how they travel in OTLP's protobuf.
 *
 * Spans of ours have them; text is made of them where somebody asks for text,
 * which for most spans nobody does. Zero is no id.
 */
import type { SpanData } from "./SpanData.ts"

/** The upper and the lower half of a span's id and of its parent's, signed. */
export interface SpanIdWords {
  readonly idHigh: number
  readonly idLow: number
  readonly parentHigh: number
  readonly parentLow: number
}

/** `undefined` for a span that has its ids as text alone. */
export const of = (span: SpanData): SpanIdWords | undefined => {
  const words = span as SpanData & Partial<SpanIdWords>
  return words.idHigh === undefined ? undefined : (words as SpanData & SpanIdWords)
}

const bytes = Buffer.alloc(8)

/** 16 lower-case hexadecimal digits. */
export const toHex = (high: number, low: number): string => {
  bytes.writeInt32BE(high, 0)
  bytes.writeInt32BE(low, 4)
  return bytes.toString("hex", 0, 8)
}

/** The upper half of a valid id. */
export const highOf = (hex: string): number => Number.parseInt(hex.slice(0, 8), 16) | 0

/** The lower half of a valid id. */
export const lowOf = (hex: string): number => Number.parseInt(hex.slice(8), 16) | 0

/** True for a span with which a trace begins in this process. */
export const isLocalRoot = (span: SpanData): boolean => {
  if (span.parentIsRemote) return true
  const words = of(span)
  return words === undefined ? span.parentSpanId === undefined : (words.parentHigh | words.parentLow) === 0
}
