/**
 * Reads fields of unknown JSON, one kind each; throws `OtlpError` where the kind is another.
 *
 * A missing field holds its default, as in all of proto3. `at` says where in
 * the request we are, for the sender to find what is wrong.
 */
import { malformed } from "./OtlpError.ts"

export type Fields = Readonly<Record<string, unknown>>

export const isMissing = (value: unknown): value is null | undefined => value === undefined || value === null

export const fieldsOf = (value: unknown, at: string): Fields => {
  if (isMissing(value)) return {}
  if (typeof value !== "object" || Array.isArray(value)) throw malformed(`${at} is not an object`)
  return value as Fields
}

export const listOf = (fields: Fields, name: string, at: string): ReadonlyArray<unknown> => {
  const value = fields[name]
  if (isMissing(value)) return []
  if (!Array.isArray(value)) throw malformed(`${at}.${name} is not a list`)
  return value
}

export const textOf = (fields: Fields, name: string, at: string): string => {
  const value = fields[name]
  if (isMissing(value)) return ""
  if (typeof value !== "string") throw malformed(`${at}.${name} is not text`)
  return value
}

/** Proto3's JSON allows numbers as text, and 64-bit ones require it. */
export const integerOf = (fields: Fields, name: string, at: string): bigint => {
  const value = fields[name]
  if (isMissing(value)) return 0n
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  throw malformed(`${at}.${name} is not a 64-bit integer`)
}

export const nanosOf = (fields: Fields, name: string, at: string): bigint =>
  BigInt.asUintN(64, integerOf(fields, name, at))

export const countOf = (fields: Fields, name: string, at: string): number =>
  Number(BigInt.asUintN(32, integerOf(fields, name, at)))
