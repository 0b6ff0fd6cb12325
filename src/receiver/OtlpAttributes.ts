/**
 * Attributes and values as they came over the wire, read out of the shape of OTLP/JSON.
 */
import * as Attributes from "../model/Attributes.ts"
import { type Fields, fieldsOf, integerOf, isMissing, listOf, textOf } from "./OtlpFields.ts"

/** Deeper values are cut there; `Attributes.fromUnknown` has its own, closer limit for what is shown. */
const maxValueDepth = 12

const plainOf = (value: unknown, at: string, depth: number): unknown => {
  const fields = fieldsOf(value, at)
  if (!isMissing(fields.stringValue)) return textOf(fields, "stringValue", at)
  if (!isMissing(fields.intValue)) return integerOf(fields, "intValue", at)
  if (!isMissing(fields.doubleValue)) return Number(fields.doubleValue)
  if (!isMissing(fields.boolValue)) return fields.boolValue === true
  if (!isMissing(fields.bytesValue)) return textOf(fields, "bytesValue", at)
  if (!isMissing(fields.arrayValue)) {
    if (depth >= maxValueDepth) return "[deeper]"
    const plain = listOf(fieldsOf(fields.arrayValue, at), "values", at).map((entry) => plainOf(entry, at, depth + 1))
    return plain.map((entry) => (typeof entry === "bigint" ? Attributes.fromUnknown(entry) : entry))
  }
  if (!isMissing(fields.kvlistValue)) {
    if (depth >= maxValueDepth) return "[deeper]"
    const entries = listOf(fieldsOf(fields.kvlistValue, at), "values", at).map((entry) => {
      const pair = fieldsOf(entry, at)
      return [textOf(pair, "key", at), plainOf(pair.value, at, depth + 1)] as const
    })
    return Object.fromEntries(entries)
  }
  return undefined
}

/** An `AnyValue`; `undefined` where it holds nothing. */
export const valueOf = (value: unknown, at: string): Attributes.AttributeValue | undefined =>
  Attributes.fromUnknown(plainOf(value, at, 0))

export const mapOf = (fields: Fields, at: string): Map<string, Attributes.AttributeValue> => {
  const attributes = new Map<string, Attributes.AttributeValue>()
  for (const entry of listOf(fields, "attributes", at)) {
    const pair = fieldsOf(entry, `${at}.attributes`)
    const value = valueOf(pair.value, `${at}.attributes`)
    if (value !== undefined) attributes.set(textOf(pair, "key", `${at}.attributes`), value)
  }
  return attributes
}

export const recordOf = (fields: Fields, at: string): Attributes.Attributes => Object.fromEntries(mapOf(fields, at))
