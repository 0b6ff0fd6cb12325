/**
 * Trace and span ids.
 *
 * @see https://www.w3.org/TR/trace-context-2/#trace-id
 */
import { randomFillSync } from "node:crypto"
import * as SpanIdWords from "../model/SpanIdWords.ts"

export interface IdGenerator {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: () => string
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: () => string
  /** Gives a span its id: {@link spanId} without making text of it. */
  readonly assign: (span: { idHigh: number; idLow: number }) => void
  /** True when the last 56 bits of its trace ids are random, as the W3C random flag promises. */
  readonly random: boolean
}

const batchBytes = 8192
/** Bytes of a trace id. */
const size = 16

/** Ids from the system's cryptographic source, drawn in batches: one call gives 1,024 span ids. */
export const secure = (): IdGenerator => {
  const bytes = Buffer.alloc(batchBytes)
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, batchBytes / 4)
  let used = words.length
  const draw = (count: number): number => {
    if (used + count > words.length) {
      randomFillSync(bytes)
      used = 0
    }
    used += count
    return used - count
  }
  const assign: IdGenerator["assign"] = (span) => {
    do {
      const at = draw(2)
      span.idHigh = words[at]!
      span.idLow = words[at + 1]!
    } while ((span.idHigh | span.idLow) === 0)
  }
  const traceId = (): string => {
    const start = draw(size / 4) * 4
    const id = bytes.toString("hex", start, start + size)
    return zeros === id ? traceId() : id
  }
  return { traceId, assign, spanId: () => spanIdFrom(assign), random: true }
}

const zeros = "0".repeat(2 * size)

const spanIdFrom = (assign: IdGenerator["assign"]): string => {
  const drawn = { idHigh: 0, idLow: 0 }
  assign(drawn)
  return SpanIdWords.toHex(drawn.idHigh, drawn.idLow)
}

/** Ids that count up from one: for tests that compare them. */
export const counting = (): IdGenerator => {
  let traces = 0
  let spans = 0
  const assign: IdGenerator["assign"] = (span) => {
    span.idHigh = 0
    span.idLow = ++spans
  }
  return {
    traceId: () => (++traces).toString(16).padStart(2 * size, "0"),
    assign,
    spanId: () => spanIdFrom(assign),
    random: false
  }
}
