import { useEffect } from "preact/hooks"
import * as CopyAs from "../../src/viewer/CopyAs.ts"
import * as SpanFailure from "../../src/viewer/SpanFailure.ts"
import { titleOf } from "../../src/viewer/SpanTitle.ts"
import * as Client from "./Client.ts"
import { CompareWith } from "./CompareWith.tsx"
import { CopyButton } from "./CopyButton.tsx"
import { FlameView } from "./FlameView.tsx"
import * as ListState from "./ListState.ts"
import { LogsView } from "./LogsView.tsx"
import { route, toList } from "./Route.ts"
import { SpanDetail } from "./SpanDetail.tsx"
import { TableView } from "./TableView.tsx"
import { TimeSplitView } from "./TimeSplitView.tsx"
import * as TraceState from "./TraceState.ts"
import { TraceToolbar } from "./TraceToolbar.tsx"
import { Waterfall } from "./Waterfall.tsx"
import * as Words from "./Words.ts"

const nameOf = (open: TraceState.OpenTrace): string =>
  TraceState.workflowOf(open) || titleOf(open.timeline.roots[0]!.span)

/** Why it failed, one press away from where it did. */
const Why = ({ open: { cause } }: { readonly open: TraceState.OpenTrace }) =>
  cause === undefined ? null : (
    <button type="button" class="cause" onClick={() => TraceState.select(cause)}>
      <strong>✗ {titleOf(cause.span)}</strong> {SpanFailure.textOf(cause.span)}
    </button>
  )

const views = { waterfall: Waterfall, flame: FlameView, table: TableView, logs: LogsView }

const Opened = ({ open }: { readonly open: TraceState.OpenTrace }) => {
  const root = open.timeline.roots[0]!.span
  const Body = views[route.value.view]
  const node = TraceState.selected.value
  useEffect(() => {
    document.title = `${open.cause === undefined ? "" : "✗ "}${nameOf(open)}`
  }, [open])
  return (
    <main class="trace">
      <div class="head">
        <button type="button" onClick={toList} aria-label="Back to the list" title="Back (Escape)">
          ←
        </button>
        <h1>{nameOf(open)}</h1>
        <span class="sum">
          <strong>{Words.duration(open.timeline.duration)}</strong>{" "}
          <span class="faint">
            {Words.count(open.timeline.spans.length, "span")} · {open.services.join(" → ")} ·{" "}
            <time dateTime={Words.iso(String(root.startTime))}>{Words.clock(String(root.startTime))}</time>
          </span>
        </span>
        <code class="faint wide">{open.traceId}</code>
        {TraceState.stale.value && (
          <button type="button" class="fresh" onClick={() => void TraceState.reload()}>
            It has grown: read again
          </button>
        )}
        <span class="grow" />
        <CompareWith open={open} />
        <CopyButton
          label="Copy test"
          text={() =>
            CopyAs.test(
              open.timeline.spans.map(({ span }) => span),
              nameOf(open)
            )
          }
        />
        <CopyButton label="Copy link" text={() => location.href} />
        <a class="button" href={Client.otlpLink(open.traceId)} download={`${open.traceId}.json`} title="OTLP as JSON">
          OTLP
        </a>
      </div>
      <Why open={open} />
      <TimeSplitView open={open} />
      <TraceToolbar />
      <div class="body">
        <Body open={open} />
        {node !== undefined && TraceState.detailed.value && (
          <SpanDetail key={node.span.spanId} node={node} open={open} />
        )}
      </div>
    </main>
  )
}

export const TraceView = () => {
  const open = TraceState.open.value
  if (open !== undefined && open.traceId === route.value.traceId.toLowerCase()) return <Opened open={open} />
  return (
    <main class="empty">
      {TraceState.trouble.value === "" ? (
        <p role="status">Reading the trace …</p>
      ) : (
        <>
          <p role="alert">{TraceState.trouble.value}</p>
          <p class="faint">
            {ListState.connected.value ? "It appears here when it arrives." : "The viewer is not connected."}
          </p>
          <button type="button" onClick={toList}>
            To the list
          </button>
        </>
      )}
    </main>
  )
}
