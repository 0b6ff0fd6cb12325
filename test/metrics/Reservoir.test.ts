import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { ExemplarBoard, ExemplarSlot } from "../../src/metrics/ExemplarBoard.ts"
import * as Reservoir from "../../src/metrics/Reservoir.ts"
import type { Exemplar } from "../../src/model/MetricReading.ts"

const of = (trace: string, value: number): Exemplar => ({ value, time: 1n, traceId: trace, spanId: "s" })

const values = (reservoir: Reservoir.Reservoir) => reservoir.shown().map(({ value }) => value)

describe("examples of a histogram", () => {
  it("are one for each bucket, the last that was measured in it", () => {
    const board = new ExemplarBoard()
    board.keep("t")
    const reservoir = Reservoir.alignedBuckets(board, [1, 2])
    for (const value of [0.5, 1, 1.5, 7, 9]) reservoir.offer(of("t", value))
    assert.deepStrictEqual(values(reservoir), [1, 1.5, 9])
  })

  it("are in the bucket that holds them, wherever its bounds are", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.double({ noNaN: true }), { maxLength: 20 }),
        fc.double({ noNaN: true }),
        (unsorted, value) => {
          const bounds = unsorted.toSorted((a, b) => a - b)
          const bucket = Reservoir.bucketOf(bounds, value)
          assert.isTrue(bucket === bounds.length || value <= bounds[bucket]!)
          assert.isTrue(bucket === 0 || value > bounds[bucket - 1]!)
        }
      )
    )
  })
})

describe("examples of a counter", () => {
  it("are so many, and each measurement is as likely among them as any other", () => {
    let state = 1
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    const seen = Array.from({ length: 20 }, () => 0)
    for (let round = 0; round < 5000; round++) {
      const board = new ExemplarBoard()
      board.keep("t")
      const reservoir = Reservoir.fixedSize(board, 4, random)
      for (let value = 0; value < seen.length; value++) reservoir.offer(of("t", value))
      assert.lengthOf(values(reservoir), 4)
      for (const value of values(reservoir)) seen[value]!++
    }
    // 4 of 20, in 5,000 rounds: 1,000 each, give or take five standard deviations
    for (const count of seen) assert.closeTo(count, 1000, 150)
  })
})

describe("an example", () => {
  it("is shown only once its trace is kept", () => {
    const board = new ExemplarBoard()
    const reservoir = Reservoir.alignedBuckets(board, [])
    reservoir.offer(of("dropped", 1))
    reservoir.offer(of("kept", 2))
    reservoir.offer(of("undecided", 3))
    assert.deepStrictEqual(values(reservoir), [])
    board.keep("kept")
    assert.deepStrictEqual(values(reservoir), [2])
    reservoir.offer(of("another", 4))
    assert.deepStrictEqual(values(reservoir), [2])
    reservoir.offer(of("kept", 5))
    assert.deepStrictEqual(values(reservoir), [5])
  })

  it("is read by any number of readers", () => {
    const board = new ExemplarBoard()
    board.keep("t")
    const reservoir = Reservoir.alignedBuckets(board, [])
    reservoir.offer(of("t", 1))
    assert.deepStrictEqual([values(reservoir), values(reservoir)], [[1], [1]])
  })

  it("waits in bounded room: the trace that waits longest is forgotten", () => {
    const board = new ExemplarBoard({ traces: 100 })
    const slots = Array.from({ length: 100_000 }, (_, index) => {
      const slot = new ExemplarSlot()
      board.offer(slot, of(`t${index}`, index))
      assert.isAtMost(board.waiting, 100)
      return slot
    })
    board.keep("t0")
    board.keep("t99999")
    assert.isUndefined(slots[0]?.shown)
    assert.strictEqual(slots[99_999]?.shown?.value, 99_999)
  })

  it("is not taken any more once all is over", () => {
    const board = new ExemplarBoard()
    const slot = new ExemplarSlot()
    board.offer(slot, of("t", 1))
    board.close()
    board.keep("t")
    board.offer(slot, of("t", 2))
    assert.isUndefined(slot.shown)
    assert.strictEqual(board.waiting, 0)
  })
})
