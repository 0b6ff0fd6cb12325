/**
 * What stands behind percent signs, base64 and look-alikes of ASCII, to be searched as well.
 *
 * Nothing is written back: where a secret is found inside, all of the encoded
 * text goes.
 */
import * as Buffer from "node:buffer"

/** True for a text with at least one character behind a percent sign. */
export const isPercent = (text: string): boolean => text.includes("%") && /%[0-9a-fA-F]{2}/.test(text)

const hexValue = new Int8Array(256).fill(-1)
Array.from("0123456789abcdef").forEach((digit, value) => {
  hexValue[digit.charCodeAt(0)] = hexValue[digit.toUpperCase().charCodeAt(0)] = value
})

/**
 * The text that percent-encoding stands for. What is no encoding stands for itself, and a plus for a space.
 *
 * `decodeURIComponent` takes all or nothing, and one sign too many would hide a secret from it.
 */
export const fromPercent = (text: string): string => {
  const bytes = Buffer.Buffer.from(text, "utf8")
  let end = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    const high = byte === 0x25 && at + 2 < bytes.length ? hexValue[bytes[at + 1]!]! : -1
    const low = high < 0 ? -1 : hexValue[bytes[at + 2]!]!
    if (low >= 0) at += 2
    bytes[end++] = low >= 0 ? (high << 4) | low : byte === 0x2b ? 0x20 : byte
  }
  return bytes.toString("utf8", 0, end)
}

/** Signs that stand for themselves between the parts of a URL, or of a text around it. */
const isBetween = new Uint8Array(128)
for (const character of " \t\n\v\f\r\"'<>&?;#") isBetween[character.charCodeAt(0)] = 1

/** Where the part ends that begins here. */
export const partEnd = (text: string, start: number): number => {
  let at = start
  while (at < text.length && isBetween[text.charCodeAt(at)] !== 1) at++
  return at
}

const sextets = new Uint8Array(128).fill(64)
Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").forEach((character, value) => {
  sextets[character.charCodeAt(0)] = value
})
sextets["-".charCodeAt(0)] = 62
sextets["_".charCodeAt(0)] = 63

const isText = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d)

/** Whether the eight characters here stand for six of a text. Words, ids and hashes mostly do not. */
export const beginsText = (text: string, start: number): boolean => {
  for (let at = start; at < start + 8; at += 4) {
    let bits = 0
    for (let index = at; index < at + 4; index++) {
      const value = sextets[text.charCodeAt(index)] ?? 64
      if (value === 64) return false
      bits = (bits << 6) | value
    }
    if (!isText(bits >> 16) || !isText((bits >> 8) & 0xff) || !isText(bits & 0xff)) return false
  }
  return true
}

/** Where the base64 ends that begins here, of either alphabet, with what fills it up. */
export const base64End = (text: string, start: number): number => {
  let at = start
  while ((sextets[text.charCodeAt(at)] ?? 64) < 64) at++
  while (text.charCodeAt(at) === 0x3d) at++
  return at
}

/** The text that base64 stands for, of either alphabet; `undefined` where it is none. */
export const fromBase64 = (text: string, start: number, end: number): string | undefined => {
  const bytes = Buffer.Buffer.from(text.slice(start, end), "base64")
  return Buffer.isUtf8(bytes) ? bytes.toString("utf8") : undefined
}

/** Characters that are there and not seen, and those of ASCII in full width. */
const unseen = /[\u00ad\u200b-\u200d\u2060\ufeff]/g

/** True for a character that {@link fromLookAlike} makes another of. */
export const isLookAlike = (code: number): boolean =>
  (code >= 0xff01 && code <= 0xff5e) ||
  (code >= 0x200b && code <= 0x200d) ||
  code === 0xad ||
  code === 0x2060 ||
  code === 0xfeff

/** The text as it looks. */
export const fromLookAlike = (text: string): string => text.replace(unseen, "").normalize("NFKC")

/** A text with the escapes of JSON in it, as they are read. */
export const fromEscapes = (text: string): string =>
  !text.includes("\\u00")
    ? text
    : text.replace(/\\u00([2-7][0-9a-fA-F])/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
