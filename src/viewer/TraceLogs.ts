/**
 * What a trace said: the events of all its spans, in time order.
 */
import type { SpanEvent } from "../model/SpanData.ts"
import type { Timeline, TimelineSpan } from "./Timeline.ts"

export interface LogLine {
  /** Nanoseconds since the trace began. */
  readonly at: number
  readonly event: SpanEvent
  readonly from: TimelineSpan
}

export const of = ({ spans, startTime }: Timeline): ReadonlyArray<LogLine> =>
  spans
    .flatMap((from) =>
      from.span.events.map((event) => ({ at: Number(event.time - startTime) + from.shift, event, from }))
    )
    .sort((self, that) => self.at - that.at)
