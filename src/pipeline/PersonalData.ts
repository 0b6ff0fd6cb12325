/**
 * Addresses and numbers of people, which are looked for where somebody asks for it.
 */
import { isAlphanumeric, isDigit, type SecretToken } from "./SecretTokens.ts"

const isLocalPart = (code: number): boolean =>
  isAlphanumeric(code) || code === 0x2e || code === 0x5f || code === 0x25 || code === 0x2b || code === 0x2d

const longestLocalPart = 64
const longestDomain = 255

/** An e-mail address around the `@` that is here. */
export const emailAt = (text: string, at: number): SecretToken | undefined => {
  let start = at
  while (start > 0 && at - start < longestLocalPart && isLocalPart(text.charCodeAt(start - 1))) start--
  let end = at + 1
  let point = 0
  while (end - at < longestDomain && (isAlphanumeric(text.charCodeAt(end)) || isInDomain(text, end))) {
    if (text.charCodeAt(end) === 0x2e) point = end
    end++
  }
  return start < at && point > at + 1 && end - point > 2 ? { rule: "email", start, end } : undefined
}

const isInDomain = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return (code === 0x2e || code === 0x2d) && isAlphanumeric(text.charCodeAt(at + 1))
}

const fewestDigits = 8
const mostDigits = 15

/** A telephone number with its country, that begins with the plus that is here. */
export const phoneAt = (text: string, plus: number): SecretToken | undefined => {
  if (isAlphanumeric(text.charCodeAt(plus - 1)) || !isDigit(text.charCodeAt(plus + 1))) return undefined
  let digits = 0
  let end = plus + 1
  for (let at = end; digits <= mostDigits; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code)) {
      digits++
      end = at + 1
    } else if (at > end + 1 || !(code === 0x20 || code === 0x2d || code === 0x2e || code === 0x28 || code === 0x29))
      break
  }
  return digits >= fewestDigits && digits <= mostDigits ? { rule: "phone", start: plus, end } : undefined
}
