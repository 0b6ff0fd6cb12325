/**
 * A trace as a tree: who called whom, drawn for people and compared by tests.
 */
import { durationMillis, type SpanData } from "./SpanData.ts"

export interface SpanNode<Span extends SpanData = SpanData> {
  readonly span: Span
  readonly children: ReadonlyArray<SpanNode<Span>>
}

interface GrowingNode<Span extends SpanData> extends SpanNode<Span> {
  readonly children: Array<GrowingNode<Span>>
}

/** Puts siblings in order: negative when `self` comes first. */
export type SiblingOrder<Span extends SpanData> = (self: SpanNode<Span>, that: SpanNode<Span>) => number

/** The order in which spans began. */
export const byStart = <Span extends SpanData>(self: SpanNode<Span>, that: SpanNode<Span>): number =>
  self.span.startTime < that.span.startTime ? -1 : self.span.startTime > that.span.startTime ? 1 : 0

/**
 * Hangs spans under their parents; siblings in the order they began.
 *
 * Total: a span whose parent is not among them becomes a root, of two spans
 * with one id the first is kept, and a cycle is opened at its earliest span.
 * An `order` of your own meets siblings whose children are in order already.
 */
export const fromSpans = <Span extends SpanData>(
  spans: Iterable<Span>,
  order?: SiblingOrder<Span>
): ReadonlyArray<SpanNode<Span>> => {
  const nodes = new Map<string, GrowingNode<Span>>()
  for (const span of spans) {
    const key = span.traceId + span.spanId
    if (!nodes.has(key)) nodes.set(key, { span, children: [] })
  }
  const sorted = [...nodes.values()].sort(byStart)
  const reached = new Set<GrowingNode<Span>>()
  const reach = (root: GrowingNode<Span>): void => {
    const waiting = [root]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      reached.add(node)
      for (const child of node.children) waiting.push(child)
    }
  }
  const parentOf = (node: GrowingNode<Span>): GrowingNode<Span> | undefined =>
    node.span.parentSpanId === undefined ? undefined : nodes.get(node.span.traceId + node.span.parentSpanId)
  const roots = sorted.filter((node) => parentOf(node) === undefined)
  for (const node of sorted) parentOf(node)?.children.push(node)
  for (const root of roots) reach(root)
  for (const node of sorted) {
    if (reached.has(node)) continue
    const siblings = parentOf(node)!.children
    siblings.splice(siblings.indexOf(node), 1)
    roots.push(node)
    reach(node)
  }
  roots.sort(byStart)
  if (order !== undefined) {
    for (const node of [...walk(roots)].reverse()) node.children.sort(order)
    roots.sort(order)
  }
  return roots
}

/** Every node of the tree, parents before their children. */
export function* walk<Node extends { readonly children: ReadonlyArray<Node> }>(
  roots: ReadonlyArray<Node>
): Generator<Node> {
  const waiting = roots.toReversed()
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node
    for (let index = node.children.length - 1; index >= 0; index--) waiting.push(node.children[index]!)
  }
}

/** Where in the drawing a span stands. */
export interface Place<Span extends SpanData = SpanData> {
  /** How many characters of its line the branches have taken. */
  readonly column: number
  readonly parent: Span | undefined
  readonly children: ReadonlyArray<SpanNode<Span>>
}

/**
 * Draws the tree with one line a span; further lines of a label stay inside its branch.
 *
 * Iterative, so a trace ten thousand spans deep is drawn too.
 */
export const draw = <Span extends SpanData>(
  roots: ReadonlyArray<SpanNode<Span>>,
  label: (span: Span, place: Place<Span>) => string
): string => {
  interface Waiting {
    readonly node: SpanNode<Span>
    readonly parent: Span | undefined
    readonly stem: string
    readonly indent: string
  }
  const lines: Array<string> = []
  const waiting: Array<Waiting> = roots.map((node) => ({ node, parent: undefined, stem: "", indent: "" })).reverse()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const {
      indent,
      node: { children, span },
      parent,
      stem
    } = next
    const [first = "", ...further] = label(span, { column: stem.length, parent, children }).split("\n")
    lines.push(stem + first)
    for (const line of further) lines.push(indent + (children.length > 0 ? "│  " : "   ") + line)
    for (let index = children.length - 1; index >= 0; index--) {
      const last = index === children.length - 1
      waiting.push({
        node: children[index]!,
        parent: span,
        stem: `${indent}${last ? "└─ " : "├─ "}`,
        indent: `${indent}${last ? "   " : "│  "}`
      })
    }
  }
  return lines.join("\n")
}

const inTwo = (total: number, size: number, units: readonly [string, string]): string =>
  `${Math.floor(total / size)}${units[0]} ${String(total % size).padStart(2, "0")}${units[1]}`

/** A duration as people say it: `850µs`, `12ms`, `1.24s`, `2m 05s`, `3h 20m`, `1d 04h`. */
export const formatDuration = (span: Pick<SpanData, "startTime" | "endTime">): string => {
  const millis = durationMillis(span)
  if (millis < 0.9995) return `${Math.round(millis * 1000)}µs`
  if (millis < 9.95) return `${millis.toFixed(1)}ms`
  if (millis < 999.5) return `${Math.round(millis)}ms`
  if (millis < 59_995) return `${(millis / 1000).toFixed(2)}s`
  const seconds = Math.round(millis / 1000)
  if (seconds < 3600) return inTwo(seconds, 60, ["m", "s"])
  const minutes = Math.floor(seconds / 60)
  return minutes < 24 * 60 ? inTwo(minutes, 60, ["h", "m"]) : inTwo(Math.floor(minutes / 60), 24, ["d", "h"])
}
