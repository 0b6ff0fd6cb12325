/**
 * What stands where a secret was.
 *
 * `REDACTED` where its name gave it away, as OpenTelemetry's conventions for
 * URLs ask; `REDACTED:jwt` where its looks did; with a key, `REDACTED~9f86d081884c7d65`
 * and `REDACTED:jwt~…`, so that equal secrets can be told to be equal. Every
 * character of it may stand in a URL, a header and a trace state as it is.
 */
import * as Redacted from "effect/Redacted"
import * as Crypto from "node:crypto"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"

/** Rules that say nothing more: what was masked stands behind its own name. */
const silent: ReadonlySet<string> = new Set(["key", "url"])

/** 64 bits: what two of a million secrets have in common by chance once in many million tries. */
const digits = 16

const shape = /^REDACTED(?::[a-z][a-z0-9-]*)?(?:~[0-9a-f]{16})?$/

/** True for a rule's name that a mark can bear. */
export const isName = (name: unknown): boolean => typeof name === "string" && /^[a-z][a-z0-9-]{0,31}$/.test(name)

/** Longer than any mark: a rule's name has 32 characters at most. */
const longest = 64

/** Makes a mark for what a rule has found. */
export type RedactionMark = (rule: string, secret: string) => string

const word = (rule: string): string => (silent.has(rule) ? SensitiveKeys.mask : `${SensitiveKeys.mask}:${rule}`)

/** A mark without a trace of the secret. */
export const plain: RedactionMark = word

/** A mark with the first 64 bits of the secret's HMAC-SHA-256. Costs 2 µs. */
export const hashed = (key: Redacted.Redacted<Uint8Array>): RedactionMark => {
  const secretKey = Crypto.createSecretKey(Redacted.value(key))
  return (rule, secret) =>
    `${word(rule)}~${Crypto.createHmac("sha256", secretKey).update(secret).digest("hex").slice(0, digits)}`
}

/** True for a text that has lost something: a key that has is not judged once more by what is left of it. */
export const isWithin = (text: string): boolean =>
  text.includes(SensitiveKeys.mask) && /\bREDACTED(?::[a-z][a-z0-9-]*)?(?:~[0-9a-f]{16})?$/.test(text)

/** True for a text that is a mark and nothing else: what is masked is not masked again. */
export const is = (text: string): boolean =>
  text.length <= longest && text.startsWith(SensitiveKeys.mask) && shape.test(text)
