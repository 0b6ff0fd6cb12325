/**
 * The trace that is open, and how it is looked at.
 */
import { batch, computed, effect, signal } from "@preact/signals"
import * as AttributeKeys from "../../src/model/AttributeKeys.ts"
import * as CriticalPath from "../../src/viewer/CriticalPath.ts"
import * as RootCause from "../../src/viewer/RootCause.ts"
import { hasFailed } from "../../src/viewer/SpanFailure.ts"
import * as Timeline from "../../src/viewer/Timeline.ts"
import * as TimeSplit from "../../src/viewer/TimeSplit.ts"
import * as TraceDocument from "../../src/viewer/TraceDocument.ts"
import * as TraceLogs from "../../src/viewer/TraceLogs.ts"
import * as TraceQuery from "../../src/viewer/TraceQuery.ts"
import * as TraceRows from "../../src/viewer/TraceRows.ts"
import * as Client from "./Client.ts"
import * as ListState from "./ListState.ts"
import { go, route } from "./Route.ts"

export interface OpenTrace {
  readonly traceId: string
  readonly timeline: Timeline.Timeline
  readonly path: ReadonlyArray<CriticalPath.PathSegment>
  readonly critical: ReadonlySet<Timeline.TimelineSpan>
  readonly split: TimeSplit.TimeSplit
  readonly cause: Timeline.TimelineSpan | undefined
  readonly byId: ReadonlyMap<string, Timeline.TimelineSpan>
  /** What was logged, and what happened in spans, in time order. */
  readonly lines: ReadonlyArray<TraceLogs.LogLine>
  /** In the order in which they are coloured. */
  readonly services: ReadonlyArray<string>
}

const layOut = (document: TraceDocument.TraceDocument): OpenTrace => {
  const timeline = Timeline.make(TraceDocument.toSpans(document))
  const path = CriticalPath.of(timeline)
  return {
    traceId: document.traceId,
    timeline,
    path,
    critical: CriticalPath.spansOf(path),
    split: TimeSplit.of(path),
    cause: RootCause.of(timeline),
    byId: new Map(timeline.spans.map((node) => [node.span.spanId, node])),
    lines: TraceLogs.of(timeline, TraceDocument.toLogs(document)),
    services: [...new Set(timeline.spans.map(({ service }) => service))]
  }
}

export const load = async (traceId: string): Promise<OpenTrace> => layOut(await Client.trace(traceId))

/** The workflow that it is a run of, as the first span says that knows; empty where none does. */
export const workflowOf = ({ timeline }: OpenTrace): string => {
  const knowing = timeline.spans.find(({ span }) => span.attributes.has(AttributeKeys.workflowId))
  return String(knowing?.span.attributes.get(AttributeKeys.workflowId) ?? "")
}

export const open = signal<OpenTrace | undefined>(undefined)
export const trouble = signal("")
export const stale = signal(false)

export const folded = signal<ReadonlySet<string>>(new Set())
export const focus = signal<string | undefined>(undefined)
export const hideNoise = signal(false)
export const errorsFirst = signal(false)
/** Whether the detail of the selected span is on the screen. */
export const detailed = signal(true)

export const rows = computed(() =>
  open.value === undefined
    ? []
    : TraceRows.of(open.value.timeline, {
        folded: folded.value,
        focus: focus.value,
        hideNoise: hideNoise.value,
        errorsFirst: errorsFirst.value,
        critical: open.value.critical
      })
)

export const selected = computed(() => open.value?.byId.get(route.value.spanId))

/** The spans that what is searched for in the trace was found in. */
export const hits = computed((): ReadonlyArray<Timeline.TimelineSpan> => {
  const { find } = route.value
  if (open.value === undefined || find.trim() === "") return []
  const query = TraceQuery.parse(find, BigInt(Date.now()) * 1_000_000n)
  return open.value.timeline.spans.filter(({ span }) => TraceQuery.matchesSpan(query, span))
})

export const failures = computed(() => (open.value?.timeline.spans ?? []).filter(({ span }) => hasFailed(span)))

/** Makes sure that the span has a row. */
const uncover = (node: Timeline.TimelineSpan): void => {
  const path = Timeline.pathTo(node)
  const around = path.slice(0, -1).map(({ span }) => span.spanId)
  if (around.some((id) => folded.value.has(id))) {
    folded.value = new Set([...folded.value].filter((id) => !around.includes(id)))
  }
  if (focus.value !== undefined && !path.some(({ span }) => span.spanId === focus.value)) focus.value = undefined
  if (hideNoise.value && !rows.value.some(({ at }) => at === node)) hideNoise.value = false
}

export const select = (node: Timeline.TimelineSpan | undefined): void =>
  batch(() => {
    if (node !== undefined) uncover(node)
    go({ spanId: node?.span.spanId ?? "" }, true)
  })

/** Selects it, and shows its detail. */
export const openDetail = (node: Timeline.TimelineSpan): void => {
  detailed.value = true
  select(node)
}

/** The next of these after the selected one, round and round; the one before with -1. */
export const step = (among: ReadonlyArray<Timeline.TimelineSpan>, by: 1 | -1): void => {
  if (among.length === 0) return
  const at = selected.value?.index ?? (by === 1 ? -1 : Infinity)
  const next = by === 1 ? among.find(({ index }) => index > at) : among.findLast(({ index }) => index < at)
  select(next ?? among.at(by === 1 ? 0 : -1))
}

/** The row so far below the selected one, or above it. */
export const move = (by: number): void => {
  const all = rows.value
  const at = all.findIndex((row) => row.at === selected.value)
  const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[Math.max(0, Math.min(all.length - 1, at + by))]
  if (next !== undefined) go({ spanId: next.at.span.spanId }, true)
}

export const fold = (node: Timeline.TimelineSpan, closed: boolean): void => {
  const next = new Set(folded.value)
  if (closed && node.children.length > 0) next.add(node.span.spanId)
  else next.delete(node.span.spanId)
  folded.value = next
}

/** Folds everything below the first steps, or opens it again. */
export const foldAll = (): void => {
  folded.value =
    folded.value.size > 0
      ? new Set()
      : new Set(
          (open.value?.timeline.spans ?? [])
            .filter(({ children, depth }) => depth > 0 && children.length > 0)
            .map(({ span }) => span.spanId)
        )
}

/** Where nothing is selected, what one wants to see first: the reason it failed, or its first span. */
const selectFirst = ({ byId, cause, timeline }: OpenTrace): void => {
  if (byId.has(route.value.spanId)) return
  go({ spanId: (cause ?? timeline.roots[0])?.span.spanId ?? "" }, true)
}

/** Larger traces are not read anew each time they grow: that is said, and done when asked. */
const readAgainUpTo = 5000

export const reload = async (): Promise<void> => {
  const { traceId } = route.value
  try {
    const loaded = await load(traceId)
    if (route.value.traceId !== traceId) return
    batch(() => {
      const isOther = open.value?.traceId !== loaded.traceId
      open.value = loaded
      trouble.value = ""
      stale.value = false
      if (!isOther) return
      folded.value = new Set()
      focus.value = undefined
      hideNoise.value = false
      selectFirst(loaded)
    })
  } catch (error) {
    if (route.value.traceId === traceId) trouble.value = error instanceof Error ? error.message : String(error)
  }
}

export const start = (): void => {
  effect(() => {
    const { page, traceId } = route.value
    const current = open.peek()
    if (page !== "trace") return
    if (current?.traceId === traceId.toLowerCase()) return selectFirst(current)
    open.value = undefined
    trouble.value = ""
    void reload()
  })
  effect(() => {
    const current = open.peek()
    if (route.peek().page !== "trace" || !ListState.grown.value.has(route.peek().traceId)) return
    if (current !== undefined && current.timeline.spans.length + current.lines.length > readAgainUpTo)
      stale.value = true
    else void reload()
  })
}
