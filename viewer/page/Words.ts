/**
 * Numbers and times as the page writes them.
 */
import { formatDuration } from "../../src/model/Trace.ts"

export const duration = (nanos: number): string =>
  formatDuration({ startTime: 0n, endTime: BigInt(Math.max(0, Math.round(nanos))) })

/** When it was, after the trace began, or before. */
export const since = (nanos: number): string => (nanos < 0 ? `-${duration(-nanos)}` : `+${duration(nanos)}`)

export const count = (number: number, noun: string): string =>
  `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`

export const percent = (share: number): string => `${share > 0 && share < 0.01 ? "<1" : Math.round(share * 100)} %`

const millisOf = (nanos: string): number => Number(BigInt(nanos) / 1_000_000n)

/** `03:20:07.120`, with the day in front when it was not today. */
export const clock = (nanos: string): string => {
  const date = new Date(millisOf(nanos))
  const time = `${date.toLocaleTimeString("en-GB")}.${String(date.getMilliseconds()).padStart(3, "0")}`
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString("en-CA")} ${time}`
}

export const iso = (nanos: string): string => new Date(millisOf(nanos)).toISOString()
