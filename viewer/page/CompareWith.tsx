import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import * as Client from "./Client.ts"
import { toComparison } from "./Route.ts"
import * as TraceState from "./TraceState.ts"
import * as Words from "./Words.ts"

/** Another trace of the same workflow, one that went well before others. */
export const CompareWith = ({ open }: { readonly open: TraceState.OpenTrace }) => {
  const lines = useSignal<ReadonlyArray<{ readonly traceId: string; readonly label: string }>>([])
  const workflow = TraceState.workflowOf(open)
  useEffect(() => {
    const root = open.timeline.roots[0]!.span.name
    const query = workflow === "" ? `operation:"${root}"` : `workflow:"${workflow}"`
    const look = async (): Promise<void> => {
      const { traces } = await Client.list(query, 50)
      lines.value = traces
        .filter(({ traceId }) => traceId !== open.traceId)
        .sort((self, that) => Number(self.error) - Number(that.error))
        .map(({ durationMillis, error, startTimeUnixNano, traceId }) => ({
          traceId,
          label: `${error ? "✗" : "✓"} ${Words.clock(startTimeUnixNano)} ${Words.duration(durationMillis * 1e6)}`
        }))
    }
    look().catch(() => (lines.value = []))
  }, [open.traceId])
  return (
    <select
      aria-label="Compare with another trace of this workflow"
      disabled={lines.value.length === 0}
      value=""
      onChange={({ currentTarget }) => toComparison(currentTarget.value, open.traceId)}
    >
      <option value="">{lines.value.length === 0 ? "Nothing to compare" : "Compare with …"}</option>
      {lines.value.map(({ label, traceId }) => (
        <option key={traceId} value={traceId}>
          {label}
        </option>
      ))}
    </select>
  )
}
