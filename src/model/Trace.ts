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

const byStart = <Span extends SpanData>(self: SpanNode<Span>, that: SpanNode<Span>): number =>
  self.span.startTime < that.span.startTime ? -1 : self.span.startTime > that.span.startTime ? 1 : 0

/**
 * Hangs spans under their parents; siblings in the order they began.
 *
 * Total: a span whose parent is not among them becomes a root, of two spans
 * with one id the first is kept, and a cycle is opened at its earliest span.
 */
export const fromSpans = <Span extends SpanData>(spans: Iterable<Span>): ReadonlyArray<SpanNode<Span>> => {
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
      waiting.push(...node.children)
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
  return roots.sort(byStart)
}

/** Every span of the tree, parents before their children. */
export function* walk<Span extends SpanData>(roots: ReadonlyArray<SpanNode<Span>>): Generator<SpanNode<Span>> {
  const waiting = roots.toReversed()
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node
    waiting.push(...node.children.toReversed())
  }
}

/** Draws the tree with one line a span. Iterative, so a trace ten thousand spans deep is drawn too. */
export const draw = <Span extends SpanData>(
  roots: ReadonlyArray<SpanNode<Span>>,
  label: (span: Span) => string
): string => {
  const lines: Array<string> = []
  const waiting: Array<{ readonly node: SpanNode<Span>; readonly stem: string; readonly indent: string }> = roots
    .map((node) => ({ node, stem: "", indent: "" }))
    .reverse()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { indent, node, stem } = next
    lines.push(stem + label(node.span))
    for (let index = node.children.length - 1; index >= 0; index--) {
      const last = index === node.children.length - 1
      waiting.push({
        node: node.children[index]!,
        stem: `${indent}${last ? "└─ " : "├─ "}`,
        indent: `${indent}${last ? "   " : "│  "}`
      })
    }
  }
  return lines.join("\n")
}

/** A duration as people say it: `850µs`, `12ms`, `1.24s`, `2m 05s`. */
export const formatDuration = (span: Pick<SpanData, "startTime" | "endTime">): string => {
  const millis = durationMillis(span)
  if (millis < 1) return `${Math.round(millis * 1000)}µs`
  if (millis < 1000) return `${millis < 10 ? millis.toFixed(1) : Math.round(millis)}ms`
  if (millis < 60_000) return `${(millis / 1000).toFixed(2)}s`
  return `${Math.floor(millis / 60_000)}m ${String(Math.floor((millis % 60_000) / 1000)).padStart(2, "0")}s`
}
