/**
 * How many of all traces are rejected: the `th` by which services with different rates keep the same traces, and by
 * which a backend knows for how many traces a kept one stands.
 *
 * A threshold is a part of 2^56 in up to 14 hexadecimal digits, without the
 * zeros at its end, so it is compared with the randomness of a trace as text.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */

/** `0` rejects nothing, `8` half, `e666` nine of ten. */
export type Threshold = string

/** Hexadecimal digits of randomness, and of the longest threshold. */
export const digits = 14

/** What rejects nothing. */
export const all: Threshold = "0"

const valid = /^[0-9a-f]{1,14}$/i

/** More than 53 bits do not fit a number. */
const whole = 1n << 56n
const smallest = 2 ** -56

/** One digit for each that a share so close to 0, or to 1, has in front: as many `f`, or `0`. */
const leading = (share: number): number => Math.max(0, Math.floor(-(Math.floor(Math.log2(share)) + 1) / 4))

/**
 * The threshold of a share of all traces; `undefined` where none is kept, for which there is none.
 *
 * The specification recommends four digits beyond the leading ones: the share is met to 1 in 8,192 of itself.
 */
export const fromShare = (share: number, precision = 4): Threshold | undefined => {
  if (!(share >= smallest)) return undefined
  if (share >= 1) return all
  const kept = Math.min(digits, precision + Math.max(leading(share), leading(1 - share)))
  const exact = whole - BigInt(Math.round(share * 2 ** 56))
  const unit = 1n << BigInt(4 * (digits - kept))
  const rounded = ((exact + unit / 2n) / unit) * unit
  return spelled(rounded < whole ? rounded : whole - unit)
}

const spelled = (value: bigint): Threshold => value.toString(16).padStart(digits, "0").replace(/0+$/, "") || all

/** Reads what travels; `undefined` where it is none. */
export const parse = (text: string | undefined): Threshold | undefined =>
  text !== undefined && valid.test(text) ? text.toLowerCase().replace(/0+$/, "") || all : undefined

/**
 * True for a trace that is kept: whose randomness is not below the threshold. It is the last 14 hexadecimal digits of the
 * text. Compared digit by digit, as most are decided by the first, and a part of a text costs more than that.
 */
export const isReached = (threshold: Threshold, randomness: string): boolean => {
  const from = randomness.length - digits
  for (let at = 0; at < threshold.length; at++) {
    const difference = randomness.charCodeAt(from + at) - threshold.charCodeAt(at)
    if (difference !== 0) return difference > 0
  }
  return true
}

/** The share of traces that is kept. */
export const shareOf = (threshold: Threshold): number =>
  Number(whole - BigInt(`0x${threshold.padEnd(digits, "0")}`)) / Number(whole)

/** For how many traces one that was kept stands. */
export const adjustedCountOf = (threshold: Threshold): number => 1 / shareOf(threshold)
