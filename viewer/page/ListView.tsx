import { signal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import * as RowWindow from "../../src/viewer/RowWindow.ts"
import type { TraceLine } from "../../src/viewer/ViewerApi.ts"
import * as Client from "./Client.ts"
import * as ListState from "./ListState.ts"
import { go, linkTo, route, toComparison, toTrace } from "./Route.ts"
import { SearchField } from "./SearchField.tsx"
import { useWindow } from "./useWindow.ts"
import * as Words from "./Words.ts"

const rowHeight = 58
const said = signal("")
const sure = signal(false)
/** The trace that is to be compared with the next one chosen. */
const chosen = signal("")

const importFile = async (input: HTMLInputElement): Promise<void> => {
  const [file] = input.files ?? []
  if (file === undefined) return
  said.value = `Reading ${file.name} …`
  try {
    const { refused, spans } = await Client.importFile(file)
    said.value = `${file.name}: ${Words.count(spans, "span")}${refused > 0 ? `, ${refused} refused` : ""}`
  } catch (error) {
    said.value = `${file.name} cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
  input.value = ""
}

const clear = async (): Promise<void> => {
  if (!sure.value) {
    sure.value = true
    setTimeout(() => (sure.value = false), 3000)
    return
  }
  sure.value = false
  await Client.clear()
}

const presets: ReadonlyArray<readonly [label: string, query: string]> = [
  ["failed", "error"],
  ["slow", "duration>1s"],
  ["last 15 minutes", "age<15m"]
]

const hasTerm = (query: string, term: string): boolean => ` ${query} `.includes(` ${term} `)

const toggleTerm = (term: string): void => {
  const { query } = route.value
  const next = hasTerm(query, term) ? ` ${query} `.replace(` ${term} `, " ") : `${query} ${term}`
  go({ query: next.trim() })
}

const cut = (): string =>
  ListState.shown.value.length < ListState.most
    ? ""
    : `The latest ${ListState.most.toLocaleString("en")} are listed; search for older ones`

const Tools = () => (
  <div class="tools">
    <SearchField
      label="Search traces"
      placeholder="Search: error  service:worker  node_id=charge-card  duration>1s  any words"
      value={route.value.query}
      change={(query) => go({ query }, true)}
    />
    <div class="chips">
      {presets.map(([label, term]) => (
        <button
          type="button"
          key={term}
          aria-pressed={hasTerm(route.value.query, term)}
          onClick={() => toggleTerm(term)}
        >
          {label}
        </button>
      ))}
      <span class="grow" />
      <a class="button" href={Client.exportLink(route.value.query)} download title="As OTLP, one trace a line">
        Export
      </a>
      <label class="button" title="OTLP as JSON, one request a line or one for the whole file">
        Import
        <input
          class="hidden"
          type="file"
          accept=".json,.jsonl,.ndjson"
          onChange={({ currentTarget }) => void importFile(currentTarget)}
        />
      </label>
      <button type="button" class={sure.value ? "danger" : ""} onClick={() => void clear()}>
        {sure.value ? "Really clear?" : "Clear"}
      </button>
    </div>
    <div role="status" class="notice">
      {[said.value, cut(), ...ListState.problems.value].filter((text) => text !== "").join(" · ")}
    </div>
  </div>
)

const Line = ({ at, line }: { readonly at: number; readonly line: TraceLine }) => {
  const { durationMillis, error, errorCount, failure, rootName, services, spanCount, subject, traceId } = line
  const compare = (): void => {
    if (chosen.value === "" || chosen.value === traceId) chosen.value = chosen.value === traceId ? "" : traceId
    else {
      toComparison(chosen.value, traceId)
      chosen.value = ""
    }
  }
  return (
    <li class={`line${ListState.cursor.value === at ? " current" : ""}${error ? " bad" : ""}`}>
      <span class="mark" aria-label={error ? "failed" : errorCount > 0 ? "failed and retried" : "went well"} role="img">
        {error ? "✗" : errorCount > 0 ? "↻" : "✓"}
      </span>
      <a
        class="what"
        href={linkTo(traceId)}
        {...(ListState.cursor.value === at ? { "aria-current": "true" as const } : {})}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return
          event.preventDefault()
          toTrace(traceId)
        }}
      >
        <strong>{subject || rootName}</strong>
        {subject !== "" && <span class="faint">{rootName}</span>}
      </a>
      <span class="why">
        {error ? (
          <span class="bad-text">{failure}</span>
        ) : (
          <span class="faint">
            {errorCount > 0 ? `${errorCount} failed and retried · ` : ""}
            {services.join(" → ")}
          </span>
        )}
      </span>
      <span class="ids faint">{[line.tenantId, line.executionId].filter((id) => id !== "").join(" · ")}</span>
      <span class="size">
        <strong>{Words.duration(durationMillis * 1e6)}</strong>
        <span class="faint">{Words.count(spanCount, "span")}</span>
      </span>
      <time class="faint" dateTime={Words.iso(line.startTimeUnixNano)}>
        {Words.clock(line.startTimeUnixNano)}
      </time>
      <button
        type="button"
        class="compare"
        aria-pressed={chosen.value === traceId}
        onClick={compare}
        aria-label={chosen.value === "" || chosen.value === traceId ? "Compare" : "Compare with the chosen one"}
        title="Compare: choose two"
      >
        {chosen.value === "" || chosen.value === traceId ? "⇆" : "⇆ with"}
      </button>
    </li>
  )
}

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
      <Tools />
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
              <Line key={line.traceId} line={line} at={from + index} />
            ))}
          </ol>
        )}
      </div>
    </main>
  )
}
