import { assert, describe, it } from "@effect/vitest"
import * as Ids from "../../src/tracer/Ids.ts"
import * as Sampler from "../../src/sampling/Sampler.ts"

const input = (
  traceId: string,
  parent?: { readonly sampled: boolean; readonly isRemote: boolean }
): Sampler.SamplingInput => ({
  traceId,
  name: "work",
  kind: "internal",
  attributes: new Map(),
  links: [],
  parent: parent && {
    traceId,
    spanId: "1".repeat(16),
    traceFlags: parent.sampled ? 1 : 0,
    traceState: "",
    isRemote: parent.isRemote
  }
})

describe("ratio", () => {
  const traceIds = Array.from({ length: 20_000 }, Ids.secure().traceId)
  const kept = (share: number) => traceIds.filter((id) => Sampler.ratio(share).decide(input(id)).sampled)

  for (const share of [0, 0.01, 0.25, 0.5, 1]) {
    it(`keeps about ${share * 100} % of traces`, () => {
      const deviation = 5 * Math.sqrt((share * (1 - share)) / traceIds.length)
      assert.approximately(kept(share).length / traceIds.length, share, deviation)
    })
  }

  it("keeps at a higher ratio all it keeps at a lower one", () => {
    const more = new Set(kept(0.5))
    assert.isTrue(kept(0.1).every((id) => more.has(id)))
  })

  it("decides by the last 56 bits, at the threshold of the specification", () => {
    const half = Sampler.ratio(0.5)
    assert.isTrue(half.decide(input(`${"0".repeat(18)}80000000000000`)).sampled)
    assert.isFalse(half.decide(input(`${"f".repeat(18)}7fffffffffffff`)).sampled)
  })
})

describe("parent-based", () => {
  const sampler = Sampler.parentBased(Sampler.never)
  it("follows a sampled parent, remote or local", () => {
    assert.isTrue(sampler.decide(input("1".repeat(32), { sampled: true, isRemote: true })).sampled)
    assert.isTrue(sampler.decide(input("1".repeat(32), { sampled: true, isRemote: false })).sampled)
  })
  it("follows an unsampled parent, also where its root sampler keeps everything", () => {
    const always = Sampler.parentBased(Sampler.always)
    assert.isFalse(always.decide(input("1".repeat(32), { sampled: false, isRemote: true })).sampled)
    assert.isFalse(always.decide(input("1".repeat(32), { sampled: false, isRemote: false })).sampled)
  })
  it("asks its root sampler where a trace begins", () => {
    assert.isFalse(sampler.decide(input("1".repeat(32))).sampled)
    assert.strictEqual(sampler.decide(input("1".repeat(32))).reason, "never")
  })
  it("can be told otherwise for each of the four cases", () => {
    const stubborn = Sampler.parentBased(Sampler.never, {
      remoteNotSampled: Sampler.always,
      localSampled: Sampler.never
    })
    assert.isTrue(stubborn.decide(input("1".repeat(32), { sampled: false, isRemote: true })).sampled)
    assert.isFalse(stubborn.decide(input("1".repeat(32), { sampled: true, isRemote: false })).sampled)
    assert.isFalse(stubborn.decide(input("1".repeat(32), { sampled: false, isRemote: false })).sampled)
  })
  it("says in its description what it does", () => {
    assert.strictEqual(Sampler.parentBased(Sampler.ratio(0.1)).description, "parentbased_traceidratio(0.1)")
  })
})
