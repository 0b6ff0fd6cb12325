import type { ComponentChildren } from "preact"
import * as AttributeKeys from "../../src/model/AttributeKeys.ts"
import * as SensitiveKeys from "../../src/model/SensitiveKeys.ts"
import type { ReceivedSpan } from "../../src/receiver/ReceivedSpan.ts"
import * as CopyAs from "../../src/viewer/CopyAs.ts"
import { kinds } from "../../src/viewer/TimeSplit.ts"
import { hasFailed, textOf, wasInterrupted } from "../../src/viewer/SpanFailure.ts"
import { titleOf } from "../../src/viewer/SpanTitle.ts"
import { pathTo, type TimelineSpan } from "../../src/viewer/Timeline.ts"
import { CopyButton } from "./CopyButton.tsx"
import { go, linkTo } from "./Route.ts"
import { Service } from "./Service.tsx"
import * as TraceState from "./TraceState.ts"
import * as Words from "./Words.ts"

const isMasked = (value: unknown): boolean => String(value).includes(SensitiveKeys.mask)

const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** Press a key to look for its like in the trace. */
const Attributes = ({ entries, label }: { entries: Iterable<readonly [string, unknown]>; label: string }) => (
  <table aria-label={label}>
    <tbody>
      {[...entries].map(([key, value]) => (
        <tr key={key}>
          <th scope="row">
            <button
              type="button"
              title="Find spans with this value"
              onClick={() => go({ find: `${key}="${String(value).replaceAll('"', "*")}"` }, true)}
            >
              {key}
            </button>
          </th>
          <td>
            {written(value)}
            {isMasked(value) && <b class="badge warn">masked</b>}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const Part = ({
  children,
  count,
  open = true,
  title
}: {
  children: ComponentChildren
  count: number
  open?: boolean
  title: string
}) =>
  count === 0 ? null : (
    <details open={open}>
      <summary>
        {title} <span class="faint">{count}</span>
      </summary>
      {children}
    </details>
  )

/** Keys under which a sampler says what it decided. */
const tellsSampling = /(^|[._])sampl(ing|er|ed)/i

/** Why it is here: what its sampler said, there or where the trace began, and what travelled with the context. */
const samplingOf = (node: TimelineSpan): ReadonlyArray<readonly [string, string]> => {
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
const droppedOf = ({ droppedAttributes, droppedEvents, droppedLinks }: ReceivedSpan): string =>
  [
    droppedAttributes > 0 ? Words.count(droppedAttributes, "attribute") : "",
    droppedEvents > 0 ? Words.count(droppedEvents, "event") : "",
    droppedLinks > 0 ? Words.count(droppedLinks, "link") : ""
  ]
    .filter((text) => text !== "")
    .join(", ")

const Events = ({ node: { shift, span }, open }: { node: TimelineSpan; open: TraceState.OpenTrace }) => (
  <ol class="events">
    {span.events.map(({ attributes, name, time }, index) => {
      const { [AttributeKeys.exceptionStacktrace]: stack, ...others } = attributes
      return (
        <li key={index} class={name === "exception" ? "bad" : ""}>
          <span class="faint">+{Words.duration(Number(time - open.timeline.startTime) + shift)}</span>{" "}
          <strong>{name}</strong>
          {Object.keys(others).length > 0 && <Attributes entries={Object.entries(others)} label={`Event ${name}`} />}
          {stack !== undefined && <pre tabIndex={0}>{String(stack)}</pre>}
        </li>
      )
    })}
  </ol>
)

/** Where the link leads: here when the span is in this trace, to its own otherwise. */
const Links = ({ open, span }: { open: TraceState.OpenTrace; span: ReceivedSpan }) => (
  <ul>
    {span.links.map(({ attributes, span: { spanId, traceId } }) => {
      const here = traceId === open.traceId ? open.byId.get(spanId) : undefined
      return (
        <li key={traceId + spanId}>
          <a href={linkTo(traceId, spanId)}>
            {here === undefined ? `trace ${traceId.slice(0, 8)}… span ${spanId}` : `${here.span.name} in this trace`}
          </a>
          {Object.keys(attributes).length > 0 && <Attributes entries={Object.entries(attributes)} label="Link" />}
        </li>
      )
    })}
  </ul>
)

export const SpanDetail = ({ node, open }: { readonly node: TimelineSpan; readonly open: TraceState.OpenTrace }) => {
  const { end, service, span, start } = node
  const waits = open.split.parts.filter(({ at }) => at === node)
  const curl = CopyAs.curl(span)
  const masked = [...span.attributes].filter(([, value]) => isMasked(value)).length
  const dropped = droppedOf(span)
  const sorted = [...span.attributes].sort(([self], [that]) => (self < that ? -1 : 1))
  return (
    <aside class="detail" aria-label="Span">
      <div class="head">
        <h2>{titleOf(span)}</h2>
        <button
          type="button"
          aria-label="Close the detail"
          title="Close (Enter)"
          onClick={() => (TraceState.detailed.value = false)}
        >
          ×
        </button>
      </div>
      <p>
        <Service name={service} /> <span class="faint">{span.kind}</span> {span.name}
      </p>
      {hasFailed(span) && <p class="failure">✗ {textOf(span)}</p>}
      {wasInterrupted(span) && <p class="failure soft">⊘ interrupted before it was done</p>}
      <dl class="facts">
        <div>
          <dt>took</dt>
          <dd>{Words.duration(end - start)}</dd>
        </div>
        <div>
          <dt>began</dt>
          <dd>+{Words.duration(start)}</dd>
        </div>
        {kinds.map((kind) => {
          const nanos = waits.find((part) => part.kind === kind)?.nanos ?? 0
          return nanos === 0 ? null : (
            <div key={kind}>
              <dt>
                <i class={`k-${kind}`} aria-hidden="true" /> on the path
              </dt>
              <dd>
                {Words.duration(nanos)} {kind}
              </dd>
            </div>
          )
        })}
      </dl>
      <div class="buttons">
        <CopyButton label="Copy JSON" text={() => CopyAs.json(span)} />
        {curl !== undefined && <CopyButton label="Copy curl" text={() => curl} />}
        <CopyButton label="Copy span id" text={() => span.spanId} />
      </div>
      <nav class="path faint" aria-label="Spans around it">
        {pathTo(node)
          .slice(-7, -1)
          .map((around) => (
            <button type="button" key={around.index} onClick={() => TraceState.select(around)}>
              {titleOf(around.span)}
            </button>
          ))}
      </nav>
      <Part title="Attributes" count={span.attributes.size}>
        <Attributes entries={sorted} label="Attributes" />
      </Part>
      <Part title="Events and logs" count={span.events.length}>
        <Events node={node} open={open} />
      </Part>
      <Part title="Links" count={span.links.length}>
        <Links span={span} open={open} />
      </Part>
      {masked > 0 && <p class="faint">{Words.count(masked, "value")} masked before it left its process.</p>}
      {dropped !== "" && <p class="faint">Left out by limits: {dropped}.</p>}
      <Part title="Why it was sampled" count={samplingOf(node).length} open={false}>
        <Attributes entries={samplingOf(node)} label="Sampling" />
      </Part>
      <Part title="Process" count={Object.keys(span.resource.attributes).length} open={false}>
        <Attributes entries={Object.entries(span.resource.attributes)} label="Process" />
        <p class="faint">
          {span.scope.name} {span.scope.version}
        </p>
      </Part>
      <p class="faint">
        span <code>{span.spanId}</code>
        {span.parentSpanId !== undefined && (
          <>
            {" "}
            parent <code>{span.parentSpanId}</code>
          </>
        )}
      </p>
    </aside>
  )
}
