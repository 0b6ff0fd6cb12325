/**
 * How much memory a waiting span takes, about.
 */
import * as Result from "effect/Result"
import type { Attributes, AttributeValue } from "../model/Attributes.ts"
import type { SpanData } from "../model/SpanData.ts"

/** A span of five short attributes and an event, measured (`npm run bench -- S4`). */
const span = 544
const event = 160

const sizeOf = (value: AttributeValue | undefined): number =>
  typeof value === "string"
    ? value.length
    : Array.isArray(value)
      ? value.reduce((sum, item) => sum + 8 + sizeOf(item), 0)
      : 0

const ofRecord = (attributes: Attributes): number =>
  Object.values(attributes).reduce<number>((sum, value) => sum + sizeOf(value), 0)

const measure = (data: SpanData): number => {
  let size = span + data.statusMessage.length
  for (const value of data.attributes.values()) size += sizeOf(value)
  for (const { attributes } of data.events) size += event + ofRecord(attributes)
  for (const { attributes } of data.links) size += event + ofRecord(attributes)
  return size
}

/** In bytes: what a small span takes, and the characters of long texts. Total. */
export const estimate = (data: SpanData): number =>
  Result.getOrElse(
    Result.try(() => measure(data)),
    () => span
  )
