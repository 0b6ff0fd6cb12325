/**
 * Names whose values are secrets, and the removal of such values from text and URLs.
 *
 * This is the floor that protects without configuration: every message and
 * URL that a span carries passes through it. All patterns are linear.
 */
import { KeyEndings, normal } from "./KeyEndings.ts"
import { mask } from "./Mask.ts"

const sensitive = [
  "apikey",
  "accesskey",
  "accesstoken",
  "auth",
  "authorization",
  "authtoken",
  "awsaccesskeyid",
  "bearer",
  "cardnumber",
  "clientassertion",
  "clientsecret",
  "cookie",
  "credential",
  "credentials",
  "creditcard",
  "cvc",
  "cvv",
  "encryptionkey",
  "idtoken",
  "jsessionid",
  "jwt",
  "otp",
  "passphrase",
  "passwd",
  "password",
  "passwords",
  "phpsessid",
  "privatekey",
  "proxyauthorization",
  "pwd",
  "refreshtoken",
  "secret",
  "secretkey",
  "secrets",
  "session",
  "sessionid",
  "setcookie",
  "sig",
  "signature",
  "signingkey",
  "ssn",
  "token",
  "totp",
  "xapikey",
  "xamzcredential",
  "xamzsignature",
  "xamzsecuritytoken",
  "xgoogsignature"
]
/** All of them, in the form that `normal` makes. */
export const list: ReadonlyArray<string> = sensitive
const sensitiveSet: ReadonlySet<string> = new Set(sensitive)

/** Words that make a secret of whatever key ends in them: `dbpassword`, `csrftoken`, `STRIPE_API_KEY`. */
const endings = [
  "accesskey",
  "apikey",
  "authorization",
  "cookie",
  "credential",
  "credentials",
  "encryptionkey",
  "passphrase",
  "passwd",
  "password",
  "privatekey",
  "secret",
  "secretkey",
  "signingkey",
  "token"
]

export { mask }

const judged = new Map<string, boolean>()
/** The keys of a program are few; those of an attacker are forgotten again. */
const mostJudged = 1000

const lastWord = /[A-Z]?[a-z0-9]+(?=[^a-zA-Z0-9]*$)|[A-Z0-9]+(?=[^a-zA-Z0-9]*$)/

const shortestKey = 3
const listEndings = new KeyEndings(sensitive)

/** True for most keys, at the cost of three letters. */
const endsLikeNone = (key: string): boolean => {
  const third = key.charCodeAt(key.length - 3) | 0x20
  const second = key.charCodeAt(key.length - 2) | 0x20
  const last = key.charCodeAt(key.length - 1) | 0x20
  const areLetters = isSmallLetter(third) && isSmallLetter(second) && isSmallLetter(last)
  return areLetters && !listEndings.have(third, second, last)
}

const isSmallLetter = (code: number): boolean => code >= 0x61 && code <= 0x7a

const judge = (key: string): boolean => {
  const plain = normal(key)
  return (
    sensitiveSet.has(plain) ||
    endings.some((ending) => plain.endsWith(ending)) ||
    sensitiveSet.has(normal(key.match(lastWord)?.[0] ?? ""))
  )
}

/**
 * True when a key names a secret, whatever its case and separators, itself or by its last word: `API-Key`, `api_key`,
 * `apiKey`, `db.password`, `card[token]`. Of a key that is longer than any, its end counts.
 */
export const isSensitive = (key: string): boolean => {
  if (key.length < shortestKey || endsLikeNone(key)) return false
  const end = key.length > longestUrlKey ? key.slice(-longestUrlKey) : key
  let sensitive = judged.get(end)
  if (sensitive === undefined) {
    sensitive = judge(end)
    if (judged.size === mostJudged) judged.clear()
    if (end.length <= longestKey) judged.set(end, sensitive)
  }
  return sensitive
}

const longestInspected = 4096
const longestKey = 41
const longestUrlKey = 256
const userInfo = /:\/\/[^\s/@]{1,256}@/g
const pairValue = /[^\s"'&,;)}\]]+/y
const bearer = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi

/**
 * Removes what looks like a secret from a message, and cuts it to `length` characters. Linear in its input.
 *
 * Every failed span pays for this once or twice, with a stack that is mostly paths and places in them.
 */
export const redactText = (text: string, length = 512): string => {
  const bounded = text.length > longestInspected ? text.slice(0, longestInspected) : text
  const withoutUser = bounded.includes("@") ? bounded.replace(userInfo, `://${mask}@`) : bounded
  const clean = maskPairs(redactUrlsIn(withoutUser).replace(bearer, `$1 ${mask}`))
  return clean.length > length ? `${clean.slice(0, length)}…` : clean
}

/** What a character may be in a key. */
const inside = 1
const letter = 2
/** A letter that a sensitive key ends with: most keys are seen to be none at their last. */
const sensitiveLast = 3

const keyPart = new Uint8Array(128)
const markAll = (characters: Iterable<string>, as: number): void => {
  for (const character of characters) {
    keyPart[character.charCodeAt(0)] = keyPart[character.toUpperCase().charCodeAt(0)] = as
  }
}
markAll("0123456789_.-", inside)
markAll("abcdefghijklmnopqrstuvwxyz", letter)
markAll(
  sensitive.map((key) => key.slice(-1)),
  sensitiveLast
)

/** Keys may be numbered: `password2`. */
const mayEndKey = (code: number): boolean => keyPart[code] === sensitiveLast || (code >= 0x30 && code <= 0x39)

const isQuote = (code: number): boolean => code === 0x22 || code === 0x27
/** Of what JavaScript calls white space only what comes between a key and its value. */
const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0
const mostSpaces = 3

/** The key in front of a separator, and not before `from`, if it may be a sensitive one. */
const keyBefore = (text: string, separator: number, from: number): string => {
  let end = separator
  while (end > from && separator - end < mostSpaces && isSpace(text.charCodeAt(end - 1))) end--
  if (end > from && isQuote(text.charCodeAt(end - 1))) end--
  let start = end
  while (start > from && end - start < longestKey && keyPart[text.charCodeAt(start - 1)]! > 0) start--
  while (start < end && keyPart[text.charCodeAt(start)]! < letter) start++
  return start < end && mayEndKey(text.charCodeAt(end - 1)) ? text.slice(start, end) : ""
}

/** Where the value behind a separator begins. */
const valueAfter = (text: string, separator: number): number => {
  let at = separator + 1
  while (at <= separator + mostSpaces && isSpace(text.charCodeAt(at))) at++
  return isQuote(text.charCodeAt(at)) ? at + 1 : at
}

const indexOr = (text: string, character: string, from: number): number => {
  const index = text.indexOf(character, from)
  return index < 0 ? text.length : index
}

/** Masks the value behind each sensitive key. Other values are searched on: a URL may follow a colon. */
const maskPairs = (text: string): string => {
  let masked = ""
  let from = 0
  let colon = -1
  let equals = -1
  for (let at = 0; at < text.length; at++) {
    if (colon < at) colon = indexOr(text, ":", at)
    if (equals < at) equals = indexOr(text, "=", at)
    at = Math.min(colon, equals)
    const key = keyBefore(text, at, from)
    if (key === "" || !isSensitive(key)) continue
    const value = (pairValue.lastIndex = valueAfter(text, at))
    if (!pairValue.test(text)) continue
    masked += text.slice(from, value) + mask
    from = pairValue.lastIndex
    at = from - 1
  }
  return masked + text.slice(from)
}

/** The key before an equals sign; of one that is longer than any, its end. */
const isSecretPair = (pair: string, equals: number): boolean =>
  equals > 0 && isSensitive(decode(pair.slice(Math.max(0, equals - longestUrlKey), equals)))

/** One part of a query. Some servers take a semicolon for another ampersand, so a key may follow one, and a secret hold one. */
const redactPart = (part: string): string => {
  for (let start = 0, end = 0; end >= 0; start = end + 1) {
    end = part.indexOf(";", start)
    const pair = part.slice(start, end < 0 ? undefined : end)
    const equals = pair.indexOf("=")
    if (isSecretPair(pair, equals)) return part.slice(0, start + equals + 1) + mask
  }
  return part
}

/** The query of a URL with the values of sensitive keys masked; without the question mark. */
export const redactQuery = (query: string): string =>
  query.includes("=") ? query.split("&").map(redactPart).join("&") : query

/** The path of a URL with the values of sensitive matrix parameters masked: `/orders;jsessionid=…`. */
export const redactPath = (path: string): string =>
  path.includes(";")
    ? path.replace(/;([^;/]*)/g, (parameter, pair: string) => {
        const equals = pair.indexOf("=")
        return isSecretPair(pair, equals) ? `;${pair.slice(0, equals)}=${mask}` : parameter
      })
    : path

/** A URL without user name, password and fragment, and with the values of sensitive keys masked. */
export const redactUrl = (url: URL): string =>
  `${url.protocol}//${url.username === "" && url.password === "" ? "" : `${mask}:${mask}@`}${url.host}${redactPath(
    url.pathname
  )}${url.search === "" ? "" : `?${redactQuery(url.search.slice(1))}`}`

const urlInText = /\b(?:https?|wss?):\/\/[^\s"'<>`]{1,2048}/gi

/** True where a scheme ends like those of {@link urlInText}. A stack is full of URLs of files, which do not. */
const mayHoldUrl = (text: string): boolean => {
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    const last = text[at - 1]?.toLowerCase()
    if (last === "s" || last === "p") return true
  }
  return false
}

/** The URLs inside a text, each as {@link redactUrl} would have it, without touching its end or its host. */
const redactUrlsIn = (text: string): string =>
  mayHoldUrl(text)
    ? text.replace(urlInText, (url) => {
        const hash = url.indexOf("#")
        const target = (hash < 0 ? url : url.slice(0, hash)).replace(/^(\w+:\/\/)[^/?]*@/, `$1${mask}@`)
        const question = target.indexOf("?")
        return question < 0
          ? redactPath(target)
          : `${redactPath(target.slice(0, question))}?${redactQuery(target.slice(question + 1))}`
      })
    : text

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return text
  }
}
