import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import * as CopyAs from "../../src/viewer/CopyAs.ts"
import * as SpanFailure from "../../src/viewer/SpanFailure.ts"
import { titleOf } from "../../src/viewer/SpanTitle.ts"
import * as Client from "./Client.ts"
import { CopyButton } from "./CopyButton.tsx"
import { FlameView } from "./FlameView.tsx"
import * as Keys from "./Keys.ts"
import * as ListState from "./ListState.ts"
import { LogsView } from "./LogsView.tsx"
import { go, route, toComparison, toList, type View } from "./Route.ts"
import { SearchField } from "./SearchField.tsx"
import { SpanDetail } from "./SpanDetail.tsx"
import { TableView } from "./TableView.tsx"
import { TimeSplitView } from "./TimeSplitView.tsx"
import * as TraceState from "./TraceState.ts"
import { Waterfall } from "./Waterfall.tsx"
import * as Words from "./Words.ts"

const names: Readonly<Record<View, string>> = { waterfall: "Waterfall", flame: "Flame", table: "Table", logs: "Logs" }

const workflowOf = ({ timeline }: TraceState.OpenTrace): string =>
  String(
    timeline.spans.find(({ span }) => span.attributes.has("workflow_id"))?.span.attributes.get("workflow_id") ?? ""
  )

const nameOf = (open: TraceState.OpenTrace): string => workflowOf(open) || titleOf(open.timeline.roots[0]!.span)

/** Why it failed, one press away from where it did. */
const Why = ({ open: { cause } }: { readonly open: TraceState.OpenTrace }) =>
  cause === undefined ? null : (
    <button type="button" class="cause" onClick={() => TraceState.select(cause)}>
      <strong>✗ {titleOf(cause.span)}</strong> {SpanFailure.textOf(cause.span)}
    </button>
  )

/** Another trace of the same workflow, one that went well before others. */
const CompareWith = ({ open }: { readonly open: TraceState.OpenTrace }) => {
  const lines = useSignal<ReadonlyArray<{ readonly traceId: string; readonly label: string }>>([])
  const workflow = workflowOf(open)
  useEffect(() => {
    const root = open.timeline.roots[0]!.span.name
    const query = workflow === "" ? `operation:"${root}"` : `workflow:"${workflow}"`
    const look = async (): Promise<void> => {
      const { traces } = await Client.list(query, 50)
      lines.value = traces
        .filter(({ traceId }) => traceId !== open.traceId)
        .sort((self, that) => Number(self.error) - Number(that.error))
        .map(({ durationMillis, error, startTimeUnixNano, traceId }) => ({
          traceId,
          label: `${error ? "✗" : "✓"} ${Words.clock(startTimeUnixNano)} ${Words.duration(durationMillis * 1e6)}`
        }))
    }
    look().catch(() => (lines.value = []))
  }, [open.traceId])
  return (
    <select
      aria-label="Compare with another trace of this workflow"
      disabled={lines.value.length === 0}
      value=""
      onChange={({ currentTarget }) => toComparison(currentTarget.value, open.traceId)}
    >
      <option value="">{lines.value.length === 0 ? "Nothing to compare" : "Compare with …"}</option>
      {lines.value.map(({ label, traceId }) => (
        <option key={traceId} value={traceId}>
          {label}
        </option>
      ))}
    </select>
  )
}

const Find = () => {
  const { find } = route.value
  const hits = TraceState.hits.value
  const at = hits.findIndex((node) => node === TraceState.selected.value)
  return (
    <div class="find">
      <SearchField
        label="Find spans"
        placeholder="Find: text, key=value, error, duration>10ms"
        value={find}
        change={(value) => {
          if (value !== route.value.find) go({ find: value }, true)
        }}
        enter={(back) => TraceState.step(TraceState.hits.value, back ? -1 : 1)}
      />
      {find !== "" && (
        <span role="status" class="faint">
          {hits.length === 0 ? "no hit" : `${at < 0 ? "–" : at + 1} of ${Words.count(hits.length, "hit")}`}
        </span>
      )}
      <button
        type="button"
        aria-label="Previous hit"
        disabled={hits.length === 0}
        onClick={() => TraceState.step(hits, -1)}
      >
        ↑
      </button>
      <button type="button" aria-label="Next hit" disabled={hits.length === 0} onClick={() => TraceState.step(hits, 1)}>
        ↓
      </button>
    </div>
  )
}

const Switch = ({ label, state, title }: { label: string; state: { value: boolean }; title: string }) => (
  <button type="button" aria-pressed={state.value} title={title} onClick={() => (state.value = !state.value)}>
    {label}
  </button>
)

const Toolbar = () => {
  const failures = TraceState.failures.value
  return (
    <div class="toolbar">
      <div class="views" role="group" aria-label="View">
        {Object.entries(names).map(([view, name], index) => (
          <button
            type="button"
            key={view}
            aria-pressed={route.value.view === view}
            title={`${name} (${index + 1})`}
            onClick={() => go({ view: view as View })}
          >
            {name}
          </button>
        ))}
      </div>
      <Find />
      <div class="views" role="group" aria-label="Errors">
        <button
          type="button"
          disabled={failures.length === 0}
          title="Next error (e)"
          onClick={() => TraceState.step(failures, 1)}
        >
          {failures.length === 0 ? "No error" : `Next of ${Words.count(failures.length, "error")}`}
        </button>
      </div>
      {route.value.view === "waterfall" && (
        <div class="views" role="group" aria-label="Rows">
          <Switch
            label="Hide noise"
            state={TraceState.hideNoise}
            title="What is short, went well and held nobody up (h)"
          />
          <Switch label="Errors first" state={TraceState.errorsFirst} title="Siblings that failed first (o)" />
          <button
            type="button"
            aria-pressed={TraceState.focus.value !== undefined}
            onClick={Keys.toggleFocus}
            title="The span and what is beneath it (f)"
          >
            Focus
          </button>
          <button type="button" onClick={TraceState.foldAll} title="Fold all, unfold all (z)">
            {TraceState.folded.value.size > 0 ? "Unfold" : "Fold"}
          </button>
        </div>
      )}
    </div>
  )
}

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
      <Toolbar />
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
