/**
 * Cheap times for spans, exact when they are asked for.
 *
 * Effect's clock costs a system call, a date and arithmetic on big integers.
 * A span that begins and ends takes two readings of the process's monotonic
 * clock instead, as plain numbers, and becomes nanoseconds since the epoch
 * when it is exported. The two clocks are laid side by side once a second, so
 * that spans of either keep their order.
 *
 * A clock that is not Effect's own, such as `TestClock`, is asked itself.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"

/** Milliseconds of the monotonic clock, or nanoseconds since the epoch. */
export type Reading = number | bigint

/**
 * How far the epoch lies before the start of the monotonic clock, in nanoseconds: two halves of 32 bits, as arithmetic
 * on big integers costs more than all the rest of a span's times.
 */
export interface Anchor {
  readonly high: number
  readonly low: number
  readonly until: number
}

const effectClock = Context.get(Context.empty(), Clock.Clock)
const anchoredMillis = 1000

const half = 0x100000000

let anchor: Anchor = { high: 0, low: 0, until: -1 }

/** What the clock says now. */
export const read = (clock: Clock.Clock): Reading =>
  clock === effectClock ? performance.now() : clock.currentTimeNanosUnsafe()

/** Where signed 64 bits end: in the year 2262. */
const latest = 2n ** 63n - 1n

/** A time that somebody else has read; now, where it is no time, and within the bounds that times have on the wire. */
export const fromOutside = (time: bigint): Reading =>
  typeof time !== "bigint" ? performance.now() : time < 0n ? 0n : time > latest ? latest : time

/** The anchor of readings that are taken now. */
export const anchorOf = (now: Reading): Anchor => {
  if (typeof now === "number" && now > anchor.until) {
    const origin = effectClock.currentTimeNanosUnsafe() - BigInt(Math.round(performance.now() * 1e6))
    anchor = { high: Number(origin >> 32n), low: Number(origin & 0xffffffffn), until: now + anchoredMillis }
  }
  return anchor
}

const words = new DataView(new ArrayBuffer(8))

/** What lies so many nanoseconds, a whole number, behind the start of the monotonic clock. */
const atNanos = (sinceStart: number, { high, low }: Anchor): bigint => {
  const sum = low + sinceStart
  words.setUint32(0, high + Math.floor(sum / half))
  words.setUint32(4, sum)
  return words.getBigUint64(0)
}

const nanosOf = (millis: number): number => Math.round(millis * 1e6)

/** A reading as nanoseconds since the epoch. */
export const toNanos = (reading: Reading, anchor: Anchor): bigint =>
  typeof reading === "bigint" ? reading : atNanos(nanosOf(reading), anchor)

/** The same, so many nanoseconds later. */
export const later = (reading: Reading, nanos: number | bigint, anchor: Anchor): bigint =>
  typeof reading === "number" && typeof nanos === "number"
    ? atNanos(nanosOf(reading) + nanos, anchor)
    : toNanos(reading, anchor) + BigInt(nanos)

/** Nanoseconds between two readings: a small number where it can be one, as those cost no memory of their own. */
export const nanosBetween = (from: Reading, to: Reading, anchor: Anchor): number | bigint =>
  typeof from === "number" && typeof to === "number"
    ? nanosOf(to) - nanosOf(from)
    : toNanos(to, anchor) - toNanos(from, anchor)
