/**
 * The keyboard. Keys do nothing while somebody types, except Escape, which leaves the field.
 */
import { signal } from "@preact/signals"
import * as ListState from "./ListState.ts"
import { go, route, toList, toTrace, views } from "./Route.ts"
import { nextTheme } from "./Theme.ts"
import * as TraceState from "./TraceState.ts"

export const help = signal(false)

/** Every key and what it does: the help shows this table. */
export const keys: ReadonlyArray<readonly [keys: string, does: string]> = [
  ["j  k  ↓  ↑", "next and previous line"],
  ["Enter", "open the trace; show or hide the span's detail"],
  ["→  ←", "unfold and fold the span; ← again goes to the one around it"],
  ["/", "search"],
  ["e  E", "next and previous error"],
  ["n  N", "next and previous hit; in the list, n shows what is new"],
  ["1  2  3  4", "waterfall, flame graph, table, logs"],
  ["f", "focus on the span and what is beneath it, and back"],
  ["z", "fold all, unfold all"],
  ["h", "hide noise: what is short, went well and held nobody up"],
  ["o", "errors first"],
  ["t", "dark, light, as the system"],
  ["Escape", "leave the field, close, go back"],
  ["?", "this help"]
]

const focusSearch = (): void => {
  const field = document.querySelector<HTMLInputElement>("input[type=search]")
  field?.focus()
  field?.select()
}

const moveInList = (by: number): void => {
  const { length } = ListState.shown.value
  if (length > 0) ListState.cursor.value = Math.max(0, Math.min(length - 1, ListState.cursor.value + by))
}

/** The next line that failed. */
const errorInList = (by: 1 | -1): void => {
  const lines = ListState.shown.value
  const { length } = lines
  for (let turn = 1, at = ListState.cursor.value; turn <= length; turn++) {
    at = (at + by + length) % length
    if (lines[at]!.error) {
      ListState.cursor.value = at
      return
    }
  }
}

const inList: Readonly<Record<string, () => void>> = {
  j: () => moveInList(1),
  k: () => moveInList(-1),
  ArrowDown: () => moveInList(1),
  ArrowUp: () => moveInList(-1),
  e: () => errorInList(1),
  E: () => errorInList(-1),
  n: ListState.showFresh,
  Enter: () => {
    const line = ListState.shown.value[ListState.cursor.value]
    if (line !== undefined) toTrace(line.traceId)
  },
  Escape: () => {
    ListState.cursor.value = -1
  }
}

const unfold = (): void => {
  const node = TraceState.selected.value
  if (node === undefined) return
  if (TraceState.folded.value.has(node.span.spanId)) TraceState.fold(node, false)
  else TraceState.move(1)
}

const foldOrLeave = (): void => {
  const node = TraceState.selected.value
  if (node === undefined) return
  if (node.children.length > 0 && !TraceState.folded.value.has(node.span.spanId)) TraceState.fold(node, true)
  else if (node.parent !== undefined) TraceState.select(node.parent)
}

const toggle = (state: { value: boolean }) => (): void => {
  state.value = !state.value
}

export const toggleFocus = (): void => {
  const id = TraceState.selected.value?.span.spanId
  TraceState.focus.value = TraceState.focus.value === id ? undefined : id
}

const inTrace: Readonly<Record<string, () => void>> = {
  j: () => TraceState.move(1),
  k: () => TraceState.move(-1),
  ArrowDown: () => TraceState.move(1),
  ArrowUp: () => TraceState.move(-1),
  PageDown: () => TraceState.move(20),
  PageUp: () => TraceState.move(-20),
  Home: () => TraceState.move(-Infinity),
  End: () => TraceState.move(Infinity),
  ArrowRight: unfold,
  ArrowLeft: foldOrLeave,
  Enter: toggle(TraceState.detailed),
  e: () => TraceState.step(TraceState.failures.value, 1),
  E: () => TraceState.step(TraceState.failures.value, -1),
  n: () => TraceState.step(TraceState.hits.value, 1),
  N: () => TraceState.step(TraceState.hits.value, -1),
  f: toggleFocus,
  z: TraceState.foldAll,
  h: toggle(TraceState.hideNoise),
  o: toggle(TraceState.errorsFirst),
  Escape: () => (TraceState.focus.value === undefined ? toList() : (TraceState.focus.value = undefined)),
  ...Object.fromEntries(views.map((view, index) => [String(index + 1), () => go({ view })]))
}

const everywhere: Readonly<Record<string, () => void>> = { "/": focusSearch, t: nextTheme, "?": toggle(help) }
const inComparison: Readonly<Record<string, () => void>> = { Escape: () => history.back() }

const tables = { list: inList, trace: inTrace, compare: inComparison }

/** What already has a meaning of its own where the focus is. */
const isTaken = (target: EventTarget | null, key: string): boolean =>
  target instanceof HTMLElement &&
  (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || (key === "Enter" && /^(BUTTON|A|SUMMARY)$/.test(target.tagName)))

export const start = (): void =>
  addEventListener("keydown", (event) => {
    const { ctrlKey, key, metaKey, altKey, target } = event
    if (ctrlKey || metaKey || altKey) return
    if (isTaken(target, key)) {
      if (key === "Escape" && target instanceof HTMLElement) target.blur()
      return
    }
    const does = help.value && key === "Escape" ? toggle(help) : (tables[route.value.page][key] ?? everywhere[key])
    if (does === undefined) return
    event.preventDefault()
    does()
  })
