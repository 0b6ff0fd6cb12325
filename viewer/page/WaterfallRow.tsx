import * as AttributeKeys from "../../src/model/AttributeKeys.ts"
import { subjectOf } from "../../src/model/SpanSubject.ts"
import type { PathSegment } from "../../src/viewer/CriticalPath.ts"
import { hasFailed, typeOf, wasInterrupted } from "../../src/viewer/SpanFailure.ts"
import * as SpanWait from "../../src/viewer/SpanWait.ts"
import type { TimelineSpan } from "../../src/viewer/Timeline.ts"
import type { TraceRow } from "../../src/viewer/TraceRows.ts"
import { colourOf } from "./Service.tsx"
import * as TraceState from "./TraceState.ts"
import * as Words from "./Words.ts"

/** Deeper rows are not moved further to the right. */
const deepest = 24

/** What a row is laid out on: nanoseconds from one edge to the other. */
export interface Scale {
  readonly from: number
  readonly width: number
}

const share = ({ from, width }: Scale, at: number): number => Math.max(0, Math.min(1, (at - from) / width)) * 100

const place = (scale: Scale, from: number, to: number) => {
  const left = share(scale, from)
  return { left: `${left}%`, width: `${Math.max(0, share(scale, to) - left)}%` }
}

const Badges = ({ at: { children, parent, service, shift, span } }: { readonly at: TimelineSpan }) => {
  const attempt = span.attributes.get(AttributeKeys.retryAttempt)
  const passes =
    children.length > 2
      ? children.filter(({ span }) => span.attributes.has(AttributeKeys.loopIterationIndex)).length
      : 0
  const failedPasses = passes > 0 ? children.filter(({ failures }) => failures > 0).length : 0
  return (
    <>
      {attempt !== undefined && attempt !== 1 && <b class="badge warn">try {String(attempt)}</b>}
      {passes > 2 && (
        <b class="badge">
          ×{passes}
          {failedPasses > 0 ? `, ${failedPasses} ✗` : ""}
        </b>
      )}
      {(parent === undefined || parent.service !== service) && <b class={`badge ${colourOf(service)}`}>{service}</b>}
      {parent === undefined && span.parentSpanId !== undefined && (
        <b class="badge" title={`Its parent ${span.parentSpanId} is not here`}>
          orphan
        </b>
      )}
      {shift !== 0 && (
        <b class="badge" title="The clock of its machine disagrees with its caller's; it was moved by this much">
          clock {shift > 0 ? "+" : "−"}
          {Words.duration(Math.abs(shift))}
        </b>
      )}
      {wasInterrupted(span) && <b class="badge warn">interrupted</b>}
    </>
  )
}

interface RowProps {
  readonly row: TraceRow
  readonly top: number
  readonly position: number
  readonly scale: Scale
  readonly segments: ReadonlyArray<PathSegment>
  readonly isHit: boolean
  readonly isSelected: boolean
  readonly critical: boolean
}

export const WaterfallRow = ({ critical, isHit, isSelected, position, row, scale, segments, top }: RowProps) => {
  const { at, depth, folded, hidden } = row
  const { end, parent, service, span, start } = at
  const failed = hasFailed(span)
  const wait = SpanWait.before(at)
  const subject = subjectOf(span, parent?.span)
  const took = Words.duration(end - start)
  const late = share(scale, end) > 82
  const inside = late && share(scale, wait?.from ?? start) < 12
  const name = `${span.name}${subject === "" ? "" : ` ${subject}`}, ${took}${failed ? `, failed: ${typeOf(span) || "error"}` : ""}`
  return (
    <div
      id={`row-${span.spanId}`}
      role="treeitem"
      aria-label={name}
      aria-level={depth + 1}
      aria-posinset={position + 1}
      aria-selected={isSelected}
      {...(at.children.length > 0 ? { "aria-expanded": !folded } : {})}
      class={`row${isSelected ? " selected" : ""}${failed ? " bad" : at.failures > 0 ? " holds-bad" : ""}${isHit ? " hit" : ""}${critical ? " critical" : ""}`}
      style={{ top: `${top}px` }}
      onClick={() => TraceState.select(at)}
    >
      <div class="name" style={{ paddingLeft: `${Math.min(depth, deepest) * 14 + 4}px` }}>
        <span
          class="twist"
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation()
            TraceState.fold(at, !folded)
          }}
        >
          {at.children.length === 0 ? "" : folded ? "▸" : "▾"}
        </span>
        {failed && <span class="bad-text">✗ </span>}
        <span class="said">
          {subject === "" || subject.startsWith("→") ? (
            <>
              <strong>{span.name}</strong> {subject}
            </>
          ) : (
            <>
              <strong>{subject}</strong> <span class="faint">{span.name}</span>
            </>
          )}
        </span>
        <Badges at={at} />
        {hidden > 0 && <span class="faint"> +{hidden.toLocaleString("en")}</span>}
      </div>
      <div class="lane">
        {wait !== undefined && (
          <i class={`wait k-${wait.kind}`} style={place(scale, wait.from, start)} title={wait.kind} />
        )}
        <i class={`bar ${failed ? "failed" : colourOf(service)}`} style={place(scale, start, end)} />
        {segments.map(({ from, to }) => (
          <i key={from} class="on-path" style={place(scale, from, to)} />
        ))}
        {span.events.slice(0, 20).map(({ time }, index) => {
          const moment = start + Number(time - span.startTime)
          return <i key={index} class="event" style={{ left: `${share(scale, moment)}%` }} />
        })}
        <span
          class={`took${inside ? " inside" : failed ? " bad-text" : ""}`}
          style={
            inside
              ? { right: `calc(${100 - share(scale, end)}% + 6px)` }
              : late
                ? { right: `calc(${100 - share(scale, wait?.from ?? start)}% + 4px)` }
                : { left: `calc(${share(scale, end)}% + 4px)` }
          }
        >
          {took}
        </span>
      </div>
    </div>
  )
}
