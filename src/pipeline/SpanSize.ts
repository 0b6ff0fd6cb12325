/**
 * How much memory a waiting span takes, about.
 */
import * as Result from "effect/Result"
import { AttributeMap, type Attributes, type AttributeValue } from "../model/Attributes.ts"
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

const textOf = ({ attributes, events, links }: SpanData): number => {
  // Spans of ours have counted it
  if (attributes instanceof AttributeMap) return attributes.text
  let size = 0
  for (const value of attributes.values()) size += sizeOf(value)
  for (const { attributes } of events) size += ofRecord(attributes)
  for (const { attributes } of links) size += ofRecord(attributes)
  return size
}

const measure = (data: SpanData): number =>
  span + event * (data.events.length + data.links.length) + data.statusMessage.length + textOf(data)

/** In bytes: what a small span takes, and the characters of long texts. Total. */
export const estimate = (data: SpanData): number =>
  Result.getOrElse(
    Result.try(() => measure(data)),
    () => span
  )

export const ofAll = (spans: ReadonlyArray<SpanData>): number => spans.reduce((sum, span) => sum + estimate(span), 0)
