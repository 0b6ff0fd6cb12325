import { useMemo, useRef } from "preact/hooks"
import { titleOf } from "../../src/viewer/SpanTitle.ts"
import * as TraceLogs from "../../src/viewer/TraceLogs.ts"
import { route } from "./Route.ts"
import { colourOf } from "./Service.tsx"
import * as TraceState from "./TraceState.ts"
import { useWindow } from "./useWindow.ts"
import * as Words from "./Words.ts"

const rowHeight = 24

const said = (attributes: Readonly<Record<string, unknown>>): string =>
  Object.entries(attributes)
    .filter(([key]) => key !== "exception.stacktrace")
    .map(([key, value]) => `${key}=${String(value)}`)
    .join("  ")

/** Everything the trace said, in time order; what is searched for in the trace narrows it to the spans that were found. */
export const LogsView = ({ open }: { readonly open: TraceState.OpenTrace }) => {
  const box = useRef<HTMLDivElement>(null)
  const all = useMemo(() => TraceLogs.of(open.timeline), [open])
  const hits = TraceState.hits.value
  const { find } = route.value
  const lines = useMemo(() => {
    const found = new Set(hits)
    return find.trim() === "" ? all : all.filter(({ from }) => found.has(from))
  }, [all, hits, find])
  const { from, height, to } = useWindow(box, lines.length, rowHeight)
  return (
    <section class="logs scroll" ref={box} aria-label="Logs" tabIndex={0}>
      {lines.length === 0 ? (
        <p class="empty">
          {all.length === 0 ? "No span of this trace has events." : "No span that was found has events."}
        </p>
      ) : (
        <ol style={{ height: `${height}px`, paddingTop: `${from * rowHeight}px` }}>
          {lines.slice(from, to).map(({ at, event, from: node }, index) => (
            <li key={from + index} class={event.name === "exception" ? "bad" : ""}>
              <span class="faint when">+{Words.duration(at)}</span>
              <button type="button" class={`service ${colourOf(node.service)}`} onClick={() => TraceState.select(node)}>
                <i aria-hidden="true" />
                {titleOf(node.span)}
              </button>
              <strong>{event.name}</strong> <span class="faint">{said(event.attributes)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
