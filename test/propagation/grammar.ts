/**
 * The grammars of the headers, written a second time and in another way, character by character: what is emitted is held
 * against them.
 */

type Is = (character: string) => boolean

const within =
  (first: string, last: string): Is =>
  (character) =>
    character >= first && character <= last
const oneOf =
  (characters: string): Is =>
  (character) =>
    characters.includes(character)
const either =
  (...ways: ReadonlyArray<Is>): Is =>
  (character) =>
    ways.some((is) => is(character))

const digit = within("0", "9")
const lowerHex = either(digit, within("a", "f"))
const lower = within("a", "z")
const letter = either(lower, within("A", "Z"))

const all = (text: string, is: Is): boolean => Array.from(text).every(is)

const hex = (text: string | undefined, length: number): boolean =>
  text !== undefined && text.length === length && all(text, lowerHex)
const id = (text: string | undefined, length: number): boolean => hex(text, length) && !all(text!, oneOf("0"))

const traceparent = (value: string): boolean => {
  const [version, traceId, parentId, flags, ...more] = value.split("-")
  return version === "00" && id(traceId, 32) && id(parentId, 16) && hex(flags, 2) && more.length === 0
}

const stateKey = either(lower, digit, oneOf("_-*/@"))
const stateCharacter: Is = (character) => within(" ", "~")(character) && character !== "," && character !== "="

const tracestate = (value: string): boolean => {
  const members = value.split(",").map((member) => member.split("="))
  return (
    members.length <= 32 &&
    new Set(members.map(([key]) => key)).size === members.length &&
    members.every(
      ([key = "", text = "", ...more]) =>
        more.length === 0 &&
        key.length >= 1 &&
        key.length <= 256 &&
        all(key, stateKey) &&
        either(lower, digit)(key[0]!) &&
        text.length >= 1 &&
        text.length <= 256 &&
        all(text, stateCharacter) &&
        !text.endsWith(" ")
    )
  )
}

const token = (text: string): boolean => text !== "" && all(text, either(letter, digit, oneOf("!#$%&'*+-.^_`|~")))
const baggageValue = (text: string): boolean =>
  all(text, (character) => within("!", "~")(character) && !oneOf('",;\\')(character))
const encoded = (text: string): boolean =>
  text
    .split("%")
    .slice(1)
    .every((after) => all(after.slice(0, 2), either(digit, within("A", "F"), within("a", "f"))) && after.length >= 2)
const trimmed = (text: string): string => text.replace(/^[ \t]*|[ \t]*$/g, "")

const property = (text: string): boolean => {
  const [key = "", ...value] = text.split("=")
  return token(trimmed(key)) && baggageValue(trimmed(value.join("=")))
}

const baggage = (value: string): boolean => {
  const members = value.split(",").map((member) => member.split(";"))
  return (
    members.length <= 64 &&
    value.length <= 8192 &&
    new Set(members.map(([pair = ""]) => pair.split("=", 1)[0])).size === members.length &&
    members.every(([pair = "", ...properties]) => {
      const [key = "", ...text] = pair.split("=")
      const joined = text.join("=")
      return token(key) && text.length > 0 && baggageValue(joined) && encoded(joined) && properties.every(property)
    })
  )
}

const b3 = (value: string): boolean => {
  const [traceId, spanId, decision, ...more] = value.split("-")
  return (
    id(traceId, 32) &&
    id(spanId, 16) &&
    more.length === 0 &&
    (decision === undefined || ["0", "1", "d"].includes(decision))
  )
}

const uberTraceId = (value: string): boolean => {
  const [traceId, spanId, parentId, flags, ...more] = value.split(":")
  return (
    id(traceId, 32) && id(spanId, 16) && parentId === "0" && ["0", "1", "3"].includes(flags ?? "") && more.length === 0
  )
}

const amznTraceId = (value: string): boolean => {
  const [root = "", parent = "", sampled = "", ...more] = value.split(";")
  const [one, seconds, rest] = root.split("-")
  return (
    one === "Root=1" &&
    hex(seconds, 8) &&
    hex(rest, 24) &&
    parent.startsWith("Parent=") &&
    id(parent.slice(7), 16) &&
    ["Sampled=0", "Sampled=1", "Sampled=?"].includes(sampled) &&
    more.length === 0
  )
}

const headers: Readonly<Record<string, (value: string) => boolean>> = {
  traceparent,
  tracestate,
  baggage,
  b3,
  "x-b3-traceid": (value) => id(value, 32),
  "x-b3-spanid": (value) => id(value, 16),
  "x-b3-sampled": (value) => value === "0" || value === "1",
  "x-b3-flags": (value) => value === "1",
  "uber-trace-id": uberTraceId,
  "x-amzn-trace-id": amznTraceId
}

/** True when a header that we write is one that its format knows, and its value follows the grammar. */
export const isHeader = (name: string, value: string): boolean =>
  name.startsWith("uberctx-")
    ? token(name) && name === name.toLowerCase() && baggageValue(value) && encoded(value)
    : Object.hasOwn(headers, name) && headers[name]!(value)
