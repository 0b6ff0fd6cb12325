/**
 * Finds the secrets in a text.
 *
 * One walk over the text, in which most characters are looked at and passed
 * over. A few are where a secret may be told: an equals sign from the key
 * before it, an underscore from the mark of whoever issued a token, the end of
 * a long word from what it says in base64. Each looks back at few characters,
 * and what it reads forward is not read again, so that the time grows with the
 * length and no faster. What is encoded is decoded and walked over as well, at
 * most three deep.
 */
import type { KeyEndings } from "../model/KeyEndings.ts"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import * as EncodedText from "./EncodedText.ts"
import * as PersonalData from "./PersonalData.ts"
import * as Pairs from "./SecretPairs.ts"
import * as Tokens from "./SecretTokens.ts"
import * as Urls from "./SecretUrls.ts"
import * as Signs from "./TextSigns.ts"

/** A secret, and the rule that found it. */
export interface Finding {
  readonly rule: string
  readonly start: number
  readonly end: number
}

export interface ScanTextOptions {
  /** Whether a key names a secret. Asked often: it should remember what it has answered. */
  readonly isSensitive: (key: string) => boolean
  /** How such keys end: others are not asked for. */
  readonly endings: KeyEndings
  readonly emails: boolean
  readonly phones: boolean
}

/** Shorter texts hold nothing that could be found. */
const shortest = 5
const deepest = 3

/** Behind so many secrets the rest of a text is taken for one. */
const mostFound = 1000

const none: ReadonlyArray<Finding> = []

export class ScanText {
  readonly #options: ScanTextOptions
  readonly #depth: number
  #text = ""
  #found: Array<Finding> | undefined
  /** Where the word began that the walk is in. */
  #word = 0
  /** No web token begins before this. */
  #noWebToken = 0
  /** Where the next `@` is, as far as it was looked for. */
  #at = -1
  /** What is encoded in the text, besides words of base64: behind percent signs or backslashes, or by looks alone. */
  #encoded = false
  #looksAlike = false
  /** Searches what was encoded. */
  #inner: ScanText | undefined

  constructor(options: ScanTextOptions, depth = 0) {
    this.#options = options
    this.#depth = depth
  }

  /** The secrets of a text in the order they stand there; none of them overlap. */
  find(text: string): ReadonlyArray<Finding> {
    if (text.length < shortest || Signs.isQuiet(text, this.#options)) return none
    this.#text = text
    this.#found = undefined
    this.#word = 0
    this.#noWebToken = 0
    this.#at = -1
    this.#encoded = false
    this.#looksAlike = false
    this.#walk()
    if (this.#encoded) this.#decode()
    const found = this.#found as Array<Finding> | undefined
    this.#text = ""
    this.#found = undefined
    return found === undefined ? none : apart(found)
  }

  #walk(): void {
    const text = this.#text
    const { length } = text
    let index = this.#card(0)
    for (; index < length; index++) {
      const code = text.charCodeAt(index)
      const sign = Signs.of(code)
      if (sign === Signs.plain) continue
      if (sign === Signs.percent || sign === Signs.backslash) this.#encoded = true
      else if (code > 0x7f && EncodedText.isLookAlike(code)) this.#encoded = this.#looksAlike = true
      // What only ends a word has nothing to be asked, if the word is short
      const on =
        Signs.isMute(sign) && index - this.#word < Signs.shortestWord ? this.#end(index) : this.#ask(sign, index)
      index = on > index ? on : this.#card(index + 1) - 1
    }
    this.#endWord(length)
  }

  #end(index: number): number {
    this.#word = index + 1
    return index
  }

  /** Behind a card's number, if one begins here. */
  #card(start: number): number {
    const end = Signs.cardEnd(this.#text, start)
    return end === 0 ? start : this.#add("card", start, end) + 1
  }

  /** Asks what a character may tell; answers where the walk goes on behind. */
  #ask(sign: number, index: number): number {
    const text = this.#text
    switch (sign) {
      case Signs.issued:
        return Signs.isDash(text, index) ? this.#dashes(index) : this.#token(Tokens.issuedAt(text, index), index)
      case Signs.capitalJ: {
        if (index < this.#noWebToken) return index
        const token = Tokens.webTokenAt(text, index)
        if (token === undefined && Tokens.mayBeWebToken(text, index)) this.#noWebToken = Tokens.tokenEnd(text, index)
        return this.#token(token, index)
      }
      case Signs.capitalI:
        return this.#token(Tokens.accessKeyAt(text, index), index)
      case Signs.plus:
        return this.#options.phones ? this.#token(PersonalData.phoneAt(text, index), index) : index
    }
    const end = this.#endWord(index)
    if (end > index) return end - 1
    this.#word = index + 1
    switch (sign) {
      case Signs.pair:
        return this.#pair(index)
      case Signs.slash:
        return this.#segment(index)
      case Signs.space:
        return this.#token(Tokens.credentialsAt(text, index), index)
      case Signs.at:
        return this.#options.emails ? this.#token(PersonalData.emailAt(text, index), index) : index
      case Signs.bracket:
        return this.#tag(index)
    }
    return index
  }

  #add(rule: string, start: number, end: number): number {
    if (this.#found !== undefined && this.#found.length >= mostFound) end = this.#text.length
    const finding = { rule, start, end }
    if (this.#found === undefined) this.#found = [finding]
    else this.#found.push(finding)
    this.#word = end
    return end - 1
  }

  #token(token: Tokens.SecretToken | undefined, index: number): number {
    return token === undefined ? index : this.#add(token.rule, token.start, token.end)
  }

  #value({ end, start }: Pairs.Value, index: number): number {
    return start === end ? index : this.#add("key", start, end)
  }

  #pair(index: number): number {
    const text = this.#text
    if (text.charCodeAt(index) === 0x3a && text.startsWith("//", index + 1)) return this.#authority(index + 3)
    const key = this.#keyBefore(index)
    return key === "" ? index : this.#value(Pairs.valueAfter(text, index, key), index)
  }

  #authority(start: number): number {
    this.#word = start
    if (this.#at < start) this.#at = indexOf(this.#text, "@", start)
    if (this.#at - start > Urls.longestUser) return start - 1
    const end = Urls.userEnd(this.#text, start)
    return end === start ? start - 1 : this.#add("url", start, end)
  }

  /** What stands in a path behind the name of a secret, if it looks like one. */
  #segment(index: number): number {
    const text = this.#text
    if (Urls.isSlack(text, index)) {
      const end = Urls.pathEnd(text, index + 1)
      return end - index > Signs.shortestWord ? this.#add("slack", index + 1, end) : index
    }
    const key = this.#keyBefore(index)
    if (key === "" || text.charCodeAt(index - key.length - 1) !== 0x2f) return index
    const end = Urls.segmentEnd(text, index + 1)
    return Urls.looksRandom(text, index + 1, end) ? this.#add("url", index + 1, end) : index
  }

  /** The key in front of a separator, if it names a secret, and else nothing. */
  #keyBefore(index: number): string {
    const key = Pairs.keyBefore(this.#text, index, this.#options.endings)
    return key !== "" && this.#options.isSensitive(key) ? key : ""
  }

  #tag(index: number): number {
    const text = this.#text
    const key = this.#keyBefore(index)
    if (key === "") return index
    const before = text.charCodeAt(index - key.length - 1)
    return before === 0x3c || before === 0x3a ? this.#value(Pairs.valueInTag(text, index), index) : index
  }

  /** The second of some hyphens. What begins with them is told there, and not at each. */
  #dashes(index: number): number {
    if (index - 2 >= this.#word && this.#text.charCodeAt(index - 2) === 0x2d) return index
    return this.#token(Tokens.pemAt(this.#text, index - 1) ?? this.#option(index - 1), index)
  }

  /** `--token …` of a command line. */
  #option(index: number): Tokens.SecretToken | undefined {
    const text = this.#text
    const before = text.charCodeAt(index - 1)
    if (before === 0x2d || Tokens.isAlphanumeric(before)) return undefined
    let end = index + 2
    while (end - index < 40 && (Tokens.isAlphanumeric(text.charCodeAt(end)) || text.charCodeAt(end) === 0x2d)) end++
    if (!Pairs.isSpace(text.charCodeAt(end)) || !this.#options.isSensitive(text.slice(index + 2, end))) return undefined
    const value = Pairs.valueOfOption(text, end)
    return value.start === value.end ? undefined : { rule: "key", ...value }
  }

  /** A word has ended here. Answers where it ends in truth, if it is base64 and holds a secret, and else the same place. */
  #endWord(index: number): number {
    const start = this.#word
    if (index - start < Signs.shortestWord || this.#depth === deepest) return index
    if (!EncodedText.beginsText(this.#text, start)) return index
    const end = EncodedText.base64End(this.#text, start)
    const decoded = EncodedText.fromBase64(this.#text, start, end)
    const rule = decoded === undefined ? undefined : this.#inside(decoded)
    if (rule === undefined) return index
    return this.#add(rule, start, end) + 1
  }

  /** The rule that finds something in what was encoded. */
  #inside(decoded: string): string | undefined {
    this.#inner ??= new ScanText(this.#options, this.#depth + 1)
    return this.#inner.find(decoded)[0]?.rule
  }

  /** Searches what is encoded, without what was found as it stands. */
  #decode(): void {
    if (this.#depth === deepest) return
    const text = this.#text
    const known = this.#found === undefined ? none : apart(this.#found)
    const rest = without(text, 0, text.length, known)
    const seen = EncodedText.fromEscapes(this.#looksAlike ? EncodedText.fromLookAlike(rest) : rest)
    const rule = seen === rest ? undefined : this.#inside(seen)
    if (rule !== undefined) this.#add(rule, 0, text.length)
    else if (text.includes("%")) this.#decodeParts(known)
  }

  /** Between the signs that stand for themselves in a URL, each part may be encoded. */
  #decodeParts(known: ReadonlyArray<Finding>): void {
    const text = this.#text
    let next = 0
    for (let start = 0; start < text.length;) {
      const end = EncodedText.partEnd(text, start)
      const first = next
      while (next < known.length && known[next]!.end <= end) next++
      const part = without(text, start, end, known.length === 0 ? none : known.slice(first, next + 1))
      const rule = EncodedText.isPercent(part) ? this.#inside(EncodedText.fromPercent(part)) : undefined
      if (rule !== undefined) this.#add(rule, start + text.slice(start, end).indexOf("=") + 1, end)
      start = end + 1
    }
  }
}

const indexOf = (text: string, sign: string, from: number): number => {
  const index = text.indexOf(sign, from)
  return index < 0 ? Infinity : index
}

/** A stretch of a text in which a word stands for each of these. */
const without = (text: string, start: number, end: number, known: ReadonlyArray<Finding>): string => {
  if (known.length === 0) return text.slice(start, end)
  let rest = ""
  let at = start
  for (const finding of known) {
    if (finding.end <= at || finding.start >= end) continue
    rest += text.slice(at, Math.max(at, finding.start)) + SensitiveKeys.mask
    at = Math.min(finding.end, end)
  }
  return rest + text.slice(at, end)
}

/** In order, and without those that lie in others; of two that overlap, one for both. */
export const apart = (found: ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
  const [first, ...others] = found.toSorted((a, b) => a.start - b.start || b.end - a.end)
  const kept: Array<Finding> = [first!]
  for (const finding of others) {
    const last = kept.at(-1)!
    if (finding.start >= last.end) kept.push(finding)
    else if (finding.end > last.end) kept[kept.length - 1] = { ...last, end: finding.end }
  }
  return kept
}
