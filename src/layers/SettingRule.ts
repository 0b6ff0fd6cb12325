/**
 * What the text of a setting must look like, and the value it stands for.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Attributes } from "../model/Attributes.ts"
import * as Egress from "../propagation/Egress.ts"
import * as PeerNetwork from "../propagation/PeerNetwork.ts"

export interface SettingRule<out A> {
  /** Completes the sentence "the setting must be …". */
  readonly expects: string
  /** The value of a text without surrounding space; `undefined` when the rule is broken. Total. */
  readonly parse: (text: string) => A | undefined
}

/** The same rule, and its value as something else. */
export const map = <A, B>(rule: SettingRule<A>, f: (value: A) => B): SettingRule<B> => ({
  expects: rule.expects,
  parse: (text) => {
    const value = rule.parse(text)
    return value === undefined ? undefined : f(value)
  }
})

/** Any text. */
export const text: SettingRule<string> = { expects: "text", parse: (text) => text }

/** One of the words; upper and lower case are alike. */
export const oneOf = <const Word extends string>(...words: ReadonlyArray<Word>): SettingRule<Word> => ({
  expects: words.length === 2 ? words.join(" or ") : `one of ${words.join(", ")}`,
  parse: (text) => words.find((word) => word === text.toLowerCase())
})

/** The truth, in the words Effect's own `Config.Boolean` knows. */
export const boolean: SettingRule<boolean> = {
  expects: "true or false (also yes, no, on, off, 1, 0)",
  parse: (text) => {
    const word = oneOf("true", "yes", "on", "1", "y", "false", "no", "off", "0", "n").parse(text)
    return word && ["true", "yes", "on", "1", "y"].includes(word)
  }
}

/** The truth, in the words of the OpenTelemetry specification. */
export const otelBoolean: SettingRule<boolean> = map(oneOf("true", "false"), (word) => word === "true")

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i

export const ratio: SettingRule<number> = {
  expects: "a number from 0 to 1",
  parse: (text) => (decimal.test(text) && Number(text) >= 0 && Number(text) <= 1 ? Math.abs(Number(text)) : undefined)
}

/** So many in a second; a fraction is one in several seconds. */
export const perSecond: SettingRule<number> = {
  expects: "a number above 0",
  parse: (text) => (decimal.test(text) && Number(text) > 0 && Number.isFinite(Number(text)) ? Number(text) : undefined)
}

export const integer = (minimum: number, maximum = Infinity): SettingRule<number> => ({
  expects: maximum === Infinity ? `a whole number, ${minimum} or more` : `a whole number from ${minimum} to ${maximum}`,
  parse: (text) => {
    const value = /^\+?\d{1,16}$/.test(text) ? Number(text) : -1
    return Number.isSafeInteger(value) && value >= minimum && value <= maximum ? value : undefined
  }
})

/** Timers of Node hold no more. A longer one would fire at once. */
const longest = 2_147_483_647

const toDuration = (text: string): Duration.Duration | undefined =>
  decimal.test(text)
    ? Duration.millis(Number(text))
    : Option.getOrUndefined(Duration.fromInput(text.toLowerCase() as Duration.Input))

const durationFrom = (minimum: number, expects: string): SettingRule<Duration.Duration> => ({
  expects,
  parse: (text) => {
    const value = toDuration(text)
    const millis = value === undefined ? -1 : Duration.toMillis(value)
    return millis >= minimum && millis <= longest ? value : undefined
  }
})

/** A span of time that is not empty. */
export const duration = durationFrom(1, 'milliseconds, 1 or more, or a duration such as "5 seconds"')

/** A wait that may be none at all. */
export const delay = durationFrom(0, 'milliseconds, 0 or more, or a duration such as "5 seconds"')

/** A limit in time as the OpenTelemetry specification has it: 0 is no limit. */
export const otelTimeout: SettingRule<Duration.Duration> = map(
  durationFrom(0, "milliseconds, 0 (no limit) or more"),
  (value) => (Duration.toMillis(value) === 0 ? Duration.millis(longest) : value)
)

const entries = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")

/** Some of the words, each once; or `none` alone. */
export const someOf = <const Word extends string>(...words: ReadonlyArray<Word>): SettingRule<ReadonlyArray<Word>> => ({
  expects: `none, or a list of these, separated by commas: ${words.join(", ")}`,
  parse: (text) => {
    const found = [...new Set(entries(text.toLowerCase()))]
    if (found.length === 1 && found[0] === "none") return []
    return found.length > 0 && found.every((entry) => (words as ReadonlyArray<string>).includes(entry))
      ? (found as unknown as ReadonlyArray<Word>)
      : undefined
  }
})

/** Some of the words; `off` is none of them. */
export const offOrSome = <const Word extends string>(
  ...words: ReadonlyArray<Word>
): SettingRule<ReadonlyArray<Word>> => ({
  expects: `off, or a list of these, separated by commas: ${words.join(", ")}`,
  parse: (text) => (text.toLowerCase() === "off" ? [] : someOf(...words).parse(text))
})

const hexKey = /^[0-9a-f]{64}$/i
const base64Key = /^[0-9A-Za-z+/_-]{43}=?$/

/** A key of 256 bits. */
export const key: SettingRule<Redacted.Redacted<Uint8Array>> = {
  expects: "32 bytes, as 64 hexadecimal digits or in base64",
  parse: (text) =>
    hexKey.test(text)
      ? Redacted.make(Buffer.from(text, "hex"))
      : base64Key.test(text)
        ? Redacted.make(Buffer.from(text, "base64"))
        : undefined
}

/** A list of entries, each once; `none` alone is an empty one. */
const listOf = (
  expects: string,
  valid: (entry: string) => boolean,
  spell: (entry: string) => string = (entry) => entry
): SettingRule<ReadonlyArray<string>> => ({
  expects,
  parse: (text) => {
    const found = [...new Set(entries(text).map(spell))]
    if (found.some((entry) => entry.toLowerCase() === "none")) return found.length === 1 ? [] : undefined
    return found.length > 0 && found.every(valid) ? found : undefined
  }
})

const lower = (text: string): string => text.toLowerCase()

/** Whom a request may go to: see `Egress.hosts`. */
export const hosts = listOf(
  "none, or a list of hosts, separated by commas: https://api.example.com, api.example.com, api.example.com:8443, " +
    "*.example.com, own for hosts of one's own network, or * for every host",
  Egress.isEntry,
  lower
)

/** Networks and addresses. */
export const networks = listOf(
  "none, or a list of networks, separated by commas: 10.0.0.0/8, 192.0.2.7, fd00::/8",
  (entry) => PeerNetwork.networkFrom(entry) !== undefined,
  lower
)

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Names of baggage; they are told apart by case. */
export const baggageNames = listOf("none, or a list of names of baggage, separated by commas, or * for all", (entry) =>
  token.test(entry)
)

/** Names of baggage that become attributes. */
export const names = listOf("none, or a list of names, separated by commas: tier,region", (entry) => token.test(entry))

const keyName = /^[^\s,*]+$/

/** What keys of attributes are called, or of anything else. */
export const keyNames = listOf("none, or a list of names, separated by commas: iban,patient_name", (entry) =>
  keyName.test(entry)
)

const keyPattern = /^[^\s,*]+\*?$/

/** Keys of attributes; a star at the end stands for all that begin so. */
export const attributeKeys = listOf(
  "none, or a list of keys of attributes, separated by commas: order.id, cart.*",
  (entry) => keyPattern.test(entry)
)

const namedPattern = /^([a-z][a-z0-9-]{0,31})=(.+)$/

/** Regular expressions with a name each; whether they are some is for their engine to say. */
export const patterns: SettingRule<Readonly<Record<string, string>>> = {
  expects: "name=pattern entries, separated by spaces, with \\s for a space in a pattern: employee=EMP-\\d{6}",
  parse: (text) => {
    const found = text.split(/\s+/).map((entry) => namedPattern.exec(entry))
    return found.every((match) => match !== null)
      ? Object.fromEntries(found.map(([, name = "", pattern = ""]) => [name, pattern]))
      : undefined
  }
}

/** Names of HTTP headers. */
export const headerNames = listOf(
  "none, or a list of names of HTTP headers, separated by commas",
  (entry) => token.test(entry),
  lower
)

/** The name of one HTTP header. */
export const headerName: SettingRule<string> = {
  expects: "the name of an HTTP header",
  parse: (text) => (token.test(text) ? text.toLowerCase() : undefined)
}

const pathShape = /^\/[^?#*\s]*\*?$/

/** Paths of URLs; a star at the end stands for all that begins so. */
export const paths = listOf("none, or a list of paths, separated by commas: /health, /internal/*", (entry) =>
  pathShape.test(entry)
)

/** An address that can be asked over HTTP. */
export const httpUrl: SettingRule<Redacted.Redacted<URL>> = {
  expects: "a URL that starts with http:// or https://",
  parse: (text) =>
    /^https?:\/\//i.test(text) && URL.canParse(text) ? Redacted.make(new URL(text), { label: "a URL" }) : undefined
}

/** A text that cannot be guessed easily. */
export const secret: SettingRule<string> = {
  expects: "16 characters or more",
  parse: (text) => (text.length >= 16 ? text : undefined)
}

export interface HostAndPort {
  readonly host: string
  readonly port: number
}

const hostThenPort = /^(?<host>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?$/i

/** `agent`, `agent:6831`, `10.0.0.7:6831`, `[::1]:6831`. */
export const hostAndPort = (fallback: number): SettingRule<HostAndPort> => ({
  expects: `host:port, for example localhost:${fallback}`,
  parse: (text) => {
    const { host = "", port = String(fallback) } = hostThenPort.exec(text)?.groups ?? {}
    return host !== "" && Number(port) > 0 && Number(port) < 65_536
      ? { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) }
      : undefined
  }
})

const decode = (text: string): string | undefined =>
  Result.getOrElse(
    Result.try(() => decodeURIComponent(text)),
    () => undefined
  )

const pairs = (text: string, valid: (key: string, value: string) => boolean): Record<string, string> | undefined => {
  const found: Array<[string, string]> = []
  for (const entry of entries(text)) {
    const at = entry.indexOf("=")
    const key = decode(entry.slice(0, Math.max(at, 0)).trim())
    const value = decode(entry.slice(at + 1).trim())
    if (!key || value === undefined || !valid(key, value)) return undefined
    found.push([key, value])
  }
  return Object.fromEntries(found)
}

/** Attributes: `key=value,key=value`, with `%2C` for a comma. Of one key the last counts. */
export const attributes: SettingRule<Attributes> = {
  expects: "key=value pairs, separated by commas, with percent-encoded special characters",
  parse: (text) => pairs(text, () => true)
}

// What HTTP and gRPC both take
const sharedHeaderName = /^[0-9A-Za-z_.-]+$/
const headerValue = /^[\x20-\x7e]*$/

/** True for what HTTP and gRPC both take as a header. */
export const isHeader = (name: string, value: string): boolean => sharedHeaderName.test(name) && headerValue.test(value)

/** Headers of a request, in the form of attributes; names become lower case. */
export const headers: SettingRule<Readonly<Record<string, string>>> = {
  expects: "name=value pairs of HTTP headers, separated by commas, with percent-encoded special characters",
  parse: (text) => {
    const found = pairs(text, isHeader)
    return found && Object.fromEntries(Object.entries(found).map(([name, value]) => [name.toLowerCase(), value]))
  }
}
