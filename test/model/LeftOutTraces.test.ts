import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { capacity, LeftOutTraces } from "../../src/model/LeftOutTraces.ts"

describe("traces of which something was left out", () => {
  it("are remembered with the last reason, the latest first", () => {
    const traces = new LeftOutTraces()
    traces.note("a", "queue_full")
    traces.note("b", "ratio")
    traces.note("a", "queue_full")
    assert.deepStrictEqual(traces.all, [
      { traceId: "b", reason: "ratio", times: 1 },
      { traceId: "a", reason: "queue_full", times: 2 }
    ])
    traces.note("a", "rejected")
    assert.deepStrictEqual(traces.all[0], { traceId: "a", reason: "rejected", times: 1 })
  })

  it("are none that nobody could ask for: what has no id costs nothing and breaks nothing", () => {
    const traces = new LeftOutTraces()
    for (const id of [undefined, null, 5, {}]) traces.note(id as never, "ratio")
    traces.note("", "ratio")
    assert.deepStrictEqual(traces.all, [])
  })

  it("are forgotten where they are whole after all", () => {
    const traces = new LeftOutTraces()
    for (const id of ["0af1", "1af1", "2af1"]) traces.note(id, "ratio")
    traces.forget("1af1")
    traces.forget("unknown")
    assert.deepStrictEqual(
      traces.all.map(({ traceId }) => traceId),
      ["2af1", "0af1"]
    )
  })

  it("are never more than a hundred, the last that were noted", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(300), fc.constantFrom("ratio", "queue_full")), { maxLength: 500 }),
        (notes) => {
          const traces = new LeftOutTraces()
          for (const [id, reason] of notes) traces.note(String(id), reason)
          const { all } = traces
          assert.isAtMost(all.length, capacity)
          assert.strictEqual(new Set(all.map(({ traceId }) => traceId)).size, all.length)
          const last = notes.at(-1)
          if (last !== undefined) {
            assert.isTrue(all.some(({ reason, traceId }) => traceId === String(last[0]) && reason === last[1]))
          }
        }
      )
    )
  })
})
