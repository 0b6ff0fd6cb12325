/**
 * What is different between the trees that a test expects and those that are there, drawn like a good diff.
 *
 * ```
 *   workflow.execute
 * - ├─ workflow.step.execute node_id=charge-card no error
 * + ├─ workflow.step.execute node_id=charge-card ✗ Declined
 * - └─ workflow.step.execute node_id=ship
 * ```
 */
import type { SpanData } from "../model/SpanData.ts"
import * as Trace from "../model/Trace.ts"
import * as FieldPattern from "./FieldPattern.ts"
import { type Compared, type Node, SpanComparison } from "./SpanComparison.ts"
import * as SpanFields from "./SpanFields.ts"
import * as SpanPattern from "./SpanPattern.ts"

const drawn = (roots: ReadonlyArray<Compared>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const draw = (one: Compared, stem: string, indent: string): void => {
    if (one.isSame) lines.push(`  ${stem}${one.there}`)
    else {
      if (one.wanted !== undefined) lines.push(`- ${stem}${one.wanted}`)
      if (one.there !== undefined) lines.push(`+ ${stem}${one.there}`)
    }
    for (const [index, child] of one.children.entries()) {
      const last = index === one.children.length - 1
      draw(child, `${indent}${last ? "└─ " : "├─ "}`, `${indent}${last ? "   " : "│  "}`)
    }
  }
  for (const root of roots) draw(root, "", "")
  return lines
}

/** Finds spans by their ids. */
export const finder = (spans: Iterable<SpanData>): SpanFields.Find => {
  const byId = new Map<string, SpanData>()
  for (const span of spans) byId.set(span.traceId + span.spanId, span)
  return ({ spanId, traceId }) => byId.get(traceId + spanId)
}

/**
 * Compares trees with what is expected of them; `undefined` where nothing is different.
 *
 * The expected roots are all there are, in any order. Says in its first line how many lines are different. `find` follows
 * links.
 */
export const between = (
  roots: ReadonlyArray<Node>,
  patterns: ReadonlyArray<SpanPattern.SpanPattern>,
  find: SpanFields.Find
): string | undefined => {
  const comparison = new SpanComparison(find, SpanPattern.keysOf(patterns))
  const { children, cost } = comparison.siblings(patterns, roots, { ordered: false, others: false })
  if (cost === 0) return undefined
  const count = [...Trace.walk(children)].filter(({ isSame }) => !isSame).length
  return [
    `The spans are not as expected: ${count} difference${count === 1 ? "" : "s"} (- expected, + there).`,
    ...drawn(children)
  ].join("\n")
}

/** The tree that comes closest to what is expected, and what it lacks; `undefined` where there are no trees. */
export const nearest = (
  nodes: ReadonlyArray<Node>,
  pattern: SpanPattern.SpanPattern,
  find: SpanFields.Find
): string | undefined => {
  const fields = SpanFields.of(pattern, find)
  const [best] = nodes
    .map((node) => ({ node, lines: FieldPattern.compare(fields, node.span) }))
    .sort((self, that) => self.lines.mismatches - that.lines.mismatches)
  if (best === undefined) return undefined
  const { there, wanted } = best.lines
  return best.lines.mismatches === 0
    ? between([best.node], [pattern], find)
    : `The closest (- expected, + there):\n- ${SpanPattern.withClue(wanted, pattern)}\n+ ${there}`
}
