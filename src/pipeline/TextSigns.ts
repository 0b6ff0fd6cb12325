/**
 * The characters at which a secret may be told, and texts in which none of them tells anything.
 *
 * Most texts are such, so this is the loop that counts: it looks at each
 * character once and a few before it, and calls nothing that could find
 * something.
 */
import * as CardNumber from "./CardNumber.ts"
import * as EncodedText from "./EncodedText.ts"
import * as Pairs from "./SecretPairs.ts"
import * as Tokens from "./SecretTokens.ts"
import * as Urls from "./SecretUrls.ts"
import type { ScanTextOptions } from "./ScanText.ts"

export const plain = 0
/** Ends the mark of whoever issues a token. */
export const issued = 2
export const capitalJ = 3
export const capitalI = 4
export const plus = 5
/** From here on: what ends a word of base64. */
export const breaks = 6
export const pair = 7
export const slash = 8
export const space = 9
export const at = 10
export const bracket = 11
export const percent = 12
export const backslash = 13

/** True for signs that say nothing of what stands around them. */
export const isMute = (sign: number): boolean => sign === breaks || sign >= percent

const signs = new Uint8Array(128).fill(breaks)
const mark = (characters: string, sign: number): void => {
  for (const character of characters) signs[character.charCodeAt(0)] = sign
}
mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", plain)
mark("_-", issued)
mark("J", capitalJ)
mark("I", capitalI)
mark("+", plus)
mark("=:", pair)
mark("/", slash)
mark(" \t\n", space)
mark("%", percent)
mark("@", at)
mark(">", bracket)
mark("\\", backslash)

/** What is no ASCII ends a word. */
export const of = (code: number): number => (code < 0x80 ? signs[code]! : breaks)

/** Characters of base64 that a secret and its key need at least. */
export const shortestWord = 16

/** True for a hyphen behind another. */
export const isDash = (text: string, index: number): boolean =>
  text.charCodeAt(index) === 0x2d && text.charCodeAt(index - 1) === 0x2d

/** Where a card's number ends that begins behind a sign; 0 where none does. */
export const cardEnd = (text: string, start: number): number => {
  const first = text.charCodeAt(start)
  // No brand begins with another digit
  return first >= 0x32 && first <= 0x36 ? CardNumber.endOf(text, start) : 0
}

const namesSecret = (text: string, separator: number, options: ScanTextOptions): boolean => {
  const key = Pairs.keyBefore(text, separator, options.endings)
  return key !== "" && options.isSensitive(key)
}

/** True for a text in which there is nothing to ask. */
export const isQuiet = (text: string, options: ScanTextOptions): boolean => {
  const { length } = text
  let word = 0
  let last = 0
  let inUrl = false
  if (cardEnd(text, 0) > 0) return false
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    const sign = code < 0x80 ? signs[code]! : breaks
    if (sign !== plain) {
      if (sign < breaks) {
        if (sign === issued ? tellsIssuer(text, index, last, code) : tellsInWord(text, index, sign, options))
          return false
      } else {
        if (index - word >= shortestWord && EncodedText.beginsText(text, word)) return false
        word = index + 1
        if (cardEnd(text, word) > 0) return false
        if (sign === space) {
          // The last letters of `Bearer` and `Basic`
          if (((last | 0x20) === 0x72 || (last | 0x20) === 0x63) && Tokens.credentialsAt(text, index)) return false
        } else if (sign === pair) {
          if (code === 0x3a && text.startsWith("//", word)) inUrl = true
          else if (namesSecret(text, index, options)) return false
        } else if (sign === slash) {
          if (namesSecret(text, index, options) || Urls.isSlack(text, index)) return false
        } else if (sign === at) {
          if (inUrl || options.emails) return false
        } else if (sign > slash || (code > 0x7f && EncodedText.isLookAlike(code))) return false
      }
    }
    last = code
  }
  return length - word < shortestWord || !EncodedText.beginsText(text, word)
}

const tellsIssuer = (text: string, index: number, last: number, code: number): boolean =>
  (Tokens.mayBeIssued(last, code) && (last === code || Tokens.issuedAt(text, index) !== undefined)) ||
  (code === 0x2d && cardEnd(text, index + 1) > 0)

const tellsInWord = (text: string, index: number, sign: number, options: ScanTextOptions): boolean => {
  switch (sign) {
    case capitalJ:
      return text.charCodeAt(index - 1) === 0x79
    case capitalI:
      return Tokens.accessKeyAt(text, index) !== undefined
    default:
      return options.phones
  }
}
