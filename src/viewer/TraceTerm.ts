/**
 * One term of a search: what of a trace, or of a span, it asks for.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { AttributeValue } from "../model/Attributes.ts"
import { serviceOf } from "../model/SpanService.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import { hasFailed } from "./SpanFailure.ts"
import { matcher } from "./TextPattern.ts"
import type { TraceSummary } from "./TraceSummary.ts"

export interface Term {
  /** Where a trace can be asked as a whole; otherwise any of its spans will do. */
  readonly ofTrace?: ((summary: TraceSummary) => boolean) | undefined
  readonly ofSpan: (span: ReceivedSpan) => boolean
}

const units: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["µs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["min", 60e9],
  ["h", 3600e9],
  ["d", 86_400e9]
])

/** Nanoseconds of `250ms`, `1.5s`, `2h`; a bare number is milliseconds. */
const nanosOf = (text: string): number | undefined => {
  const [, amount, unit = "ms"] = /^(\d+(?:\.\d+)?)([a-zµ]+)?$/i.exec(text) ?? []
  const size = units.get(unit.toLowerCase())
  return amount === undefined || size === undefined ? undefined : Number(amount) * size
}

/** `>`, `>=`, `<` and `<=` of anything that has an order. */
const holds = <A extends number | bigint>(sign: string, given: A, bound: A): boolean => {
  switch (sign) {
    case ">":
      return given > bound
    case ">=":
      return given >= bound
    case "<":
      return given < bound
    default:
      return given <= bound
  }
}

const includes = (value: AttributeValue, wanted: string): boolean => String(value).toLowerCase().includes(wanted)

const attribute = (key: string, pattern: string): Term["ofSpan"] => {
  const matches = matcher(pattern)
  return (span) => {
    const value = span.attributes.get(key) ?? span.resource.attributes[key]
    return value !== undefined && (pattern === "*" || matches(String(value)))
  }
}

const word = (text: string): Term["ofSpan"] => {
  const wanted = text.toLowerCase()
  return (span) => {
    if (includes(span.name, wanted) || includes(span.statusMessage, wanted)) return true
    if (span.spanId === wanted || span.traceId.startsWith(wanted) || includes(serviceOf(span), wanted)) return true
    for (const [key, value] of span.attributes) if (includes(key, wanted) || includes(value, wanted)) return true
    return span.events.some(
      ({ attributes, name }) =>
        includes(name, wanted) || Object.values(attributes).some((value) => includes(value, wanted))
    )
  }
}

type Read = (value: string) => Term | string

/** Traces and spans have both. */
type Moments = Pick<TraceSummary, "startTime" | "endTime">

const isFalse = (value: string): boolean => value === "false" || value === "no"

const failed: Term = { ofTrace: ({ error }) => error, ofSpan: hasFailed }
const succeeded: Term = { ofTrace: ({ error }) => !error, ofSpan: (span) => !hasFailed(span) }

/** `name:value`. A map, since anything may be typed, `constructor` too. */
const named: ReadonlyMap<string, Read> = new Map(
  Object.entries<Read>({
    service: (value) => {
      const matches = matcher(value)
      return { ofSpan: (span) => matches(serviceOf(span)) }
    },
    operation: (value) => {
      const matches = matcher(value)
      return { ofSpan: (span) => matches(span.name) }
    },
    kind: (value) => ({ ofSpan: (span) => span.kind === value.toLowerCase() }),
    tenant: (value) => ({ ofSpan: attribute(AttributeKeys.tenantId, value) }),
    execution: (value) => ({ ofSpan: attribute(AttributeKeys.executionId, value) }),
    workflow: (value) => ({ ofSpan: attribute(AttributeKeys.workflowId, value) }),
    step: (value) => ({ ofSpan: attribute(AttributeKeys.nodeId, value) }),
    trace: (value) => ({ ofSpan: (span) => span.traceId.startsWith(value.toLowerCase()) }),
    error: (value) => (isFalse(value) ? succeeded : failed)
  })
)

type Compare = (sign: string, value: string, now: bigint) => Term | string

/** `name>value`. */
const compared: ReadonlyMap<string, Compare> = new Map(
  Object.entries<Compare>({
    duration: (sign, value) => {
      const nanos = nanosOf(value)
      if (nanos === undefined) return `"${value}" is no duration; write 250ms, 1.5s or 2m`
      const lasts = ({ endTime, startTime }: Moments): boolean => holds(sign, Number(endTime - startTime), nanos)
      return { ofTrace: lasts, ofSpan: lasts }
    },
    age: (sign, value, now) => {
      const nanos = nanosOf(value)
      if (nanos === undefined) return `"${value}" is no age; write 30s, 15m or 2h`
      const isSoOld = ({ startTime }: Moments): boolean => holds(sign, Number(now - startTime), nanos)
      return { ofTrace: isSoOld, ofSpan: isSoOld }
    },
    time: (sign, value) => {
      const millis = Date.parse(value)
      if (Number.isNaN(millis)) return `"${value}" is no time; write 2026-11-25T03:20 or 2026-11-25T03:20:00Z`
      const bound = BigInt(millis) * 1_000_000n
      const began = ({ startTime }: Moments): boolean => holds(sign, startTime, bound)
      return { ofTrace: began, ofSpan: began }
    }
  })
)

const unquoted = (text: string): string => text.replaceAll('"', "")

/** Reads one term, without its minus; text says what was not understood. `now` is for ages. */
export const read = (text: string, now: bigint): Term | string => {
  if (/^(?:errors?|failed)$/i.test(text)) return failed
  const [, key = "", sign = "", rest = ""] = /^([\w.-]+)(:|[<>]=?|=)(.*)$/s.exec(text) ?? []
  const value = unquoted(rest)
  if (sign === "" || value === "") return { ofSpan: word(unquoted(text)) }
  if (sign === ":") return named.get(key.toLowerCase())?.(value) ?? { ofSpan: word(unquoted(text)) }
  if (sign === "=") return { ofSpan: attribute(key, value) }
  const compare = compared.get(key.toLowerCase())
  if (compare !== undefined) return compare(sign, value, now)
  const bound = Number(value)
  if (Number.isNaN(bound)) return `"${text}" compares with what is no number`
  return {
    ofSpan: (span) => {
      const given = span.attributes.get(key)
      return typeof given === "number" && holds(sign, given, bound)
    }
  }
}
