/**
 * Secrets that their own looks give away: tokens with the mark of whoever issued them, JSON Web Tokens, private keys.
 *
 * Each is asked for at the one character that makes it likely, looks back at a
 * few characters before, and reads forward what belongs to it, once.
 */

import * as SensitiveKeys from "../model/SensitiveKeys.ts"

/** A stretch of a text, and what it is; `undefined` where it is nothing. */
export interface SecretToken {
  readonly rule: string
  readonly start: number
  readonly end: number
}

const isLower = (code: number): boolean => code >= 0x61 && code <= 0x7a
const isUpper = (code: number): boolean => code >= 0x41 && code <= 0x5a
export const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
export const isAlphanumeric = (code: number): boolean => isLower(code) || isUpper(code) || isDigit(code)

/** Of base64 for URLs, of which most tokens are made. */
const isTokenPart = (code: number): boolean => isAlphanumeric(code) || code === 0x2d || code === 0x5f

/** Where the token characters end that begin here. */
export const tokenEnd = (text: string, start: number): number => {
  let at = start
  while (isTokenPart(text.charCodeAt(at))) at++
  return at
}

/** Beginnings of tokens with `_` or `-` as their last character, who issues them, and how many characters follow at least. */
const issued: ReadonlyArray<readonly [beginning: string, rule: string, length: number]> = [
  ["ghp_", "github", 20],
  ["gho_", "github", 20],
  ["ghu_", "github", 20],
  ["ghs_", "github", 20],
  ["ghr_", "github", 20],
  ["github_pat_", "github", 20],
  ["glpat-", "gitlab", 16],
  ["sk_live_", "stripe", 10],
  ["sk_test_", "stripe", 10],
  ["rk_live_", "stripe", 10],
  ["rk_test_", "stripe", 10],
  ["whsec_", "stripe", 16],
  ["xoxa-", "slack", 10],
  ["xoxb-", "slack", 10],
  ["xoxe-", "slack", 10],
  ["xoxo-", "slack", 10],
  ["xoxp-", "slack", 10],
  ["xoxr-", "slack", 10],
  ["xoxs-", "slack", 10],
  ["xapp-", "slack", 10],
  ["npm_", "npm", 30],
  ["sk-ant-", "api-key", 16],
  ["sk-proj-", "api-key", 16],
  ["shpat_", "api-key", 20],
  ["dop_v1_", "api-key", 20]
]

type Issued = (typeof issued)[number]

/** Of each beginning its last two characters, as a number: most underscores and hyphens are told by them. */
const placeOf = (before: number, code: number): number => (before << 7) | code
const byEnding: Array<ReadonlyArray<Issued> | undefined> = Array.from({ length: 1 << 14 })
for (const entry of issued) {
  const [beginning] = entry
  const place = placeOf(beginning.charCodeAt(beginning.length - 2), beginning.charCodeAt(beginning.length - 1))
  byEnding[place] = [...(byEnding[place] ?? []), entry]
}
/** Two hyphens begin something else: see {@link pemAt}. */
byEnding[placeOf(0x2d, 0x2d)] = []

/** False for most underscores and hyphens, by the character before. */
export const mayBeIssued = (before: number, code: number): boolean =>
  before < 0x80 && byEnding[placeOf(before, code)] !== undefined

/** A token whose beginning ends here, in `_` or `-`. */
export const issuedAt = (text: string, at: number): SecretToken | undefined => {
  const known = byEnding[placeOf(text.charCodeAt(at - 1) & 0x7f, text.charCodeAt(at))]
  if (known === undefined) return undefined
  for (const [beginning, rule, length] of known) {
    const start = at + 1 - beginning.length
    if (start < 0 || !text.startsWith(beginning, start) || isAlphanumeric(text.charCodeAt(start - 1))) continue
    const end = tokenEnd(text, at + 1)
    if (end - at > length) return { rule, start, end }
  }
  return undefined
}

const longestAccessKey = 32

/** `AKIA…` and `ASIA…` of AWS, `AIza…` of Google, asked for at their `I`. */
export const accessKeyAt = (text: string, at: number): SecretToken | undefined => {
  if (text.charCodeAt(at - 1) === 0x41 && text.startsWith("za", at + 1)) {
    const end = tokenEnd(text, at + 3)
    return end - at >= 34 && !isAlphanumeric(text.charCodeAt(at - 2))
      ? { rule: "google", start: at - 1, end }
      : undefined
  }
  const start = at - 2
  if (text.charCodeAt(at + 1) !== 0x41 || isAlphanumeric(text.charCodeAt(start - 1))) return undefined
  if (!text.startsWith("AK", start) && !text.startsWith("AS", start)) return undefined
  let end = at + 2
  while (end - start <= longestAccessKey && (isUpper(text.charCodeAt(end)) || isDigit(text.charCodeAt(end)))) end++
  const isKey = end - start >= 20 && end - start <= longestAccessKey && !isAlphanumeric(text.charCodeAt(end))
  return isKey ? { rule: "aws", start, end } : undefined
}

const shortestPart = 8

/** True where one may begin that ends in the `J` that is here. */
export const mayBeWebToken = (text: string, at: number): boolean =>
  text.startsWith("ey", at - 2) && !isAlphanumeric(text.charCodeAt(at - 3))

/** A JSON Web Token, signed, encrypted or neither, asked for at the `J` that `{"` begins with in base64. */
export const webTokenAt = (text: string, at: number): SecretToken | undefined => {
  const start = at - 2
  if (!mayBeWebToken(text, at)) return undefined
  let end = tokenEnd(text, at)
  if (end - start < shortestPart || text.charCodeAt(end) !== 0x2e) return undefined
  const first = tokenEnd(text, end + 1)
  if (first - end <= shortestPart && text.charCodeAt(first) !== 0x2e) return undefined
  end = first
  while (
    text.charCodeAt(end) === 0x2e &&
    (isTokenPart(text.charCodeAt(end + 1)) || text.charCodeAt(end + 1) === 0x2e)
  ) {
    end = tokenEnd(text, end + 1)
  }
  return { rule: "jwt", start, end }
}

const begin = "-----BEGIN "
const longestLabel = 64

/** A block of PEM that the hyphens here begin, unless what it holds is public. Without an end it is all the rest. */
export const pemAt = (text: string, hyphens: number): SecretToken | undefined => {
  let start = hyphens
  while (text.charCodeAt(start + 5) === 0x2d) start++
  if (!text.startsWith(begin, start)) return undefined
  const label = text.slice(start + begin.length, start + begin.length + longestLabel)
  const close = label.indexOf("-----")
  if (close < 0 || /^(?:CERTIFICATE|(?:\w+ )?PUBLIC KEY|TRUSTED CERTIFICATE|X509)/.test(label)) return undefined
  const last = text.indexOf("-----END ", start)
  const end = last < 0 ? text.length : Math.min(text.length, last + 9 + close + 5)
  return { rule: "pem", start, end }
}

/** What credentials of HTTP may hold. */
const isCredential = (code: number): boolean =>
  isTokenPart(code) || code === 0x2e || code === 0x7e || code === 0x2b || code === 0x2f || code === 0x3d

const shortestCredential = 6
/** Longer than any word that somebody may have written behind one of these. */
const longestWord = 20

/** Credentials behind `Bearer` or `Basic` and the space that is here. */
export const credentialsAt = (text: string, space: number): SecretToken | undefined => {
  // Their last letters, of either case
  const last = text.charCodeAt(space - 1) | 0x20
  const name = last === 0x72 ? "bearer" : last === 0x63 ? "basic" : ""
  const before = space - name.length
  if (name === "" || before < 0 || text.slice(before, space).toLowerCase() !== name) return undefined
  if (isAlphanumeric(text.charCodeAt(before - 1))) return undefined
  let start = space + 1
  while (text.charCodeAt(start) === 0x20) start++
  let end = start
  if (text.startsWith(SensitiveKeys.mask, start) && !isAlphanumeric(text.charCodeAt(start + SensitiveKeys.mask.length)))
    return undefined
  while (isCredential(text.charCodeAt(end))) end++
  // The point at the end of a sentence
  if (text.charCodeAt(end - 1) === 0x2e) end--
  return isSecret(text, start, end) ? { rule: "auth", start, end } : undefined
}

/** False for words of a language: they are not so long, and hold nothing but letters, hyphens and a capital in front. */
const isSecret = (text: string, start: number, end: number): boolean => {
  if (end - start >= longestWord) return true
  if (end - start < shortestCredential) return false
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (!isLower(code) && code !== 0x2d && !(at === start && isUpper(code))) return true
  }
  return false
}
