import * as AttributeKeys from "../../src/model/AttributeKeys.ts"
import type { ReceivedSpan } from "../../src/receiver/ReceivedSpan.ts"
import type { LogLine } from "../../src/viewer/TraceLogs.ts"
import { pathTo, type TimelineSpan } from "../../src/viewer/Timeline.ts"
import { AttributeTable } from "./AttributeTable.tsx"
import { Level } from "./Level.tsx"
import { linkTo } from "./Route.ts"
import * as TraceState from "./TraceState.ts"
import * as Words from "./Words.ts"

/** Keys under which a sampler says what it decided. */
const tellsSampling = /(^|[._])sampl(ing|er|ed)/i

/** Why it is here: what its sampler said, there or where the trace began, and what travelled with the context. */
export const samplingOf = (node: TimelineSpan): ReadonlyArray<readonly [string, string]> => {
  const { span } = node
  const said = new Map(
    [pathTo(node)[0]!.span, span].flatMap((one) =>
      [...one.attributes]
        .filter(([key]) => tellsSampling.test(key))
        .map(([key, value]) => [key, String(value)] as const)
    )
  )
  return [
    ...said,
    ["sampled flag", (span.traceFlags & 1) === 1 ? "set" : "not set"],
    ["random trace id", (span.traceFlags & 2) === 2 ? "yes" : "not said"],
    ...(span.traceState === "" ? [] : [["tracestate", span.traceState] as const])
  ]
}

/** What was left out of it, in words. */
export const droppedOf = ({ droppedAttributes, droppedEvents, droppedLinks }: ReceivedSpan): string =>
  [
    droppedAttributes > 0 ? Words.count(droppedAttributes, "attribute") : "",
    droppedEvents > 0 ? Words.count(droppedEvents, "event") : "",
    droppedLinks > 0 ? Words.count(droppedLinks, "link") : ""
  ]
    .filter((text) => text !== "")
    .join(", ")

export const Events = ({ node: { shift, span }, open }: { node: TimelineSpan; open: TraceState.OpenTrace }) => (
  <ol class="events">
    {span.events.map(({ attributes, name, time }, index) => {
      const { [AttributeKeys.exceptionStacktrace]: stack, ...others } = attributes
      return (
        <li key={index} class={name === "exception" ? "bad" : ""}>
          <span class="faint">+{Words.duration(Number(time - open.timeline.startTime) + shift)}</span>{" "}
          <strong>{name}</strong>
          {Object.keys(others).length > 0 && (
            <AttributeTable entries={Object.entries(others)} label={`Event ${name}`} />
          )}
          {stack !== undefined && <pre tabIndex={0}>{String(stack)}</pre>}
        </li>
      )
    })}
  </ol>
)

/** A loop may write thousands: the view of logs has them all. */
const mostLines = 200

/** What was logged in it. */
export const Lines = ({ lines }: { lines: ReadonlyArray<LogLine> }) => (
  <ol class="events">
    {lines.slice(0, mostLines).map(({ at, attributes, level, text }, index) => (
      <li key={index}>
        <Level level={level} /> <span class="faint">{Words.since(at)}</span> <span class="said">{text}</span>
        {Object.keys(attributes).length > 0 && (
          <details>
            <summary class="faint">{Words.count(Object.keys(attributes).length, "attribute")}</summary>
            <AttributeTable entries={Object.entries(attributes)} label={`Log line ${index + 1}`} />
          </details>
        )}
      </li>
    ))}
    {lines.length > mostLines && <li class="faint">{Words.count(lines.length - mostLines, "more line")}: see Logs</li>}
  </ol>
)

/** Where the link leads: here when the span is in this trace, to its own otherwise. */
export const Links = ({ open, span }: { open: TraceState.OpenTrace; span: ReceivedSpan }) => (
  <ul>
    {span.links.map(({ attributes, span: { spanId, traceId } }) => {
      const here = traceId === open.traceId ? open.byId.get(spanId) : undefined
      return (
        <li key={traceId + spanId}>
          <a href={linkTo(traceId, spanId)}>
            {here === undefined ? `trace ${traceId.slice(0, 8)}… span ${spanId}` : `${here.span.name} in this trace`}
          </a>
          {Object.keys(attributes).length > 0 && <AttributeTable entries={Object.entries(attributes)} label="Link" />}
        </li>
      )
    })}
  </ul>
)
