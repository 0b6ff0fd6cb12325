import { useSignal } from "@preact/signals"
import { useEffect, useMemo, useRef } from "preact/hooks"
import * as RowWindow from "../../src/viewer/RowWindow.ts"
import { hasFailed, textOf } from "../../src/viewer/SpanFailure.ts"
import { titleOf } from "../../src/viewer/SpanTitle.ts"
import type { TimelineSpan } from "../../src/viewer/Timeline.ts"
import * as TraceCompare from "../../src/viewer/TraceCompare.ts"
import { linkTo, route } from "./Route.ts"
import * as TraceState from "./TraceState.ts"
import { useWindow } from "./useWindow.ts"
import * as Words from "./Words.ts"

const rowHeight = 26

const verdicts: Readonly<Record<TraceCompare.Verdict, string>> = {
  same: "",
  failed: "failed here",
  recovered: "went well here",
  otherwise: "failed otherwise",
  missing: "not here",
  added: "only here",
  slower: "slower",
  faster: "faster"
}

const outcome = (node: TimelineSpan | undefined): string =>
  node === undefined
    ? "it did not run"
    : hasFailed(node.span)
      ? `it failed: ${textOf(node.span)}`
      : `it went well, in ${Words.duration(node.end - node.start)}`

const Parting = ({ parting }: { readonly parting: TraceCompare.ComparedRow | undefined }) =>
  parting === undefined ? (
    <p class="parting">Both went the same way.</p>
  ) : (
    <p class="parting bad">
      They part at <strong>{titleOf((parting.before ?? parting.after)!.span)}</strong>: in the first{" "}
      {outcome(parting.before)}; in the second {outcome(parting.after)}.
    </p>
  )

const Cell = ({ node, traceId }: { readonly node: TimelineSpan | undefined; readonly traceId: string }) =>
  node === undefined ? (
    <span class="faint">–</span>
  ) : (
    <a href={linkTo(traceId, node.span.spanId)} class={hasFailed(node.span) ? "bad-text" : ""}>
      {hasFailed(node.span) ? "✗ " : ""}
      {Words.duration(node.end - node.start)}
    </a>
  )

interface Loaded {
  readonly before: TraceState.OpenTrace
  readonly after: TraceState.OpenTrace
}

const Head = ({ label, trace }: { readonly label: string; readonly trace: TraceState.OpenTrace }) => (
  <a href={linkTo(trace.traceId)}>
    {label}: {Words.clock(String(trace.timeline.startTime))}, {Words.duration(trace.timeline.duration)}
    {trace.cause === undefined ? "" : " ✗"}
  </a>
)

const Compared = ({ after, before }: Loaded) => {
  const box = useRef<HTMLDivElement>(null)
  const { parting, rows } = useMemo(() => TraceCompare.of(before.timeline, after.timeline), [before, after])
  const { from, height, to } = useWindow(box, rows.length, rowHeight)
  useEffect(() => {
    const at = parting === undefined ? -1 : rows.indexOf(parting)
    const element = box.current
    if (element !== null && at >= 0) {
      element.scrollTop = RowWindow.reveal(at, rowHeight, element.scrollTop, element.clientHeight)
    }
  }, [parting])
  return (
    <>
      <Parting parting={parting} />
      <div class="comparison">
        <div class="cells heads">
          <span />
          <Head label="First" trace={before} />
          <Head label="Second" trace={after} />
          <span />
        </div>
        <div class="scroll" ref={box} tabIndex={0} role="region" aria-label="Spans of both traces">
          <ol style={{ height: `${height}px`, paddingTop: `${from * rowHeight}px` }}>
            {rows.slice(from, to).map((row, index) => {
              const node = (row.before ?? row.after)!
              return (
                <li
                  key={from + index}
                  class={`cells v-${row.verdict}${row === parting ? " selected" : ""}${TraceCompare.isParting(row) ? " bad" : ""}`}
                >
                  <span class="said" style={{ paddingLeft: `${Math.min(row.depth, 24) * 14}px` }}>
                    <strong>{titleOf(node.span)}</strong>{" "}
                    {!titleOf(node.span).startsWith(node.span.name) && <span class="faint">{node.span.name}</span>}
                  </span>
                  <Cell node={row.before} traceId={before.traceId} />
                  <Cell node={row.after} traceId={after.traceId} />
                  <span>{verdicts[row.verdict]}</span>
                </li>
              )
            })}
          </ol>
        </div>
      </div>
    </>
  )
}

export const CompareView = () => {
  const { otherId, traceId } = route.value
  const loaded = useSignal<Loaded | string>("Reading both traces …")
  useEffect(() => {
    document.title = "Comparison"
    Promise.all([TraceState.load(traceId), TraceState.load(otherId)]).then(
      ([before, after]) => (loaded.value = { before, after }),
      (error: unknown) => (loaded.value = error instanceof Error ? error.message : String(error))
    )
  }, [traceId, otherId])
  return (
    <main class="compare">
      <div class="head">
        <button type="button" onClick={() => history.back()} aria-label="Back" title="Back (Escape)">
          ←
        </button>
        <h1>Comparison</h1>
      </div>
      {typeof loaded.value === "string" ? <p role="status">{loaded.value}</p> : <Compared {...loaded.value} />}
    </main>
  )
}
