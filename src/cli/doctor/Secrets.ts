/**
 * Everything in a set-up that nobody may see, taken out of what is said.
 *
 * What servers answer may repeat what they were sent, so this is done to every
 * sentence, on top of each check's own care.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as SensitiveKeys from "../../model/SensitiveKeys.ts"
import type { Finding } from "./Check.ts"
import type { Setup } from "./Setup.ts"

/** What is shorter could be any word, and tells little. */
const shortest = 4

const decoded = (text: string): string =>
  Result.getOrElse(
    Result.try(() => decodeURIComponent(text)),
    () => text
  )

const partsOfUrl = (text: string): ReadonlyArray<string> => {
  const written = /^\w+:\/\//.test(text) ? text : `http://${text}`
  if (!URL.canParse(written)) return []
  const { password, searchParams, username } = new URL(written)
  return [username, password, ...searchParams.values()].flatMap((part) => [part, decoded(part)])
}

/** The words that make up a value such as `Bearer abc`. */
const words = (value: string): ReadonlyArray<string> => [value, ...value.split(/\s+/).slice(1)]

const of = ({ settings, surroundings, texts }: Setup): ReadonlyArray<string> => {
  const { jaeger, otlp, zipkin } = settings
  const headers = [otlp, zipkin, jaeger].flatMap(({ headers }) => Object.values(Redacted.value(headers)).flatMap(words))
  const urls = [...Object.entries(texts), ...Object.entries(surroundings)]
    .filter(([key]) => /(ENDPOINT|PROXY|URL)$/i.test(key))
    .flatMap(([, text]) => partsOfUrl(text ?? ""))
  const own = Object.entries(texts)
    .filter(([key]) => /(SECRET|SPOOL_KEY)$/.test(key))
    .map(([, text = ""]) => text)
  // Also where they are not as they should be, and so have no names and values
  const written = Object.entries(texts)
    .filter(([key]) => key.endsWith("HEADERS"))
    .flatMap(([, text = ""]) => text.split(","))
    .map((pair) => decoded(pair.slice(pair.indexOf("=") + 1).trim()))
    .flatMap(words)
  return [...headers, ...urls, ...own, ...written]
}

/** Takes them out of a text. */
export const hide = (setup: Setup): ((text: string) => string) => {
  const secrets = [...new Set(of(setup))]
    .filter((secret) => secret.length >= shortest)
    .sort((a, b) => b.length - a.length)
  return (text) => secrets.reduce((said, secret) => said.replaceAll(secret, SensitiveKeys.mask), text)
}

/** Takes them out of a finding. */
export const hideIn =
  (hide: (text: string) => string) =>
  (finding: Finding): Finding => ({
    ...finding,
    summary: hide(finding.summary),
    tried: hide(finding.tried),
    seen: hide(finding.seen),
    ...(finding.advice === undefined ? undefined : { advice: hide(finding.advice) })
  })
