/**
 * How a span is written on one line: its name, what was asked for behind it, and how it ended.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { SpanData } from "../model/SpanData.ts"

/** A value as it stands in a picture: text without quotes where they are not needed. */
export const written = (value: unknown): string =>
  typeof value === "string" && value !== "" && !/\s/.test(value) ? value : JSON.stringify(value)

/** An attribute of a span, or else of the process that it comes from. */
export const attributeOf = (span: SpanData, key: string): unknown =>
  span.attributes.get(key) ?? span.resource.attributes[key]

/** What a failed span says went wrong, `error` where it does not say. */
export const errorOf = (span: SpanData): string | undefined =>
  span.statusCode === "error" ? String(span.attributes.get(AttributeKeys.errorType) ?? "error") : undefined

export const isInterrupted = (span: SpanData): boolean => span.attributes.get(AttributeKeys.interrupted) === true

/** The name, the attributes of these keys, and `✗` with the error or `⊘` for an interruption. */
export const labelOf = (span: SpanData, keys: ReadonlyArray<string>): string => {
  const parts = [span.name]
  for (const key of keys) {
    const value = attributeOf(span, key)
    if (value !== undefined) parts.push(`${key}=${written(value)}`)
  }
  const error = errorOf(span)
  if (error !== undefined) parts.push(`✗ ${error}`)
  if (isInterrupted(span)) parts.push("⊘")
  return parts.join(" ")
}
