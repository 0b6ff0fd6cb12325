/**
 * Where the time went: every moment of a trace, by what was waited for. Sums to its wall time.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { PathSegment } from "./CriticalPath.ts"
import { hasFailed } from "./SpanFailure.ts"
import type { TimelineSpan } from "./Timeline.ts"

/**
 * - `executing`: code of the span ran, or something under it that has no span of its own
 * - `queued`: a message was sent and nobody had taken it yet
 * - `waiting`: a request was away, or what runs on its own had been started and not begun
 * - `backoff`: an attempt had failed and the next had not begun
 * - `unrecorded`: no span was open
 */
export const kinds = ["executing", "queued", "waiting", "backoff", "unrecorded"] as const
export type TimeKind = (typeof kinds)[number]

/** A span, and how long the trace waited for it in this way. */
export interface TimePart {
  readonly kind: TimeKind
  readonly at: TimelineSpan | undefined
  readonly nanos: number
}

export interface TimeSplit {
  readonly totals: Readonly<Record<TimeKind, number>>
  /** The longest first. */
  readonly parts: ReadonlyArray<TimePart>
}

const isAttempt = (node: TimelineSpan | undefined): node is TimelineSpan =>
  node !== undefined && node.span.attributes.has(AttributeKeys.retryAttempt)

const isBackoff = ({ next, previous }: PathSegment): boolean =>
  isAttempt(previous) && hasFailed(previous.span) && isAttempt(next)

/** While the span was open. */
const kindWithin = (segment: PathSegment, at: TimelineSpan): TimeKind =>
  isBackoff(segment) ? "backoff" : at.span.kind === "client" ? "waiting" : "executing"

/** After the span had ended, and something it started had not begun. */
const kindAfter = (segment: PathSegment): TimeKind =>
  isBackoff(segment) ? "backoff" : segment.next?.span.kind === "consumer" ? "queued" : "waiting"

export const of = (path: ReadonlyArray<PathSegment>): TimeSplit => {
  const totals: Record<TimeKind, number> = { executing: 0, queued: 0, waiting: 0, backoff: 0, unrecorded: 0 }
  const parts = new Map<TimelineSpan | undefined, Map<TimeKind, number>>()
  const add = (at: TimelineSpan | undefined, kind: TimeKind, nanos: number): void => {
    if (nanos <= 0) return
    totals[kind] += nanos
    const ofSpan = parts.get(at) ?? new Map<TimeKind, number>()
    ofSpan.set(kind, (ofSpan.get(kind) ?? 0) + nanos)
    parts.set(at, ofSpan)
  }
  for (const segment of path) {
    const { at, from, to } = segment
    if (at === undefined) {
      add(at, "unrecorded", to - from)
      continue
    }
    const ended = Math.min(to, Math.max(from, at.end))
    add(at, kindWithin(segment, at), ended - from)
    add(at, kindAfter(segment), to - ended)
  }
  return {
    totals,
    parts: [...parts]
      .flatMap(([at, ofSpan]) => Array.from(ofSpan, ([kind, nanos]) => ({ at, kind, nanos })))
      .sort((self, that) => that.nanos - self.nanos)
  }
}
