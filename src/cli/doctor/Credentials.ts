/**
 * What can be said of the headers that go with an export without showing what is in them.
 */
import * as Redacted from "effect/Redacted"
import type { Finding } from "./Check.ts"
import type { Destination } from "./Destination.ts"

const flawOf = (name: string, value: string): string | undefined => {
  if (/^["']|["']$/.test(value))
    return `The value of ${name} has quotes around it, which are sent as well: take them away.`
  if (value === "") return `The value of ${name} is empty.`
  if (value !== value.trim()) return `The value of ${name} has spaces around it.`
  if (name === "authorization" && !/^[A-Za-z][\w-]* \S/.test(value)) {
    return "The value of authorization does not begin with a word such as Bearer or Basic and a space: most receivers want one."
  }
  if (/\$\{?\w+\}?/.test(value)) return `The value of ${name} looks like a variable that nobody has filled in.`
  return undefined
}

/** The names of the headers; values are secrets. */
const named = ({ settings }: Destination): string => {
  const names = Object.keys(Redacted.value(settings.headers))
  return names.length === 0 ? "no header of its own" : `${names.join(", ")} (values hidden)`
}

/** What to do where a receiver does not let us in. */
const advice = ({ credentials, name, setting, settings }: Destination): string => {
  const headers = Object.entries(Redacted.value(settings.headers))
  if (headers.length === 0) {
    return name === "otlp" || name === "otlp-sdk"
      ? "No credentials are sent. Set TRACING_HEADERS, for example to authorization=Bearer%20<token>; names and values are the receiver's to say."
      : `No credentials are sent. ${setting} may hold user:password@.`
  }
  const flaws = headers.flatMap(([name, value]) => flawOf(name, value) ?? [])
  return [...flaws, `Are the credentials in ${credentials} right, not expired, and allowed to write traces?`].join(" ")
}

/** The destination does not let us in, as it said when something was tried. */
export const refused = (destination: Destination, tried: string, seen: string): Finding => ({
  check: "destination.credentials",
  severity: "problem",
  summary: `${destination.host} does not let this program in`,
  tried: `${tried}, with ${named(destination)}`,
  seen,
  advice: advice(destination)
})
