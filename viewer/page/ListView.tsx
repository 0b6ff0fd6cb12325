import { useEffect, useRef } from "preact/hooks"
import * as RowWindow from "../../src/viewer/RowWindow.ts"
import { ListLine } from "./ListLine.tsx"
import * as ListState from "./ListState.ts"
import { ListTools } from "./ListTools.tsx"
import { route } from "./Route.ts"
import { useWindow } from "./useWindow.ts"

const rowHeight = 58

const Empty = () => (
  <div class="empty">
    {route.value.query === "" ? (
      <>
        <p>No traces yet. They appear here as they arrive.</p>
        <p class="faint">
          Send OTLP to <code>{location.origin}/v1/traces</code>, for example with{" "}
          <code>TRACING_ENABLED=true TRACING_ENDPOINT={location.origin}</code>
        </p>
      </>
    ) : (
      <p>No trace answers to this search.</p>
    )}
  </div>
)

export const ListView = () => {
  const box = useRef<HTMLDivElement>(null)
  const lines = ListState.shown.value
  const { from, height, scrollTop, to } = useWindow(box, lines.length, rowHeight)
  const scrolled = scrollTop > rowHeight
  useEffect(() => {
    ListState.scrolled.value = scrolled
  }, [scrolled])
  const cursor = ListState.cursor.value
  useEffect(() => {
    const element = box.current
    if (element !== null && cursor >= 0) {
      element.scrollTop = RowWindow.reveal(cursor, rowHeight, element.scrollTop, element.clientHeight)
    }
  }, [cursor])
  useEffect(() => {
    document.title = "Traces"
  }, [])
  const fresh = ListState.fresh.value
  return (
    <main class="list">
      <h1 class="hidden">Traces</h1>
      <ListTools />
      {fresh > 0 && (
        <button
          type="button"
          class="fresh"
          onClick={() => {
            ListState.showFresh()
            if (box.current !== null) box.current.scrollTop = 0
          }}
        >
          {fresh} new (n)
        </button>
      )}
      <div
        class="scroll"
        ref={box}
        tabIndex={0}
        role="region"
        aria-label="Traces, the latest first"
        onMouseEnter={() => (ListState.hovered.value = true)}
        onMouseLeave={() => (ListState.hovered.value = false)}
      >
        {ListState.loaded.value && lines.length === 0 && <Empty />}
        {lines.length > 0 && (
          <ol style={{ height: `${height}px`, paddingTop: `${from * rowHeight}px` }}>
            {lines.slice(from, to).map((line, index) => (
              <ListLine key={line.traceId} line={line} at={from + index} />
            ))}
          </ol>
        )}
      </div>
    </main>
  )
}
