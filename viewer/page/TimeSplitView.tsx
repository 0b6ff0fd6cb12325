import { titleOf } from "../../src/viewer/SpanTitle.ts"
import { kinds, type TimeKind } from "../../src/viewer/TimeSplit.ts"
import * as TraceState from "./TraceState.ts"
import * as Words from "./Words.ts"

const said: Readonly<Record<TimeKind, string>> = {
  executing: "code ran",
  queued: "a message waited to be taken",
  waiting: "a request was away, or something started had not begun",
  backoff: "an attempt had failed, the next had not begun",
  unrecorded: "no span was open"
}

/** Where the time went: one bar, its parts in words, and the spans that were waited for longest. */
export const TimeSplitView = ({ open }: { readonly open: TraceState.OpenTrace }) => {
  const { parts, totals } = open.split
  const whole = Math.max(1, open.timeline.duration)
  const present = kinds.filter((kind) => totals[kind] > 0)
  return (
    <section class="split" aria-label="Where the time went">
      <div class="splitbar" aria-hidden="true">
        {present.map((kind) => (
          <i key={kind} class={`k-${kind}`} style={{ width: `${(totals[kind] / whole) * 100}%` }} />
        ))}
      </div>
      <ul class="legend">
        {present.map((kind) => (
          <li key={kind} title={said[kind]}>
            <i class={`k-${kind}`} aria-hidden="true" />
            {kind} <strong>{Words.duration(totals[kind])}</strong>
            <span class="faint"> {Words.percent(totals[kind] / whole)}</span>
          </li>
        ))}
      </ul>
      <ul class="longest" aria-label="Waited for longest">
        {parts.slice(0, 4).map(({ at, kind, nanos }) =>
          at === undefined ? null : (
            <li key={`${at.index} ${kind}`}>
              <button type="button" onClick={() => TraceState.select(at)} title={`${kind}: ${said[kind]}`}>
                <i class={`k-${kind}`} aria-hidden="true" />
                {titleOf(at.span)} <span class="faint">{Words.duration(nanos)}</span>
              </button>
            </li>
          )
        )}
      </ul>
    </section>
  )
}
