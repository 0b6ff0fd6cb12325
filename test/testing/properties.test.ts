import { assert, describe, it } from "@effect/vitest"
import { SpanTree } from "@gorax/tracing/testing"
import type { SpanData } from "@gorax/tracing"
import * as fc from "fast-check"
import { span } from "./spans.ts"

/** For each span but the first: which of those before it is its parent, and what it is called. */
const shapes = fc.array(fc.record({ parent: fc.nat(), name: fc.constantFrom("a", "b", "c") }), {
  minLength: 1,
  maxLength: 12
})

interface Tree {
  readonly spans: ReadonlyArray<SpanData>
  /** What is expected of the tree, with siblings the other way round. */
  readonly pattern: (left: ReadonlySet<SpanData>) => SpanTree.SpanPattern
}

const treeOf = (shape: ReadonlyArray<{ readonly parent: number; readonly name: string }>): Tree => {
  const root = span("root")
  const spans = [root]
  for (const { name, parent } of shape) spans.push(span(name, { of: spans[parent % spans.length]! }))
  const patternOf = (one: SpanData, left: ReadonlySet<SpanData>): SpanTree.SpanPattern => ({
    name: one.name,
    children: spans
      .filter((child) => child.parentSpanId === one.spanId && !left.has(child))
      .toReversed()
      .map((child) => patternOf(child, left))
  })
  return { spans, pattern: (left) => patternOf(root, left) }
}

describe("expecting trees", () => {
  it("holds for every tree and itself, however many spans have one name", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { pattern, spans } = treeOf(shape)
        assert.isUndefined(SpanTree.differenceOf(spans, pattern(new Set())))
      })
    )
  })

  it("never holds where a span is missing or was not expected, and marks at least its line", () => {
    fc.assert(
      fc.property(shapes, fc.nat(), (shape, which) => {
        const { pattern, spans } = treeOf(shape)
        const leaves = spans.filter(({ spanId }) => !spans.some(({ parentSpanId }) => parentSpanId === spanId))
        const leaf = leaves[which % leaves.length]!
        const unexpected = SpanTree.differenceOf(spans, pattern(new Set([leaf])))
        assert.match(unexpected ?? "", new RegExp(`^\\+ .*${leaf.name}$`, "m"))
        const missing = SpanTree.differenceOf(
          spans.filter((one) => one !== leaf),
          pattern(new Set())
        )
        assert.match(missing ?? "", new RegExp(`^- .*${leaf.name}$`, "m"))
      })
    )
  })

  it("in order holds for the order of the spans, and for no other", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b"), { maxLength: 8 }),
        fc.array(fc.constantFrom("a", "b"), { maxLength: 8 }),
        (there, wanted) => {
          const root = span("root", { endTime: 100n })
          const spans = [root, ...there.map((name, at) => span(name, { of: root, startTime: BigInt(at) }))]
          const difference = SpanTree.differenceOf(spans, { ordered: true, children: wanted })
          assert.strictEqual(difference === undefined, there.join() === wanted.join())
        }
      )
    )
  })
})
