/**
 * Numbers of payment cards in a text: of a length and with a beginning that a brand has, and the right check digit.
 *
 * One of ten numbers that look alike has that digit by chance, so a number
 * must stand for itself: letters, digits and points beside it make it
 * something else.
 */

const zero = 0x30
const isDigit = (code: number): boolean => code >= zero && code <= 0x39
const isSeparator = (code: number): boolean => code === 0x20 || code === 0x2d
/** Letters, the underscore, and what is no ASCII. */
const isWord = (code: number): boolean =>
  (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f || code > 0x7f

const fewest = 13
const most = 19

/** Whether the last digit is what ISO/IEC 7812-1 makes of the others. */
export const hasCheckDigit = (digits: string): boolean => {
  let sum = 0
  for (let at = digits.length - 1, doubled = false; at >= 0; at--, doubled = !doubled) {
    const digit = digits.charCodeAt(at) - zero
    sum += doubled ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit
  }
  return sum % 10 === 0
}

/** Beginnings and lengths of Visa, Mastercard, American Express, Discover, UnionPay, JCB and Diners Club. */
const brands: ReadonlyArray<readonly [beginning: RegExp, lengths: ReadonlyArray<number>]> = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))/, [16]],
  [/^3[47]/, [15]],
  [/^6(?:011|4[4-9]|5)/, [16, 19]],
  [/^62/, [16, 17, 18, 19]],
  [/^35(?:2[89]|[3-8])/, [16]],
  [/^3(?:0[0-5]|[689])/, [14]]
]

/** Digits in the groups that are printed on cards. */
const grouped: ReadonlySet<string> = new Set(["4,4,4,4", "4,4,4,4,3", "4,6,5", "4,6,4", "6,13"])

/** True for the digits of a card's number, without anything between them. */
export const isNumber = (digits: string): boolean =>
  brands.some(([beginning, lengths]) => lengths.includes(digits.length) && beginning.test(digits)) &&
  hasCheckDigit(digits)

/** Where a number ends that begins here, digit by digit or in the groups that are printed on cards; 0 where none does. */
export const endOf = (text: string, start: number): number => {
  if (!isFree(text, start - 1, start - 2) || !hasEnough(text, start)) return 0
  let digits = ""
  const groups: Array<number> = []
  let separator = 0
  for (let from = start; ;) {
    let at = from
    while (at - from <= most && isDigit(text.charCodeAt(at))) at++
    digits += text.slice(from, at)
    groups.push(at - from)
    if (digits.length > most) return 0
    const isWhole = groups.length === 1 || (digits.length >= fewest && grouped.has(groups.join()))
    if (isWhole && isFree(text, at, at + 1) && isNumber(digits)) return at
    const code = text.charCodeAt(at)
    const isPart = (groups[0] === 4 || groups[0] === 6) && at - from > 2
    if (!isPart || !isSeparator(code) || (separator !== 0 && code !== separator)) return 0
    separator = code
    from = at + 1
  }
}

/** Whether as many digits follow as a card has at least: seldom, and seen before anything is made of them. */
const hasEnough = (text: string, start: number): boolean => {
  let digits = 0
  for (let at = start; digits < fewest; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code)) digits++
    else if (digits < 4 || !isSeparator(code) || !isDigit(text.charCodeAt(at + 1))) return false
  }
  return true
}

/** Whether what stands beside a number leaves it a number. A point does unless a digit follows. */
const isFree = (text: string, beside: number, beyond: number): boolean => {
  const code = text.charCodeAt(beside)
  return !isDigit(code) && !isWord(code) && !((code === 0x2e || code === 0x2c) && isDigit(text.charCodeAt(beyond)))
}
