/**
 * The `baggage` header of W3C.
 *
 * Linear in its input and total: a member outside the grammar is left out, and
 * the others stay.
 *
 * @see https://www.w3.org/TR/baggage/
 */
import { bare } from "../model/HeaderLines.ts"
import { type Baggage, type BaggageEntry, nothing, type Propagator } from "../model/Propagator.ts"

/** What every platform must hand on at the least, and we at the most. */
const maxMembers = 64
export const maxBytes = 8192

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const octets = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/
const property = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]*(?:=[ \t]*[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)?$/
/** What a value may not hold as it is: what is no octet of the grammar, and the percent sign. */
const unsafe = /[^\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+/g

/** True where an entry can be written into a header. A value that is no text got past the types. */
export const isWritable = (name: string, value: string): boolean => token.test(name) && typeof value === "string"

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

/** The value that ASCII text stands for. Octets that are no UTF-8 become U+FFFD. A percent sign that begins no octet stands for itself. */
export const decodeValue = (text: string): string => {
  if (!text.includes("%")) return text
  const bytes: Array<number> = []
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const digits = code === 0x25 ? text.slice(at + 1, at + 3) : ""
    if (/^[0-9A-Fa-f]{2}$/.test(digits)) {
      bytes.push(Number.parseInt(digits, 16))
      at += 2
    } else {
      bytes.push(code)
    }
  }
  return utf8.decode(Uint8Array.from(bytes))
}

/** As few octets percent-encoded as the grammar asks for, so that what only passes through stays as it came. */
export const encodeValue = (value: string): string => value.toWellFormed().replace(unsafe, encodeURIComponent)

const propertiesOf = (parts: ReadonlyArray<string>): string =>
  parts
    .map(bare)
    .filter((part) => property.test(part))
    .join(";")

const parseMember = (text: string): readonly [string, BaggageEntry] | undefined => {
  const [pair = "", ...properties] = text.split(";")
  const equals = pair.indexOf("=")
  const name = bare(pair.slice(0, Math.max(equals, 0)))
  const value = bare(pair.slice(equals + 1))
  if (!token.test(name) || !octets.test(value)) return undefined
  const metadata = propertiesOf(properties)
  return [name, metadata === "" ? { value: decodeValue(value) } : { value: decodeValue(value), metadata }]
}

/**
 * Reads a `baggage` header, of one line or of several.
 *
 * The first 64 members count that lie within the first 8192 bytes, and of several with one name the first. A member is
 * taken whole or not at all.
 */
export const parse = (header: string | ReadonlyArray<string>): Baggage => {
  const baggage = new Map<string, BaggageEntry>()
  let left = maxBytes
  for (const line of typeof header === "string" ? [header] : header) {
    // One character more tells a member that ends at the limit from one that is cut by it
    const seen = line.slice(0, left + 1)
    const members = seen.split(",")
    if (seen.length > left) members.pop()
    for (const text of members) {
      const member = parseMember(text)
      if (member === undefined || baggage.has(member[0])) continue
      if (baggage.size >= maxMembers) return baggage
      baggage.set(...member)
    }
    left -= line.length + 1
    if (left <= 0) break
  }
  return baggage
}

/**
 * Writes a `baggage` header of at most 64 members and so many bytes. An entry that does not fit is left out, whole, and
 * so is one whose name is no token.
 */
export const format = (baggage: Baggage, budget = maxBytes): string => {
  const members: Array<string> = []
  let bytes = 0
  for (const [name, { metadata, value }] of baggage) {
    if (!isWritable(name, value)) continue
    const properties = metadata === undefined ? "" : propertiesOf(metadata.split(/[;,]/))
    const member = `${name}=${encodeValue(value)}${properties === "" ? "" : `;${properties}`}`
    const added = member.length + (members.length === 0 ? 0 : 1)
    if (members.length >= maxMembers || bytes + added > budget) continue
    members.push(member)
    bytes += added
  }
  return members.join(",")
}

/** Carries the `baggage` header, of so many bytes at most. */
export const make = (budget: number): Propagator => ({
  fields: ["baggage"],
  inject: ({ baggage }): Readonly<Record<string, string>> => {
    const header = baggage.size === 0 ? "" : format(baggage, budget)
    return header === "" ? {} : { baggage: header }
  },
  extract: (headers) => {
    const lines = headers.get("baggage")
    return lines === undefined ? nothing : { span: undefined, baggage: parse(lines) }
  }
})

/** Carries the `baggage` header, of up to 8192 bytes. */
export const propagator: Propagator = make(maxBytes)
