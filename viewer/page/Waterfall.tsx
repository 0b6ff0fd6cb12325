import { useEffect, useMemo, useRef } from "preact/hooks"
import * as RowWindow from "../../src/viewer/RowWindow.ts"
import { route } from "./Route.ts"
import * as TraceState from "./TraceState.ts"
import { useWindow } from "./useWindow.ts"
import { type Scale, WaterfallRow } from "./WaterfallRow.tsx"
import * as Words from "./Words.ts"

const rowHeight = 26

const Axis = ({ scale }: { readonly scale: Scale }) => (
  <div class="axis" aria-hidden="true">
    <div class="name" />
    <div class="lane">
      {[0, 0.25, 0.5, 0.75].map((at) => (
        <span key={at} style={{ left: `${at * 100}%` }}>
          {at === 0 && scale.from === 0 ? "0" : Words.duration(scale.from + at * scale.width)}
        </span>
      ))}
    </div>
  </div>
)

export const Waterfall = ({ open }: { readonly open: TraceState.OpenTrace }) => {
  const box = useRef<HTMLDivElement>(null)
  const rows = TraceState.rows.value
  const { from, height, to } = useWindow(box, rows.length, rowHeight)
  const selected = TraceState.selected.value
  const hits = useMemo(() => new Set(TraceState.hits.value), [TraceState.hits.value])
  const segments = useMemo(() => Map.groupBy(open.path, ({ at }) => at), [open])
  const focused = TraceState.focus.value === undefined ? undefined : open.byId.get(TraceState.focus.value)
  const scale: Scale =
    focused === undefined
      ? { from: 0, width: Math.max(1, open.timeline.duration) }
      : { from: focused.start, width: Math.max(1, focused.reach - focused.start) }
  useEffect(() => {
    const element = box.current
    const at = rows.findIndex((row) => row.at === selected)
    if (element === null || at < 0) return
    element.scrollTop = RowWindow.reveal(at, rowHeight, element.scrollTop, element.clientHeight)
  }, [selected, rows])
  return (
    <section class="waterfall" aria-label="Waterfall">
      <Axis scale={scale} />
      <div class="scroll" ref={box}>
        <div
          class="rows"
          role="tree"
          tabIndex={0}
          aria-label={`Spans of ${route.value.traceId}`}
          {...(selected === undefined ? {} : { "aria-activedescendant": `row-${selected.span.spanId}` })}
          style={{ height: `${height}px` }}
        >
          {rows.slice(from, to).map((row, index) => (
            <WaterfallRow
              key={row.at.span.spanId}
              row={row}
              top={(from + index) * rowHeight}
              position={from + index}
              scale={scale}
              segments={segments.get(row.at) ?? []}
              isHit={hits.has(row.at)}
              isSelected={row.at === selected}
              critical={open.critical.has(row.at)}
            />
          ))}
        </div>
      </div>
    </section>
  )
}
