/**
 * What people type to find a trace, or a span in one: `error service:worker node_id=charge-card duration>1s refund`.
 *
 * All terms must hold, each for any span of the trace. Words look for
 * themselves in names, ids, services, attributes, events and messages, without
 * regard to case; "two words" in quotes stay together, and -word must not be found.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { AttributeValue } from "../model/Attributes.ts"
import { serviceOf } from "../model/SpanService.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import { hasFailed } from "./SpanFailure.ts"
import type { TraceSummary } from "./TraceSummary.ts"

export interface TraceTerm {
  /** As it was typed. */
  readonly text: string
  readonly unwanted: boolean
  readonly ofTrace?: ((summary: TraceSummary) => boolean) | undefined
  readonly ofSpan: (span: ReceivedSpan) => boolean
}

export interface TraceQuery {
  readonly terms: ReadonlyArray<TraceTerm>
  /** What of it was not understood, in words. */
  readonly problems: ReadonlyArray<string>
}

const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
  d: 86_400e9
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

/** Nanoseconds of `250ms`, `1.5s`, `2h`; a bare number is milliseconds. */
const nanosOf = (text: string): number | undefined => {
  const [, amount, unit = "ms"] = /^(\d+(?:\.\d+)?)([a-zµ]+)?$/i.exec(text) ?? []
  const size = units[unit.toLowerCase()]
  return amount === undefined || size === undefined ? undefined : Number(amount) * size
}

const includes = (value: AttributeValue, wanted: string): boolean => String(value).toLowerCase().includes(wanted)

/** Text with stars for anything; without a star it must be all of it. Without regard to case, linear in the text. */
const matcher = (pattern: string): ((text: string) => boolean) => {
  const parts = pattern.toLowerCase().split("*")
  if (parts.length === 1) return (text) => text.toLowerCase() === parts[0]
  const [first, last] = [parts[0]!, parts.at(-1)!]
  return (given) => {
    const text = given.toLowerCase()
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
    let from = first.length
    for (const part of parts.slice(1, -1)) {
      const at = text.indexOf(part, from)
      if (at < 0) return false
      from = at + part.length
    }
    return from <= text.length - last.length
  }
}

const attribute = (key: string, pattern: string): TraceTerm["ofSpan"] => {
  const matches = matcher(pattern)
  return (span) => {
    const value = span.attributes.get(key) ?? span.resource.attributes[key]
    return value !== undefined && (pattern === "*" || matches(String(value)))
  }
}

const word = (text: string): TraceTerm["ofSpan"] => {
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

type Read = (value: string) => Pick<TraceTerm, "ofTrace" | "ofSpan"> | string

/** Traces and spans have both. */
type Moments = Pick<TraceSummary, "startTime" | "endTime">

const never = (): boolean => false
const isFalse = (value: string): boolean => value === "false" || value === "no"

const named: Readonly<Record<string, Read>> = {
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
  error: (value) => ({
    ofTrace: (summary) => summary.error !== isFalse(value),
    ofSpan: (span) => hasFailed(span) !== isFalse(value)
  })
}

const compared: Readonly<Record<string, (sign: string, value: string, now: bigint) => ReturnType<Read>>> = {
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
}

/** Words, and what is in quotes as one. */
const split = (text: string): ReadonlyArray<string> => text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? []

const unquoted = (text: string): string => text.replaceAll('"', "")

const read = (text: string, now: bigint): ReturnType<Read> => {
  if (/^(?:errors?|failed)$/i.test(text)) return named["error"]!("true")
  const [, key = "", sign = "", rest = ""] = /^([\w.-]+)(:|[<>]=?|=)(.*)$/s.exec(text) ?? []
  const value = unquoted(rest)
  if (sign === "" || value === "") return { ofSpan: word(unquoted(text)) }
  if (sign === ":") return named[key.toLowerCase()]?.(value) ?? { ofSpan: word(unquoted(text)) }
  if (sign === "=") return { ofSpan: attribute(key, value) }
  const compare = compared[key.toLowerCase()]
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

/** Reads what was typed. Total: what makes no sense matches nothing and is said in `problems`. `now` is for ages. */
export const parse = (text: string, now: bigint): TraceQuery => {
  const terms: Array<TraceTerm> = []
  const problems: Array<string> = []
  for (const typed of split(text)) {
    const unwanted = typed.length > 1 && typed.startsWith("-")
    const found = read(unwanted ? typed.slice(1) : typed, now)
    if (typeof found === "string") problems.push(found)
    terms.push({ text: typed, unwanted, ...(typeof found === "string" ? { ofSpan: never } : found) })
  }
  return { terms, problems }
}

export const matchesTrace = ({ terms }: TraceQuery, summary: TraceSummary, spans: Iterable<ReceivedSpan>): boolean => {
  const all = terms.some(({ ofTrace }) => ofTrace === undefined) ? [...spans] : []
  return terms.every(({ ofSpan, ofTrace, unwanted }) => (ofTrace?.(summary) ?? all.some(ofSpan)) !== unwanted)
}

export const matchesSpan = ({ terms }: TraceQuery, span: ReceivedSpan): boolean =>
  terms.every(({ ofSpan, unwanted }) => ofSpan(span) !== unwanted)
