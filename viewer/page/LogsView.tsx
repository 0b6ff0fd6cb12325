import { useSignal } from "@preact/signals"
import { useMemo, useRef } from "preact/hooks"
import * as LogLevel from "../../src/viewer/LogLevel.ts"
import { titleOf } from "../../src/viewer/SpanTitle.ts"
import * as TraceLogs from "../../src/viewer/TraceLogs.ts"
import { Level } from "./Level.tsx"
import { go, route } from "./Route.ts"
import { SearchField } from "./SearchField.tsx"
import { colourOf } from "./Service.tsx"
import * as TraceState from "./TraceState.ts"
import { useWindow } from "./useWindow.ts"
import * as Words from "./Words.ts"

const rowHeight = 24

/** A line, or under one that is unfolded, a line of what its attributes say. */
type Row = { readonly line: TraceLogs.LogLine; readonly key?: string; readonly value?: string }

/** Each value on as many rows as it has lines: all rows are equally high. */
const unfold = (line: TraceLogs.LogLine): ReadonlyArray<Row> =>
  Object.entries(line.attributes).flatMap(([key, value]) =>
    (typeof value === "string" ? value : JSON.stringify(value))
      .split("\n")
      .map((part, index) => ({ line, key: index === 0 ? key : "", value: part }))
  )

/** The same line when the trace is read anew. */
const placeOf = ({ at, spanId, text }: TraceLogs.LogLine): string => `${at} ${spanId} ${text}`

const Tools = ({ all, shown }: { readonly all: number; readonly shown: number }) => (
  <div class="toolbar">
    <select
      aria-label="Least level"
      value={route.value.level ?? ""}
      onChange={({ currentTarget }) =>
        go({ level: LogLevel.levels.find((level) => level === currentTarget.value) }, true)
      }
    >
      <option value="">All levels</option>
      {LogLevel.levels.map((level) => (
        <option key={level} value={level}>
          {level === "fatal" ? "fatal" : `${level} and graver`}
        </option>
      ))}
    </select>
    <SearchField
      label="Filter lines"
      placeholder="Filter lines: words of a message or an attribute"
      value={route.value.line}
      change={(line) => {
        if (line !== route.value.line) go({ line }, true)
      }}
    />
    <span role="status" class="faint">
      {shown === all ? Words.count(all, "line") : `${shown.toLocaleString("en")} of ${Words.count(all, "line")}`}
    </span>
  </div>
)

const Line = ({ isOpen, line, toggle }: { isOpen: boolean; line: TraceLogs.LogLine; toggle: () => void }) => {
  const { at, attributes, from: node, kind, level, spanId, text } = line
  const count = Object.keys(attributes).length
  return (
    <li class={node !== undefined && node === TraceState.selected.value ? "selected" : ""}>
      <span class="faint when">{Words.since(at)}</span>
      <Level level={level} />
      {node === undefined ? (
        <span class="faint from" title={spanId === "" ? "" : `The span ${spanId} is not here`}>
          {spanId === "" ? "no span" : `span ${spanId.slice(0, 8)}…`}
        </span>
      ) : (
        <button
          type="button"
          class={`service from ${colourOf(node.service)}`}
          onClick={() => TraceState.openDetail(node)}
        >
          <i aria-hidden="true" />
          {titleOf(node.span)}
        </button>
      )}
      <span class={kind === "event" ? "said event" : "said"} title={kind === "event" ? "An event of the span" : ""}>
        {text}
      </span>
      {count > 0 && (
        <button
          type="button"
          class="more faint"
          aria-expanded={isOpen}
          aria-label={Words.count(count, "attribute")}
          onClick={toggle}
        >
          {isOpen ? "▾" : "▸"} <span>{Words.count(count, "attribute")}</span>
        </button>
      )}
    </li>
  )
}

/** Everything the trace said, in time order; what is searched for in the trace narrows it to the spans that were found. */
export const LogsView = ({ open: { lines: all } }: { readonly open: TraceState.OpenTrace }) => {
  const box = useRef<HTMLDivElement>(null)
  const unfolded = useSignal<ReadonlySet<string>>(new Set())
  const hits = TraceState.hits.value
  const { find, level, line } = route.value
  const lines = useMemo(() => {
    const found = new Set(hits)
    const within = find.trim() === "" ? all : all.filter(({ from }) => from !== undefined && found.has(from))
    return TraceLogs.filter(within, { level, text: line })
  }, [all, hits, find, level, line])
  const open = unfolded.value
  const rows = useMemo(
    () =>
      lines.flatMap((one): ReadonlyArray<Row> =>
        open.has(placeOf(one)) ? [{ line: one }, ...unfold(one)] : [{ line: one }]
      ),
    [lines, open]
  )
  const { from, height, to } = useWindow(box, rows.length, rowHeight)
  const toggle = (place: string): void => {
    unfolded.value = open.has(place) ? new Set([...open].filter((one) => one !== place)) : new Set([...open, place])
  }
  return (
    <section class="logs" aria-label="Logs">
      <Tools all={all.length} shown={lines.length} />
      <div class="scroll" ref={box} tabIndex={0} role="group" aria-label="Lines">
        {lines.length === 0 ? (
          <p class="empty">
            {all.length === 0
              ? "Nothing was logged in this trace, and its spans have no events. A program sends its log lines with TRACING_LOGS=otlp."
              : "No line is like that."}
          </p>
        ) : (
          <ol style={{ height: `${height}px`, paddingTop: `${from * rowHeight}px` }}>
            {rows.slice(from, to).map(({ key, line: one, value }, index) =>
              value === undefined ? (
                <Line
                  key={from + index}
                  line={one}
                  isOpen={open.has(placeOf(one))}
                  toggle={() => toggle(placeOf(one))}
                />
              ) : (
                <li key={from + index} class="of">
                  <span class="faint">{key}</span> <span class="said">{value}</span>
                </li>
              )
            )}
          </ol>
        )}
      </div>
    </section>
  )
}
