import { signal } from "@preact/signals"
import type { TraceLine } from "../../src/viewer/ViewerApi.ts"
import * as ListState from "./ListState.ts"
import { linkTo, toComparison, toTrace } from "./Route.ts"
import * as Words from "./Words.ts"

/** The trace that is to be compared with the next one chosen. */
const chosen = signal("")

export const ListLine = ({ at, line }: { readonly at: number; readonly line: TraceLine }) => {
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
