import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { LatencySketch } from "../../src/pipeline/LatencySketch.ts"
import * as spans from "../export/spans.ts"

const run = (millis: number, name = "run", attributes: Record<string, string> = {}) =>
  spans.make({ name, attributes, endTime: 1_700_000_000_000_000_000n + BigInt(Math.round(millis * 1e6)) })

describe("a latency sketch", () => {
  it("calls about the share that is asked for the slowest, whatever the durations are", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 6 }), (first, wide) => {
        const sketch = new LatencySketch(0.05)
        let slowest = 0
        for (let index = 0; index < 4000; index++) {
          // Evenly spread, in no order
          const spread = (first + index * 0.618_033_988_75) % 1
          if (sketch.observe(run(0.01 * 10 ** (wide * spread)))) slowest++
        }
        // Half is what wide buckets may hide, and more is what comes by chance
        assert.isAtMost(slowest, 4000 * 0.05 * 1.3)
        assert.isAtLeast(slowest, 4000 * 0.05 * 0.5)
      }),
      { numRuns: 20 }
    )
  })

  it("calls nothing slow before it has seen enough, nor what is as slow as all others", () => {
    const sketch = new LatencySketch(0.01)
    assert.isFalse(sketch.observe(run(10)))
    assert.isFalse(sketch.observe(run(10_000)))
    for (let index = 0; index < 500; index++) assert.isFalse(sketch.observe(run(10)))
    assert.isTrue(sketch.observe(run(60)))
  })

  it("tells operations apart by their workflow, queue or route", () => {
    const sketch = new LatencySketch(0.01)
    for (let index = 0; index < 500; index++) {
      sketch.observe(run(10, "workflow.execute", { workflow_id: "quick" }))
      sketch.observe(run(1000, "workflow.execute", { workflow_id: "slow" }))
    }
    assert.isTrue(sketch.observe(run(200, "workflow.execute", { workflow_id: "quick" })))
    assert.isFalse(sketch.observe(run(200, "workflow.execute", { workflow_id: "slow" })))
  })

  it("follows the times", () => {
    const sketch = new LatencySketch(0.01)
    for (let index = 0; index < 5000; index++) sketch.observe(run(10))
    assert.isTrue(sketch.observe(run(100)))
    for (let index = 0; index < 100_000; index++) sketch.observe(run(100))
    assert.isFalse(sketch.observe(run(100)))
    assert.isTrue(sketch.observe(run(500)))
  })

  it("takes as many operations as come, in bounded memory, and durations of all sizes", () => {
    const sketch = new LatencySketch(0.5)
    for (let index = 0; index < 100_000; index++) sketch.observe(run(10, `run ${index}`))
    assert.isTrue(sketch.observe(run(1e9, "another")))
    assert.isFalse(sketch.observe(run(0, "another")))
  })
})
