/**
 * Names whose values are secrets, and the removal of such values from text and URLs.
 *
 * This is the floor that protects without configuration: every message and
 * URL that a span carries passes through it. All patterns are linear.
 */
const sensitive = [
  "apikey",
  "accesskey",
  "accesstoken",
  "auth",
  "authorization",
  "bearer",
  "clientsecret",
  "cookie",
  "credential",
  "credentials",
  "idtoken",
  "jsessionid",
  "jwt",
  "passphrase",
  "passwd",
  "password",
  "phpsessid",
  "privatekey",
  "proxyauthorization",
  "pwd",
  "refreshtoken",
  "secret",
  "secretkey",
  "session",
  "sessionid",
  "setcookie",
  "sig",
  "signature",
  "token",
  "xapikey",
  "xamzcredential",
  "xamzsignature",
  "xamzsecuritytoken",
  "awsaccesskeyid",
  "xgoogsignature"
]
const sensitiveSet: ReadonlySet<string> = new Set(sensitive)

export const mask = "REDACTED"

/** True when a key names a secret, whatever its case and separators: `API-Key`, `api_key`, `apiKey`. */
export const isSensitive = (key: string): boolean => sensitiveSet.has(key.replace(/[^a-zA-Z0-9]/g, "").toLowerCase())

const longestInspected = 4096
const userInfo = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@]{1,256}@/gi
const pairStart = /([A-Za-z][A-Za-z0-9_.-]{1,40})["']?\s{0,3}[=:]\s{0,3}["']?/g
const pairValue = /[^\s"'&,;)}\]]+/y
const bearer = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi

/** Removes what looks like a secret from a message, and cuts it to `length` characters. Linear in its input. */
export const redactText = (text: string, length = 512): string => {
  const bounded = text.length > longestInspected ? text.slice(0, longestInspected) : text
  const clean = maskPairs(redactUrlsIn(bounded).replace(userInfo, `$1${mask}@`).replace(bearer, `$1 ${mask}`))
  return clean.length > length ? `${clean.slice(0, length)}…` : clean
}

/** Masks the value behind each sensitive key. Other values are searched on: a URL may follow a colon. */
const maskPairs = (text: string): string => {
  let masked = ""
  let from = 0
  pairStart.lastIndex = 0
  for (let match = pairStart.exec(text); match !== null; match = pairStart.exec(text)) {
    if (!isSensitive(match[1]!)) continue
    pairValue.lastIndex = pairStart.lastIndex
    if (!pairValue.test(text)) continue
    masked += text.slice(from, pairStart.lastIndex) + mask
    from = pairStart.lastIndex = pairValue.lastIndex
  }
  return masked + text.slice(from)
}

/** Whether a query key names a secret, itself or by its last word: `card[token]`, `user.password`, `newPassword`. */
const isSensitiveInUrl = (key: string): boolean =>
  isSensitive(key) || isSensitive(key.match(/[A-Z]?[a-z0-9]+(?=[^a-zA-Z0-9]*$)/)?.[0] ?? "")

const longestUrlKey = 256

/** The key before an equals sign; of one that is longer than any, its end. */
const isSecretPair = (pair: string, equals: number): boolean =>
  equals > 0 && isSensitiveInUrl(decode(pair.slice(Math.max(0, equals - longestUrlKey), equals)))

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

/** The URLs inside a text, each as {@link redactUrl} would have it, without touching its end or its host. */
const redactUrlsIn = (text: string): string =>
  text.includes("://")
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
