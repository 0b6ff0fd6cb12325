import type { ComponentChildren } from "preact"
import * as CopyAs from "../../src/viewer/CopyAs.ts"
import { hasFailed, textOf, wasInterrupted } from "../../src/viewer/SpanFailure.ts"
import { titleOf } from "../../src/viewer/SpanTitle.ts"
import { pathTo, type TimelineSpan } from "../../src/viewer/Timeline.ts"
import { kinds } from "../../src/viewer/TimeSplit.ts"
import { AttributeTable, isMasked } from "./AttributeTable.tsx"
import { CopyButton } from "./CopyButton.tsx"
import { Service } from "./Service.tsx"
import { droppedOf, Events, Lines, Links, samplingOf } from "./SpanParts.tsx"
import * as TraceState from "./TraceState.ts"
import * as Words from "./Words.ts"

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

export const SpanDetail = ({ node, open }: { readonly node: TimelineSpan; readonly open: TraceState.OpenTrace }) => {
  const { end, service, span, start } = node
  const waits = open.split.parts.filter(({ at }) => at === node)
  const curl = CopyAs.curl(span)
  const masked = [...span.attributes].filter(([, value]) => isMasked(value)).length
  const dropped = droppedOf(span)
  const lines = open.lines.filter(({ from, kind }) => kind === "record" && from === node)
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
        <AttributeTable entries={sorted} label="Attributes" />
      </Part>
      <Part title="Events" count={span.events.length}>
        <Events node={node} open={open} />
      </Part>
      <Part title="Log lines" count={lines.length}>
        <Lines lines={lines} />
      </Part>
      <Part title="Links" count={span.links.length}>
        <Links span={span} open={open} />
      </Part>
      {masked > 0 && <p class="faint">{Words.count(masked, "value")} masked before it left its process.</p>}
      {dropped !== "" && <p class="faint">Left out by limits: {dropped}.</p>}
      <Part title="Why it was sampled" count={samplingOf(node).length} open={false}>
        <AttributeTable entries={samplingOf(node)} label="Sampling" />
      </Part>
      <Part title="Process" count={Object.keys(span.resource.attributes).length} open={false}>
        <AttributeTable entries={Object.entries(span.resource.attributes)} label="Process" />
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
