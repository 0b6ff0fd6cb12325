/**
 * Trace and span ids.
 *
 * @see https://www.w3.org/TR/trace-context-2/#trace-id
 */
import { randomFillSync } from "node:crypto"

export interface IdGenerator {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: () => string
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: () => string
  /** True when the last 56 bits of its trace ids are random, as the W3C random flag promises. */
  readonly random: boolean
}

const batchBytes = 8192
const zeros = "0".repeat(32)

/**
 * Ids from the system's cryptographic source, drawn in batches: one call gives 1,024 span ids.
 *
 * An id is a slice of its batch's text, which lives as long as one of its ids does.
 */
export const secure = (): IdGenerator => {
  const bytes = Buffer.alloc(batchBytes)
  let batch = ""
  let used = 0
  const draw = (digits: number): string => {
    if (used + digits > batch.length) {
      batch = randomFillSync(bytes).toString("hex")
      used = 0
    }
    const id = batch.slice(used, used + digits)
    used += digits
    return zeros.startsWith(id) ? draw(digits) : id
  }
  return { traceId: () => draw(32), spanId: () => draw(16), random: true }
}

/** Ids that count up from one: for tests that compare them. */
export const counting = (): IdGenerator => {
  let traces = 0
  let spans = 0
  return {
    traceId: () => (++traces).toString(16).padStart(32, "0"),
    spanId: () => (++spans).toString(16).padStart(16, "0"),
    random: false
  }
}
