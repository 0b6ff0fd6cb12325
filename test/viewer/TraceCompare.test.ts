import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { titleOf } from "../../src/viewer/SpanTitle.ts"
import * as Timeline from "../../src/viewer/Timeline.ts"
import * as TraceCompare from "../../src/viewer/TraceCompare.ts"
import { forest, large } from "./forests.ts"
import { order, type SpanLine, span } from "./traces.ts"

const steps = (...lines: ReadonlyArray<Omit<SpanLine, "name" | "id"> & { readonly step: string }>) =>
  Timeline.make([
    span({ id: 1, name: "workflow.execute", to: 100, ...(lines.some(({ error }) => error) ? { error: "no" } : {}) }),
    ...lines.map(({ step, ...line }, index) =>
      span({
        parent: 1,
        to: index + 2,
        from: index + 1,
        ...line,
        id: index + 2,
        name: "workflow.step.execute",
        attributes: { node_id: step }
      })
    )
  ])

const told = ({ parting, rows }: TraceCompare.Comparison) => ({
  rows: rows.map(({ after, before, verdict }) => `${titleOf((before ?? after)!.span)} ${verdict}`),
  parting: parting === undefined ? undefined : titleOf((parting.before ?? parting.after)!.span)
})

describe("comparing two traces", () => {
  it("names the step at which they part, not the spans that failed because of it", () => {
    const before = steps({ step: "load" }, { step: "charge" }, { step: "ship" })
    const after = steps({ step: "load" }, { step: "charge", error: "declined" })
    assert.deepStrictEqual(told(TraceCompare.of(before, after)), {
      rows: ["workflow.execute failed", "load same", "charge failed", "ship missing"],
      parting: "charge"
    })
  })

  it("shows what only one of them did where it did it", () => {
    const before = steps({ step: "load" }, { step: "ship" })
    const after = steps({ step: "check" }, { step: "load" }, { step: "wrap" }, { step: "ship" })
    assert.deepStrictEqual(told(TraceCompare.of(before, after)), {
      rows: ["workflow.execute same", "check added", "load same", "wrap added", "ship same"],
      parting: "check"
    })
  })

  it("does not call another pace a parting, but says it", () => {
    const before = steps({ step: "load", from: 1, to: 5 })
    const after = steps({ step: "load", from: 1, to: 50 })
    assert.deepStrictEqual(told(TraceCompare.of(before, after)), {
      rows: ["workflow.execute same", "load slower"],
      parting: undefined
    })
  })

  it("tells failures of different kinds apart", () => {
    const failing = (type: string) =>
      Timeline.make([span({ id: 1, name: "a", error: "no", attributes: { "error.type": type } })])
    assert.strictEqual(TraceCompare.of(failing("Declined"), failing("Timeout")).parting?.verdict, "otherwise")
    assert.isUndefined(TraceCompare.of(failing("Declined"), failing("Declined")).parting)
  })

  it("finds nothing between a trace and itself, and every span of both between any two", () => {
    assert.isUndefined(TraceCompare.of(Timeline.make(order), Timeline.make(order)).parting)
    fc.assert(
      fc.property(forest, forest, (one, other) => {
        const [before, after] = [Timeline.make(one), Timeline.make(other)]
        assert.isTrue(TraceCompare.of(before, before).rows.every(({ verdict }) => verdict === "same"))
        const { rows } = TraceCompare.of(before, after)
        assert.strictEqual(new Set(rows.flatMap((row) => row.before ?? [])).size, one.length)
        assert.strictEqual(new Set(rows.flatMap((row) => row.after ?? [])).size, other.length)
      })
    )
  })

  it("is done with large traces soon", () => {
    const timeline = Timeline.make(large(50_000))
    const started = performance.now()
    assert.strictEqual(TraceCompare.of(timeline, Timeline.make(large(49_000))).rows.length, 50_000)
    assert.isBelow(performance.now() - started, 8000)
  })
})
