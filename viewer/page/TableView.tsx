import { useSignal } from "@preact/signals"
import { useMemo } from "preact/hooks"
import * as SpanTable from "../../src/viewer/SpanTable.ts"
import { Service } from "./Service.tsx"
import * as TraceState from "./TraceState.ts"
import * as Words from "./Words.ts"

type Column = "count" | "failures" | "self" | "total" | "median" | "p95" | "longest"

const columns: ReadonlyArray<readonly [column: Column, label: string, title: string]> = [
  ["count", "Count", "How many"],
  ["failures", "Errors", "How many failed"],
  ["self", "Self", "While nothing beneath them ran"],
  ["total", "Total", "All of them together"],
  ["median", "Median", "Half took less"],
  ["p95", "p95", "19 of 20 took less"],
  ["longest", "Longest", "The slowest of them"]
]

/** More lines than anybody reads are not drawn. */
const most = 500

export const TableView = ({ open }: { readonly open: TraceState.OpenTrace }) => {
  const by = useSignal<Column>("self")
  const lines = useMemo(() => SpanTable.of(open.timeline), [open])
  const sorted = [...lines].sort((self, that) => that[by.value] - self[by.value])
  return (
    <section class="spans scroll" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Span</th>
            {columns.map(([column, label, title]) => (
              <th scope="col" key={column} aria-sort={by.value === column ? "descending" : "none"}>
                <button type="button" title={title} onClick={() => (by.value = column)}>
                  {label}
                  {by.value === column ? " ↓" : ""}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, most).map((line) => (
            <tr key={`${line.service} ${line.name} ${line.title}`} class={line.failures > 0 ? "bad" : ""}>
              <th scope="row">
                <button type="button" title="Go to the slowest" onClick={() => TraceState.select(line.slowest)}>
                  {line.title}
                </button>{" "}
                <span class="faint">{line.title.startsWith(line.name) ? "" : line.name}</span>{" "}
                <Service name={line.service} />
              </th>
              {columns.map(([column]) => (
                <td key={column}>
                  {column === "count" || column === "failures"
                    ? line[column].toLocaleString("en")
                    : Words.duration(line[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > most && <p class="faint">{sorted.length - most} more kinds of spans.</p>}
    </section>
  )
}
