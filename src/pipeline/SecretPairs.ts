/**
 * Keys and their values inside a text, however they are written: `token=…`, `"token": "…"`, `\"token\":\"…\"`,
 * `token => '…'`, `Authorization: Bearer …`, `<token>…</token>`, `--token …`.
 */
import type { KeyEndings } from "../model/KeyEndings.ts"
import * as RedactionMark from "./RedactionMark.ts"

const space = 0x20
const quote = 0x22
const apostrophe = 0x27
const backslash = 0x5c
const newline = 0x0a

export const isSpace = (code: number): boolean => code === space || (code >= 0x09 && code <= 0x0d) || code === 0xa0
const isQuote = (code: number): boolean => code === quote || code === apostrophe || code === 0x60

/** What a key may hold: letters, digits, `_.-`, and brackets for `card[token]`. */
const isKeyPart = new Uint8Array(128)
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-[]") {
  isKeyPart[character.charCodeAt(0)] = 1
}

/** Digits, and the brackets of `card[token][2]`. */
const isNumbering = (code: number): boolean => (code >= 0x30 && code <= 0x39) || code === 0x5b || code === 0x5d

const mostNumbering = 12
/** JSON in JSON, six deep. */
const mostBackslashes = 70
const longestKey = 64
const mostSpaces = 4

/** Where the key ends in front of a separator: before spaces, a quote, and backslashes before that. */
const keyEnd = (text: string, separator: number): number => {
  let end = separator
  while (end > 0 && separator - end < mostSpaces && isSpace(text.charCodeAt(end - 1))) end--
  if (end > 0 && isQuote(text.charCodeAt(end - 1))) {
    end--
    while (end > 0 && separator - end < mostBackslashes && text.charCodeAt(end - 1) === backslash) end--
  }
  return end
}

/** Where the next letter of a key stands, towards its beginning: hyphens, underscores and points are passed by. */
const letterBefore = (text: string, from: number): number => {
  let at = from - 1
  while (from - at <= mostSpaces && isJoint(text.charCodeAt(at))) at--
  return at
}

const isJoint = (code: number): boolean => code === 0x2d || code === 0x5f || code === 0x2e

const endsKey = (text: string, end: number, endings: KeyEndings): boolean => {
  let last = end
  while (last > 0 && end - last < mostNumbering && isNumbering(text.charCodeAt(last - 1))) last--
  const first = letterBefore(text, last)
  const second = letterBefore(text, first)
  const third = letterBefore(text, second)
  return first >= 0 && endings.have(text.charCodeAt(third), text.charCodeAt(second), text.charCodeAt(first))
}

/** The key in front of a separator; empty where there is none, or none that ends like one. */
export const keyBefore = (text: string, separator: number, endings: KeyEndings): string => {
  const before = text.charCodeAt(separator - 1)
  if (isKeyPart[before] !== 1 && !isSpace(before) && !isQuote(before)) return ""
  const end = keyEnd(text, separator)
  if (!endsKey(text, end, endings)) return ""
  let start = end
  while (start > 0 && end - start < longestKey && isKeyPart[text.charCodeAt(start - 1)] === 1) start--
  return end - start > 1 ? text.slice(start, end) : ""
}

/** A stretch of the text that is a value; empty where nothing is to be masked. */
export interface Value {
  start: number
  end: number
}

const wholeLine = /(?:authorization|cookie|passphrase)$/i
const nothing = /^(?:true|false|null|undefined|none|nil)$/i

/** The value behind a separator. What follows is read forward, once. */
export const valueAfter = (text: string, separator: number, key: string): Value => {
  let at = separator + 1
  const next = text.charCodeAt(at)
  // `=>`, `==`
  if (next === 0x3e || next === 0x3d) at++
  const latest = at + mostSpaces
  while (at < latest && isSpace(text.charCodeAt(at)) && text.charCodeAt(at) !== newline) at++
  let slashes = 0
  while (text.charCodeAt(at + slashes) === backslash) slashes++
  const opening = text.charCodeAt(at + slashes)
  if (isQuote(opening)) return masked(text, at + slashes + 1, closing(text, at + slashes + 1, opening, slashes))
  if (opening === 0x7b || opening === 0x5b) return { start: at + slashes, end: balanced(text, at + slashes) }
  return masked(text, at, wholeLine.test(key) ? lineEnd(text, at) : wordEnd(text, at))
}

const masked = (text: string, start: number, end: number): Value => {
  const shown = end - start <= longestKey ? text.slice(start, end) : ""
  return start >= end || nothing.test(shown) || RedactionMark.is(shown) ? { start, end: start } : { start, end }
}

/** The quote that ends what another opened: the same one behind as many backslashes. Without one it is all the rest. */
const closing = (text: string, start: number, opening: number, slashes: number): number => {
  let before = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === backslash) before++
    else {
      if (code === opening && (before <= slashes || (slashes === 0 && before % 2 === 0)))
        return at - Math.min(before, slashes)
      before = 0
    }
  }
  return text.length
}

/** Where the bracket closes that opens here; those inside quotes are text. Without one it is all the rest. */
const balanced = (text: string, start: number): number => {
  let depth = 0
  let slashes = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x7b || code === 0x5b) depth++
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return at + 1
    else if (code === quote) at = closing(text, at + 1, code, slashes) + slashes
    slashes = code === backslash ? slashes + 1 : 0
  }
  return text.length
}

/** The end of a line, or the quote that stands around it. */
const lineEnd = (text: string, start: number): number => {
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === newline || code === 0x0d || isEscape(text, at)) break
    if (isQuote(code) && (at + 1 === text.length || closes(text.charCodeAt(at + 1)))) break
    at++
  }
  return at
}

const closes = (code: number): boolean =>
  isSpace(code) || code === 0x2c || code === 0x5d || code === 0x7d || code === 0x29

/** True for a backslash before a quote, another one, or the letter of a white space. */
const isEscape = (text: string, at: number): boolean => {
  if (text.charCodeAt(at) !== backslash) return false
  const next = text.charCodeAt(at + 1)
  return isQuote(next) || next === backslash || next === 0x6e || next === 0x72 || next === 0x74
}

/** End a value wherever they stand: `&`, `<`, `>`, and quotes. */
const ends = (code: number): boolean =>
  isSpace(code) || isQuote(code) || code === 0x26 || code === 0x3c || code === 0x3e

/** `,;)}]`: end a value where no more of it seems to follow. */
const mayEnd = (code: number): boolean =>
  code === 0x2c || code === 0x3b || code === 0x29 || code === 0x7d || code === 0x5d

/** Characters that are looked at to find the next key. */
const ahead = 24

const wordEnd = (text: string, start: number): number => {
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (ends(code) || isEscape(text, at) || (mayEnd(code) && !goesOn(text, at + 1))) return at
    at++
  }
  return at
}

/** False where a text ends or goes on with something else: another key, or a space. */
const goesOn = (text: string, from: number): boolean => {
  if (from >= text.length) return false
  const first = text.charCodeAt(from)
  if (ends(first) || mayEnd(first) || first === 0x2e || first === 0x3a) return false
  for (let at = from; at < text.length && at < from + ahead; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x3d || code === 0x3a) return false
    if (!(isKeyPart[code] === 1)) return true
  }
  return true
}

/** The text between two tags, where a tag closes here. */
export const valueInTag = (text: string, bracket: number): Value => {
  const start = bracket + 1
  const end = text.indexOf("<", start)
  return masked(text, start, end < 0 ? text.length : end)
}

/** The word behind an option of a command line that ends here. */
export const valueOfOption = (text: string, end: number): Value => {
  let start = end
  while (isSpace(text.charCodeAt(start))) start++
  if (start === end || text.charCodeAt(start) === 0x2d) return { start, end: start }
  return isQuote(text.charCodeAt(start))
    ? masked(text, start + 1, closing(text, start + 1, text.charCodeAt(start), 0))
    : masked(text, start, wordEnd(text, start))
}
