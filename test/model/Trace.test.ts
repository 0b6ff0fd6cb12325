import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Trace from "../../src/model/Trace.ts"
import { span, type SpanLine } from "../viewer/traces.ts"

const draw = (...lines: ReadonlyArray<SpanLine>): string =>
  Trace.draw(Trace.fromSpans(lines.map(span)), ({ name }) => name)

const last = (millis: number): string =>
  Trace.formatDuration({ startTime: 0n, endTime: BigInt(Math.round(millis * 1e6)) })

describe("Trace", () => {
  it("hangs spans under their parents, whatever the order they came in", () => {
    assert.strictEqual(
      draw(
        { id: 4, parent: 2, name: "d", from: 3 },
        { id: 3, parent: 1, name: "c", from: 4 },
        { id: 1, name: "a", from: 0 },
        { id: 2, parent: 1, name: "b", from: 1 },
        { id: 5, parent: 2, name: "e", from: 3.5 }
      ),
      `
a
├─ b
│  ├─ d
│  └─ e
└─ c`.slice(1)
    )
  })

  it("makes a root of a span whose parent is not there", () => {
    assert.strictEqual(draw({ id: 1, name: "a", from: 1 }, { id: 3, parent: 2, name: "orphan", from: 0 }), "orphan\na")
  })

  it("opens a cycle at its earliest span, and keeps the first of two spans with one id", () => {
    assert.strictEqual(
      draw(
        { id: 1, parent: 3, name: "a", from: 0 },
        { id: 2, parent: 1, name: "b", from: 1 },
        { id: 3, parent: 2, name: "c", from: 2 }
      ),
      "a\n└─ b\n   └─ c"
    )
    assert.strictEqual(draw({ id: 1, parent: 1, name: "self" }), "self")
    assert.strictEqual(draw({ id: 1, name: "first" }, { id: 1, name: "second" }), "first")
  })

  it("keeps traces apart that use the same span ids", () => {
    assert.strictEqual(draw({ id: 1, name: "a" }, { id: 2, trace: 2, parent: 1, name: "b" }), "a\nb")
  })

  it("loses no span, whoever claims to be whose parent", () => {
    const lines = fc.array(
      fc.record({ id: fc.integer({ min: 1, max: 20 }), parent: fc.integer({ min: 1, max: 20 }), from: fc.nat(10) })
    )
    fc.assert(
      fc.property(lines, (lines) => {
        const spans = lines.map((line) => span({ ...line, name: String(line.id) }))
        const names = Array.from(Trace.walk(Trace.fromSpans(spans)), (node) => node.span.name)
        assert.deepStrictEqual(names.sort(), [...new Set(lines.map((line) => String(line.id)))].sort())
      })
    )
  })

  it("puts siblings in an order of the reader's own", () => {
    const lines = ["b", "c", "a"].map((name, id) => span({ id: id + 2, parent: 1, name }))
    const roots = Trace.fromSpans([span({ id: 1, name: "root" }), ...lines], (self, that) =>
      self.span.name < that.span.name ? -1 : 1
    )
    assert.strictEqual(
      Trace.draw(roots, ({ name }) => name),
      "root\n├─ a\n├─ b\n└─ c"
    )
  })

  it("keeps the further lines of a label inside its branch", () => {
    const roots = Trace.fromSpans([
      span({ id: 1, name: "a" }),
      span({ id: 2, parent: 1, name: "b" }),
      span({ id: 3, parent: 2, name: "c" }),
      span({ id: 4, parent: 1, name: "d" })
    ])
    assert.strictEqual(
      Trace.draw(roots, ({ name }, { column, parent }) => `${name} ${column} ${parent?.name ?? ""}\n!`),
      `
a 0${" "}
│  !
├─ b 3 a
│  │  !
│  └─ c 6 b
│        !
└─ d 3 a
      !`.slice(1)
    )
  })

  it("draws a trace a hundred thousand spans wide, and one twenty thousand deep", () => {
    const wide = Array.from({ length: 100_000 }, (_, index) => span({ id: index + 2, parent: 1, name: "x" }))
    assert.strictEqual(
      Trace.draw(Trace.fromSpans([span({ id: 1, name: "root" }), ...wide]), () => "x").split("\n").length,
      100_001
    )
    const deep = Array.from({ length: 20_000 }, (_, index) =>
      span({ id: index + 1, ...(index > 0 && { parent: index }), name: "x" })
    )
    let depth = 0
    for (const node of Trace.walk(Trace.fromSpans(deep))) depth += node.children.length
    assert.strictEqual(depth, 19_999)
  })

  it("says durations as people do", () => {
    assert.deepStrictEqual(
      [
        0, 0.0004, 0.85, 0.9996, 1, 9.94, 9.96, 12.4, 999.4, 999.6, 1240, 59_990, 59_996, 125_000, 3_599_999, 3_600_000,
        12_000_000, 100_800_000
      ].map(last),
      [
        "0µs",
        "0µs",
        "850µs",
        "1.0ms",
        "1.0ms",
        "9.9ms",
        "10ms",
        "12ms",
        "999ms",
        "1.00s",
        "1.24s",
        "59.99s",
        "1m 00s",
        "2m 05s",
        "1h 00m",
        "1h 00m",
        "3h 20m",
        "1d 04h"
      ]
    )
  })
})
