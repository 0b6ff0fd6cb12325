/**
 * The list of traces: live, and still while it is read.
 */
import { computed, effect, signal } from "@preact/signals"
import type { About, TraceLine, ViewerEvent } from "../../src/viewer/ViewerApi.ts"
import * as Client from "./Client.ts"
import { route } from "./Route.ts"

/** As many as a viewer holds, unless it was told otherwise. */
export const most = 1000

/** What the server has for this search. */
const latest = signal<ReadonlyArray<TraceLine>>([])
/** What is on the screen. */
export const shown = signal<ReadonlyArray<TraceLine>>([])
export const problems = signal<ReadonlyArray<string>>([])
export const counts = signal<ViewerEvent["counts"] | undefined>(undefined)
/** What the server says of itself. */
export const about = signal<About | undefined>(undefined)
export const connected = signal(false)
export const loaded = signal(false)
/** The line that j and k have moved to; -1 before. */
export const cursor = signal(-1)
export const scrolled = signal(false)
export const hovered = signal(false)

const reading = computed(() => scrolled.value || hovered.value || cursor.value >= 0)

/** Traces that have come since the list stands still. */
export const fresh = computed(() => {
  const known = new Set(shown.value.map(({ traceId }) => traceId))
  return latest.value.filter(({ traceId }) => !known.has(traceId)).length
})

export const showFresh = (): void => {
  shown.value = latest.value
  cursor.value = -1
}

/** Lines that are on the screen say what is true now; nothing moves. */
const refresh = (traces: ReadonlyArray<TraceLine>): void => {
  const lines = new Map(traces.map((line) => [line.traceId, line]))
  shown.value = shown.value.map((line) => lines.get(line.traceId) ?? line)
}

let searched: string | undefined
let asking = false
let again = false

/** Asks once more when something changed while it was being answered: never twice at a time. */
export const load = async (): Promise<void> => {
  again = asking
  if (asking) return
  asking = true
  const { query } = route.value
  try {
    const found = await Client.list(query, most)
    latest.value = found.traces
    problems.value = found.problems
    counts.value = found.counts
    if (about.value === undefined || about.value.tee !== undefined) about.value = await Client.about()
    loaded.value = true
    if (searched !== query || !reading.value) shown.value = found.traces
    else refresh(found.traces)
    if (searched !== query) cursor.value = -1
    searched = query
  } catch {
    connected.value = false
  } finally {
    asking = false
    if (again || query !== route.value.query) setTimeout(() => void load(), 250)
  }
}

/** Traces that changed, for whoever shows one of them. */
export const grown = signal<ReadonlySet<string>>(new Set())

export const start = (): void => {
  Client.listen({
    connected: (is) => (connected.value = is),
    changed: (event) => {
      counts.value = event.counts
      if (event.gone.length > 0) {
        const gone = new Set(event.gone)
        shown.value = shown.value.filter(({ traceId }) => !gone.has(traceId))
      }
      grown.value = new Set(event.grown.map(({ traceId }) => traceId))
      void load()
    }
  })
  effect(() => {
    if (route.value.query !== searched) void load()
  })
}
