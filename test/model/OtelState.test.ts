import { assert, describe, it } from "@effect/vitest"
import { Sampler } from "@gorax/tracing"
import * as fc from "fast-check"
import * as TraceState from "../../src/model/TraceState.ts"
import * as OtelState from "../../src/model/OtelState.ts"

const traceId = "00000000000000000000000000c0ffee"

describe("the member of OpenTelemetry", () => {
  it("says the threshold, `0` for all, as in the specification", () => {
    assert.strictEqual(OtelState.thresholdOf("ot=th:0"), "0")
    assert.strictEqual(OtelState.thresholdOf("congo=t61rcWkgMzE,ot=rv:6e6d1a75832a2f;th:c"), "c")
    for (const none of ["", "ot=rv:6e6d1a75832a2f", "ot=th:", "ot=th:xyz", "ot=p:8;r:62", "congo=th:0", "ott=th:0"]) {
      assert.isUndefined(OtelState.thresholdOf(none), none)
    }
  })

  it("says the randomness, else the trace id does; what is no randomness does not count", () => {
    assert.strictEqual(OtelState.randomnessOf(traceId, "ot=rv:6e6d1a75832a2f"), "6e6d1a75832a2f")
    for (const none of ["", "a=1", "ot=th:c", "ot=rv:6e6d1a75832a2", "ot=rv:6E6D1A75832A2F", "ot=rv:6e6d1a75832a2f0"]) {
      assert.strictEqual(OtelState.randomnessOf(traceId, none), traceId, none)
    }
  })

  it("gets another threshold, and keeps all that is not ours to say", () => {
    assert.strictEqual(OtelState.withThreshold("", "e666"), "ot=th:e666")
    assert.strictEqual(OtelState.withThreshold("ot=p:8;r:62", "c"), "ot=th:c;p:8;r:62")
    assert.strictEqual(OtelState.withThreshold("ot=p:8;th:1;r:62", "c"), "ot=th:c;p:8;r:62")
    // Who is changed goes to the front, by W3C
    assert.strictEqual(
      OtelState.withThreshold("congo=t61rcWkgMzE,ot=rv:6e6d1a75832a2f,rojo=00f067aa0ba902b7", "8"),
      "ot=th:8;rv:6e6d1a75832a2f,congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"
    )
  })

  it("loses its threshold, and is gone where nothing else was in it", () => {
    assert.strictEqual(OtelState.withThreshold("ot=th:c;rv:6e6d1a75832a2f", undefined), "ot=rv:6e6d1a75832a2f")
    assert.strictEqual(OtelState.withThreshold("a=1,ot=th:c,b=2", undefined), "a=1,b=2")
    assert.strictEqual(OtelState.withThreshold("ot=th:c", undefined), "")
    assert.strictEqual(OtelState.withThreshold("a=1,ot=rv:6e6d1a75832a2f", undefined), "a=1,ot=rv:6e6d1a75832a2f")
  })

  it("never keeps an old threshold where the new one does not fit into 256 characters", () => {
    const full = `ot=k:${"x".repeat(246)};th:1`
    assert.strictEqual(full.length, 3 + 253)
    assert.strictEqual(OtelState.thresholdOf(OtelState.withThreshold(full, "8")), "8")
    assert.isUndefined(OtelState.thresholdOf(OtelState.withThreshold(full, "fd70a4")))
    assert.include(OtelState.withThreshold(full, "fd70a4"), "k:xxx")
  })

  it("takes the last place where there are 32 members already, as W3C has it", () => {
    const others = Array.from({ length: 32 }, (_, index) => `k${index}=${index}`)
    const written = OtelState.withThreshold(others.join(","), "8").split(",")
    assert.deepStrictEqual(written, ["ot=th:8", ...others.slice(0, 31)])
  })

  it("writes states that can be read, and says what was written, whatever stands there", () => {
    const word = fc.string({ unit: fc.constantFrom(..."abcxyz0189._-"), minLength: 1, maxLength: 12 })
    const key = fc.constantFrom("ot", "a", "congo", "rojo", "tenant@system", "o", "ott")
    const value = fc.oneof(
      word,
      fc
        .array(fc.tuple(fc.constantFrom("th", "rv", "p", "x"), word).map((pair) => pair.join(":")))
        .map((parts) => parts.join(";") || "x")
    )
    const state = fc
      .array(
        fc.tuple(key, value).map((pair) => pair.join("=")),
        { maxLength: 32 }
      )
      .map((members) => TraceState.parse([members.join(",")]))
    const threshold = fc.constantFrom("0", "8", "e666", "ffbe77", undefined)
    fc.assert(
      fc.property(state, threshold, (before, threshold) => {
        const after = OtelState.withThreshold(before, threshold)
        assert.strictEqual(TraceState.parse([after]), after)
        assert.strictEqual(OtelState.thresholdOf(after), threshold)
        assert.strictEqual(OtelState.randomnessOf(traceId, after), OtelState.randomnessOf(traceId, before))
        const others = (text: string) => text.split(",").filter((member) => !member.startsWith("ot=") && member !== "")
        assert.deepStrictEqual(others(after), others(before).slice(0, threshold === undefined ? 32 : 31))
      })
    )
  })
})

describe("the adjusted count", () => {
  it("is read from the trace state of a span, and unknown where nobody said a threshold", () => {
    assert.strictEqual(Sampler.adjustedCount("ot=th:c"), 4)
    assert.strictEqual(Sampler.adjustedCount("a=1,ot=rv:6e6d1a75832a2f;th:0"), 1)
    assert.isUndefined(Sampler.adjustedCount(""))
    assert.isUndefined(Sampler.adjustedCount("ot=rv:6e6d1a75832a2f"))
  })
})
