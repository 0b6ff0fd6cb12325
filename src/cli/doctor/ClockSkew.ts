/**
 * Whether this machine and a receiver agree about the time.
 */
import * as Duration from "effect/Duration"
import type { Finding } from "./Check.ts"
import type { Destination } from "./Destination.ts"
import type * as Wire from "./Wire.ts"

/** A `Date` header has whole seconds, and is written before it is read. Milliseconds. */
const tolerated = 10_000

/** Compares a `Date` header that was read at `now`, in milliseconds; nothing where there is none. */
export const look = (destination: Destination, { headers }: Wire.Answer, now: number): ReadonlyArray<Finding> => {
  const there = Date.parse(headers.date ?? "")
  if (Number.isNaN(there)) return []
  const skew = there - now
  const isSkewed = Math.abs(skew) > tolerated
  const amount = Duration.format(Duration.seconds(Math.round(Math.abs(skew) / 1000)))
  const found = {
    check: "destination.clock",
    tried: `the Date header of ${destination.display}`,
    seen: `${new Date(there).toISOString()} there, ${new Date(now).toISOString()} here`
  }
  return [
    isSkewed
      ? {
          ...found,
          severity: "warning",
          summary: `The clock of this machine is ${amount} ${skew > 0 ? "behind" : "ahead of"} that of ${destination.host}`,
          advice:
            "Spans carry the time of the machine they end on: they are looked for in the wrong hour, children begin before " +
            "their parents, and some receivers refuse them. Set the clocks by NTP; which of the two is wrong, a third one tells."
        }
      : { ...found, severity: "ok", summary: `The clocks here and at ${destination.host} agree` }
  ]
}
