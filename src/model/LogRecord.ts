/**
 * A log line as it travels to an exporter of logs.
 *
 * Names follow the data model of OpenTelemetry's logs.
 *
 * @see https://opentelemetry.io/docs/specs/otel/logs/data-model/
 */
import type { Attributes, AttributeValue } from "./Attributes.ts"

export interface LogRecord {
  /** Nanoseconds since the Unix epoch. */
  readonly time: bigint
  /** 1 to 24, in steps of four from trace to fatal; 0 where the line has no level. */
  readonly severityNumber: number
  /** The level in the program's own words: `INFO`. */
  readonly severityText: string
  readonly body: AttributeValue
  readonly attributes: Attributes
  readonly droppedAttributes: number
  /** Names the event that the record is one of, `exception` for example. */
  readonly eventName?: string | undefined
  /** The span it was written in, where there was one. */
  readonly traceId?: string | undefined
  readonly spanId?: string | undefined
  /** The eight W3C flags. */
  readonly traceFlags?: number | undefined
}

/** What a record of few words takes. */
const smallest = 256
const sizeOfNumber = 16

const sizeOfValue = (value: AttributeValue): number => {
  if (typeof value === "string") return 2 * value.length
  return Array.isArray(value)
    ? value.reduce<number>((size, entry: AttributeValue) => size + sizeOfValue(entry), sizeOfNumber)
    : sizeOfNumber
}

/** How many bytes a record takes while it waits, by estimate: two for each character. */
export const sizeOf = ({ attributes, body }: LogRecord): number => {
  let size = smallest + sizeOfValue(body)
  for (const key in attributes) size += 2 * key.length + sizeOfValue(attributes[key]!)
  return size
}

/** Changes a record before it leaves, to take out what must not; `undefined` leaves it out whole. Never throws. */
export type LogFilter = (record: LogRecord) => LogRecord | undefined

/** The numbers of severity that are written. */
export const severity = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 } as const
