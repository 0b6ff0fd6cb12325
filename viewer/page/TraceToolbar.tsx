import * as Keys from "./Keys.ts"
import { go, route, type View } from "./Route.ts"
import { SearchField } from "./SearchField.tsx"
import * as TraceState from "./TraceState.ts"
import * as Words from "./Words.ts"

const names: Readonly<Record<View, string>> = { waterfall: "Waterfall", flame: "Flame", table: "Table", logs: "Logs" }

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

export const TraceToolbar = () => {
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
