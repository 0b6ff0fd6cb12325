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

/** How far the epoch lies before the start of the monotonic clock, in nanoseconds. */
export interface Anchor {
  readonly origin: bigint
  readonly until: number
}

const effectClock = Context.get(Context.empty(), Clock.Clock)
const anchoredMillis = 1000

let anchor: Anchor = { origin: 0n, until: -1 }

/** What the clock says now. */
export const read = (clock: Clock.Clock): Reading =>
  clock === effectClock ? performance.now() : clock.currentTimeNanosUnsafe()

/** The anchor of readings that are taken now. */
export const anchorOf = (now: Reading): Anchor => {
  if (typeof now === "number" && now > anchor.until) {
    const origin = effectClock.currentTimeNanosUnsafe() - BigInt(Math.round(performance.now() * 1e6))
    anchor = { origin, until: now + anchoredMillis }
  }
  return anchor
}

/** A reading as nanoseconds since the epoch. */
export const toNanos = (reading: Reading, { origin }: Anchor): bigint =>
  typeof reading === "bigint" ? reading : origin + BigInt(Math.round(reading * 1e6))

/** Nanoseconds between two readings: a small number where it can be one, as those cost no memory of their own. */
export const nanosBetween = (from: Reading, to: Reading, anchor: Anchor): number | bigint =>
  typeof from === "number" && typeof to === "number"
    ? Math.round((to - from) * 1e6)
    : toNanos(to, anchor) - toNanos(from, anchor)
