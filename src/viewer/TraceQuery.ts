/**
 * What people type to find a trace, or a span in one: `error service:worker node_id=charge-card duration>1s refund`.
 *
 * All terms must hold, each for any span of the trace. Words look for
 * themselves in names, ids, services, attributes, events and messages, without
 * regard to case; "two words" in quotes stay together, and -word must not be found.
 */
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import type { TraceSummary } from "./TraceSummary.ts"
import * as TraceTerm from "./TraceTerm.ts"

export interface TypedTerm extends TraceTerm.Term {
  /** As it was typed. */
  readonly text: string
  /** It had a minus in front: what it asks for must not be so. */
  readonly unwanted: boolean
}

export interface TraceQuery {
  readonly terms: ReadonlyArray<TypedTerm>
  /** What of it was not understood, in words. */
  readonly problems: ReadonlyArray<string>
}

const nothing = { unwanted: false, ofSpan: (): boolean => false }

/** Words, and what is in quotes as one. */
const split = (text: string): ReadonlyArray<string> => text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? []

/** Reads what was typed. Total: what makes no sense matches nothing and is said in `problems`. `now` is for ages. */
export const parse = (text: string, now: bigint): TraceQuery => {
  const terms: Array<TypedTerm> = []
  const problems: Array<string> = []
  for (const typed of split(text)) {
    const unwanted = typed.length > 1 && typed.startsWith("-")
    const found = TraceTerm.read(unwanted ? typed.slice(1) : typed, now)
    if (typeof found === "string") problems.push(found)
    terms.push(typeof found === "string" ? { ...nothing, text: typed } : { ...found, text: typed, unwanted })
  }
  return { terms, problems }
}

export const matchesTrace = ({ terms }: TraceQuery, summary: TraceSummary, spans: Iterable<ReceivedSpan>): boolean => {
  const all = terms.some(({ ofTrace }) => ofTrace === undefined) ? [...spans] : []
  return terms.every(({ ofSpan, ofTrace, unwanted }) => (ofTrace?.(summary) ?? all.some(ofSpan)) !== unwanted)
}

export const matchesSpan = ({ terms }: TraceQuery, span: ReceivedSpan): boolean =>
  terms.every(({ ofSpan, unwanted }) => ofSpan(span) !== unwanted)
