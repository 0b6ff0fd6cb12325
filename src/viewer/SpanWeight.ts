/**
 * How much room a span or a log record takes in memory, in characters: an upper bound, not a measure.
 */
import type { Attributes } from "../model/Attributes.ts"
import type { Resource } from "../model/SpanData.ts"
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"

const lengthOf = (value: unknown): number =>
  typeof value === "string"
    ? value.length
    : Array.isArray(value)
      ? value.reduce<number>((sum, one) => sum + lengthOf(one), 8)
      : 8

const lengthOfRecord = (attributes: Attributes): number => {
  let total = 0
  for (const key in attributes) total += key.length + lengthOf(attributes[key])
  return total
}

const resourceLengths = new WeakMap<Resource, number>()

/** Counted with each of its spans and records: too much, but an upper bound. */
const lengthOfResource = (resource: Resource): number => {
  const known = resourceLengths.get(resource)
  if (known !== undefined) return known
  const length = lengthOfRecord(resource.attributes)
  resourceLengths.set(resource, length)
  return length
}

export const charactersOf = (span: ReceivedSpan): number => {
  const { attributes, events, links, name, resource, scope, statusMessage, traceState } = span
  let total = 200 + name.length + statusMessage.length + traceState.length + scope.name.length + scope.version.length
  total += lengthOfResource(resource)
  for (const [key, value] of attributes) total += key.length + lengthOf(value)
  for (const event of events) total += 100 + event.name.length + lengthOfRecord(event.attributes)
  // Their `tracestate` was cut to its limit when they were received
  for (const link of links) total += 700 + lengthOfRecord(link.attributes)
  return total
}

export const charactersOfLog = ({ attributes, body, eventName, resource, scope, severityText }: ReceivedLog): number =>
  250 +
  lengthOf(body) +
  severityText.length +
  (eventName?.length ?? 0) +
  scope.name.length +
  scope.version.length +
  lengthOfRecord(attributes) +
  lengthOfResource(resource)
