/**
 * A trace as a flame graph: spans that do the same thing at the same place are one block, as wide as they took.
 *
 * What ran at once is laid side by side, so a block can be wider than the
 * wall time of what is around it; then all are scaled to fit.
 */
import { kindOf } from "./SpanTitle.ts"
import type { Timeline, TimelineSpan } from "./Timeline.ts"

export interface FlameBlock {
  readonly name: string
  /** What its spans are about. */
  readonly title: string
  readonly service: string
  readonly depth: number
  /** Shares of the whole width, 0 to 1. */
  readonly left: number
  readonly width: number
  readonly count: number
  readonly failures: number
  /** Nanoseconds, all its spans together. */
  readonly total: number
  /** One of its spans. */
  readonly example: TimelineSpan
}

export interface FlameGraph {
  readonly blocks: ReadonlyArray<FlameBlock>
  readonly depth: number
}

/** Blocks narrower than this cannot be seen, nor can what is in them. */
const narrowest = 0.0005

/** With what runs on after them: a message is taken when its sender is long done. */
const extent = (nodes: ReadonlyArray<TimelineSpan>): number =>
  nodes.reduce((total, { reach, start }) => total + (reach - start), 0)

export const of = ({ roots }: Timeline): FlameGraph => {
  interface Waiting {
    readonly alike: ReadonlyArray<TimelineSpan>
    readonly depth: number
    readonly left: number
    readonly width: number
  }
  const blocks: Array<FlameBlock> = []
  const waiting: Array<Waiting> = []
  let deepest = 0
  /** Lays groups side by side; `whole` is what the full width stands for. */
  const lay = (nodes: ReadonlyArray<TimelineSpan>, depth: number, left: number, width: number, whole: number): void => {
    const groups = [
      ...Map.groupBy(nodes, (node) => `${node.service}\n${node.span.name}\n${kindOf(node.span)}`).values()
    ]
    const total = Math.max(whole, extent(nodes))
    if (total === 0) return
    let from = left
    for (const alike of groups) {
      const share = (extent(alike) / total) * width
      if (share >= narrowest) waiting.push({ alike, depth, left: from, width: share })
      from += share
    }
  }
  lay(roots, 0, 0, 1, 0)
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { alike, depth, left, width } = next
    const example = alike[0]!
    const total = alike.reduce((sum, { end, start }) => sum + (end - start), 0)
    deepest = Math.max(deepest, depth + 1)
    blocks.push({
      name: example.span.name,
      title: kindOf(example.span),
      service: example.service,
      depth,
      left,
      width,
      count: alike.length,
      failures: alike.filter(({ failures }) => failures > 0).length,
      total,
      example
    })
    lay(
      alike.flatMap(({ children }) => children),
      depth + 1,
      left,
      width,
      extent(alike)
    )
  }
  return { blocks, depth: deepest }
}
