import { useMemo } from "preact/hooks"
import * as FlameGraph from "../../src/viewer/FlameGraph.ts"
import { colourOf } from "./Service.tsx"
import * as TraceState from "./TraceState.ts"
import * as Words from "./Words.ts"

const height = 22

/** Blocks of one kind are one block, as wide as they took; press one to see its first span. */
export const FlameView = ({ open }: { readonly open: TraceState.OpenTrace }) => {
  const graph = useMemo(() => FlameGraph.of(open.timeline), [open])
  return (
    <section class="flame scroll" aria-label="Flame graph">
      <div style={{ height: `${graph.depth * height}px` }}>
        {graph.blocks.map(({ count, depth, example, failures, left, name, service, title, total, width }) => {
          const label = `${title}${count > 1 ? ` ×${count}` : ""}`
          const said = `${label}, ${Words.duration(total)}${failures > 0 ? `, ${failures} with errors` : ""}`
          return (
            <button
              type="button"
              key={`${example.index}`}
              class={`block ${failures > 0 ? "failed" : colourOf(service)}${TraceState.selected.value === example ? " selected" : ""}`}
              style={{ left: `${left * 100}%`, width: `${width * 100}%`, top: `${depth * height}px` }}
              title={`${name}: ${said} (${service})`}
              aria-label={said}
              onClick={() => TraceState.select(example)}
            >
              {width > 0.03 ? `${label} ${Words.duration(total)}` : ""}
            </button>
          )
        })}
      </div>
    </section>
  )
}
