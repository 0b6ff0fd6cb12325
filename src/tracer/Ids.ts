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

const batchBytes = 4096

/** Ids from the system's cryptographic source, drawn in batches: one system call gives 256 trace ids. */
export const secure = (): IdGenerator => {
  const batch = Buffer.allocUnsafe(batchBytes)
  let used = batchBytes
  const draw = (bytes: number): string => {
    if (used + bytes > batchBytes) {
      randomFillSync(batch)
      used = 0
    }
    const id = batch.toString("hex", used, used + bytes)
    batch.fill(0, used, used + bytes)
    used += bytes
    return /^0+$/.test(id) ? draw(bytes) : id
  }
  return { traceId: () => draw(16), spanId: () => draw(8), random: true }
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
