/**
 * What formats other than OTLP have no field for, as keys and values beside a span's attributes.
 *
 * @see https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/
 */
import * as Keys from "../model/AttributeKeys.ts"
import type { AttributeValue } from "../model/Attributes.ts"
import type { Resource, SpanData } from "../model/SpanData.ts"

export const statusCodeKey = "otel.status_code"
export const statusDescriptionKey = "otel.status_description"
export const droppedAttributesKey = "otel.dropped_attributes_count"
const droppedEventsKey = "otel.dropped_events_count"
const droppedLinksKey = "otel.dropped_links_count"
/** The name that the Collector gives it, in both formats. */
const traceStateKey = "w3c.tracestate"

const scopeName = ["otel.scope.name", "otel.library.name"]
const scopeVersion = ["otel.scope.version", "otel.library.version"]

/** Backends need a name for every process; this is the specification's for one that has none. */
const namelessService = "unknown_service:node"

export const serviceNameOf = ({ attributes }: Resource): string => {
  const name = attributes[Keys.serviceName]
  return typeof name === "string" && name !== "" ? name : namelessService
}

/** The attributes of a resource without the name of the service, for which backends have a field. */
export const processTags = ({ attributes }: Resource): ReadonlyArray<readonly [string, AttributeValue]> =>
  Object.entries(attributes).filter(([key]) => key !== Keys.serviceName)

/** In microseconds, cut off: what both formats count in. */
export const micros = (nanos: bigint): number => Number(nanos / 1000n)

/** Lists have no form of their own in either format: they become JSON. */
export const listText = (values: ReadonlyArray<unknown>): string => JSON.stringify(values)

/** Scope, status code, trace state and what was dropped, in that order; nothing of what is not there. */
export const of = (span: SpanData): ReadonlyArray<readonly [string, string | number]> => {
  const notes: Array<readonly [string, string | number]> = []
  const add = (key: string, value: string | number) => {
    if (value !== "" && value !== 0) notes.push([key, value])
  }
  for (const key of scopeName) add(key, span.scope.name)
  for (const key of scopeVersion) add(key, span.scope.version)
  if (span.statusCode !== "unset") add(statusCodeKey, span.statusCode.toUpperCase())
  add(traceStateKey, span.traceState)
  add(droppedAttributesKey, span.droppedAttributes)
  add(droppedEventsKey, span.droppedEvents)
  add(droppedLinksKey, span.droppedLinks)
  return notes
}
