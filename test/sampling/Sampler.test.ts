import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Ids from "../../src/tracer/Ids.ts"
import * as Sampler from "../../src/sampling/Sampler.ts"

const input = (
  traceId: string,
  parent?: { readonly sampled: boolean; readonly isRemote: boolean; readonly traceState?: string },
  attributes: Sampler.SamplingInput["attributes"] = new Map()
): Sampler.SamplingInput => ({
  traceId,
  name: "work",
  kind: "internal",
  attributes,
  links: [],
  parent: parent && {
    traceId,
    spanId: "1".repeat(16),
    traceFlags: parent.sampled ? 1 : 0,
    traceState: parent.traceState ?? "",
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

/** Ends in the randomness: half of all are kept, and a tenth. */
const high = `${"0".repeat(18)}f0000000000000`
const middle = `${"0".repeat(18)}90000000000000`
const low = `${"f".repeat(18)}10000000000000`

describe("what a sampler says of its probability", () => {
  const remote = (traceState: string, sampled = true) => ({ sampled, isRemote: true, traceState })

  it("a ratio says its threshold where it keeps, and none where it does not", () => {
    const half = Sampler.ratio(0.5)
    assert.deepStrictEqual(half.decide(input(high)), { sampled: true, reason: "ratio", traceState: "ot=th:8" })
    assert.deepStrictEqual(half.decide(input(low)), { sampled: false, reason: "ratio" })
    assert.deepStrictEqual(Sampler.ratio(1).decide(input(low)), {
      sampled: true,
      reason: "ratio",
      traceState: "ot=th:0"
    })
    assert.deepStrictEqual(Sampler.ratio(0).decide(input(high)), { sampled: false, reason: "ratio" })
  })

  it("an independent ratio replaces the threshold of another service, and keeps what others wrote", () => {
    const tenth = Sampler.ratio(0.1)
    assert.deepStrictEqual(tenth.decide(input(high, remote("a=1,ot=th:8;x:1"))), {
      sampled: true,
      reason: "ratio",
      traceState: "ot=th:e666;x:1,a=1"
    })
    assert.deepStrictEqual(tenth.decide(input(middle, remote("a=1,ot=th:8"))), {
      sampled: false,
      reason: "ratio",
      traceState: "a=1"
    })
  })

  it("the randomness that arrives decides instead of the trace id, and is handed on", () => {
    const half = Sampler.ratio(0.5)
    const kept = half.decide(input(low, remote("ot=rv:f0000000000000", false)))
    assert.deepStrictEqual(kept, { sampled: true, reason: "ratio", traceState: "ot=th:8;rv:f0000000000000" })
    const left = half.decide(input(high, remote("ot=th:0;rv:10000000000000")))
    assert.deepStrictEqual(left, { sampled: false, reason: "ratio", traceState: "ot=rv:10000000000000" })
  })

  it("who keeps everything says nothing of it, but sets another rate right", () => {
    assert.deepStrictEqual(Sampler.always.decide(input(low)), { sampled: true, reason: "always" })
    assert.deepStrictEqual(Sampler.always.decide(input(low, remote("a=1"))), { sampled: true, reason: "always" })
    assert.strictEqual(Sampler.always.decide(input(high, remote("a=1,ot=th:8"))).traceState, "ot=th:0,a=1")
  })

  it("who keeps nothing hands on no threshold", () => {
    assert.deepStrictEqual(Sampler.never.decide(input(high)), { sampled: false, reason: "never" })
    assert.strictEqual(
      Sampler.never.decide(input(high, remote("ot=th:8;rv:f0000000000000"))).traceState,
      "ot=rv:f0000000000000"
    )
  })

  it("who follows a parent hands its threshold on", () => {
    const sampler = Sampler.parentBased(Sampler.never)
    assert.deepStrictEqual(sampler.decide(input(high, remote("a=1,ot=th:8"))), { sampled: true, reason: "parent" })
    assert.deepStrictEqual(sampler.decide(input(high, remote("a=1"))), { sampled: true, reason: "parent" })
    assert.deepStrictEqual(sampler.decide(input(low, remote("a=1", false))), { sampled: false, reason: "parent" })
  })

  it("and not one by which the parent would not have been sampled, or that is none", () => {
    const sampler = Sampler.parentBased(Sampler.never)
    assert.strictEqual(sampler.decide(input(low, remote("a=1,ot=th:8"))).traceState, "a=1")
    assert.strictEqual(
      sampler.decide(input(high, remote("ot=th:8;rv:10000000000000"))).traceState,
      "ot=rv:10000000000000"
    )
    assert.strictEqual(sampler.decide(input(high, remote("ot=th:nonsense,a=1"))).traceState, "a=1")
    assert.strictEqual(sampler.decide(input(high, remote("ot=th:8", false))).traceState, "")
  })
})

describe("the first of several", () => {
  const isPoll = ({ attributes }: Sampler.SamplingInput) => attributes.get("kind") === "poll"
  const sampler = Sampler.firstOf(
    [Sampler.when(isPoll, Sampler.never), Sampler.when(() => false, Sampler.never)],
    Sampler.ratio(0.5)
  )
  it("decides whose case it is, and the last where it is nobody's", () => {
    assert.deepStrictEqual(sampler.decide(input(high, undefined, new Map([["kind", "poll"]]))), {
      sampled: false,
      reason: "never"
    })
    assert.strictEqual(sampler.decide(input(high)).traceState, "ot=th:8")
    assert.strictEqual(sampler.description, "firstof(always_off,always_off,traceidratio(0.5))")
  })
})

describe("an annotated sampler", () => {
  it("adds attributes to what is kept, and the sampler's own win", () => {
    const inner = Sampler.annotate(Sampler.always, { a: "inner", b: 1 })
    const sampler = Sampler.annotate(inner, (input, { reason }) => ({ a: "outer", reason, name: input.name }))
    assert.deepStrictEqual(sampler.decide(input(high)).attributes, { a: "inner", b: 1, reason: "always", name: "work" })
    assert.isUndefined(Sampler.annotate(Sampler.never, { a: 1 }).decide(input(high)).attributes)
    // Else children of sampled parents would not be asked, and say nothing
    assert.isNotTrue(sampler.recordsBelowSampled)
    assert.isTrue(Sampler.annotate(Sampler.never, {}).declinesBelowUnsampled)
  })

  it("that explains itself says its reason where a trace begins or comes in, and there alone", () => {
    const sampler = Sampler.explained(Sampler.always)
    const reason = { "gorax.sampling.reason": "always" }
    assert.deepStrictEqual(sampler.decide(input(high)).attributes, reason)
    assert.deepStrictEqual(sampler.decide(input(high, { sampled: true, isRemote: true })).attributes, reason)
    assert.isUndefined(sampler.decide(input(high, { sampled: true, isRemote: false })).attributes)
    assert.isTrue(sampler.recordsBelowSampled)
  })
})

it("a replaceable sampler is the one it was replaced by, in all that it says of itself", () => {
  const sampler = Sampler.replaceable(Sampler.always)
  assert.isTrue(sampler.recordsBelowSampled)
  Effect.runSync(sampler.replace(Sampler.never))
  assert.isFalse(sampler.decide(input(high)).sampled)
  assert.isFalse(sampler.recordsBelowSampled)
  assert.isTrue(sampler.declinesBelowUnsampled)
  assert.strictEqual(Sampler.parentBased(sampler).description, "parentbased_always_off")
  assert.strictEqual(Effect.runSync(sampler.current), Sampler.never)
})
