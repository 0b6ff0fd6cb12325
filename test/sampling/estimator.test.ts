import { assert, describe, it } from "@effect/vitest"
import { Sampler } from "@gorax/tracing"

/** Numbers of 32 bits that come again on every run: xorshift, with a seed. */
const drawing = (seed: number) => () => {
  seed ^= seed << 13
  seed ^= seed >>> 17
  seed ^= seed << 5
  return seed >>> 0
}

const word = (value: number): string => value.toString(16).padStart(8, "0")

interface Hop {
  readonly name: string
  readonly sampler: Sampler.Sampler
  recorded: number
  /** The sum of the adjusted counts of what was recorded. */
  estimate: number
  /** And of their squares, less their number: how far the estimate may be off. */
  variance: number
  unknown: number
}

const hop = (name: string, sampler: Sampler.Sampler): Hop => ({
  name,
  sampler,
  recorded: 0,
  estimate: 0,
  variance: 0,
  unknown: 0
})

interface Sent {
  readonly traceId: string
  readonly traceFlags: number
  readonly traceState: string
}

/** One span of a hop, and the context that it sends on. */
const pass = (at: Hop, traceId: string, from: Sent | undefined): Sent => {
  const decision = at.sampler.decide({
    traceId,
    name: at.name,
    kind: "server",
    attributes: new Map(),
    links: [],
    parent: from && { ...from, spanId: "1".repeat(16), isRemote: true }
  })
  const traceState = decision.traceState ?? from?.traceState ?? ""
  if (decision.sampled) {
    at.recorded++
    const count = Sampler.adjustedCount(traceState)
    if (count === undefined) at.unknown++
    else {
      at.estimate += count
      at.variance += count * (count - 1)
    }
  }
  return { traceId, traceFlags: decision.sampled ? 1 : 0, traceState }
}

const run = (
  traces: number,
  hops: ReadonlyArray<Hop>,
  begin: (draw: () => number) => Sent | undefined = () => undefined
) => {
  const draw = drawing(20_260_101)
  let torn = 0
  for (let trace = 0; trace < traces; trace++) {
    const traceId = word(draw()) + word(draw()) + word(draw()) + word(draw())
    let sent = begin(draw)
    const kept = hops.map((at) => {
      sent = pass(at, traceId, sent && { ...sent, traceId })
      return sent.traceFlags
    })
    // Who keeps more keeps all that others keep: hops are listed from the highest rate to the lowest
    if (kept.some((flag, index) => index > 0 && flag > kept[index - 1]!)) torn++
  }
  return torn
}

/** Five standard deviations: once in millions of seeds, and this seed is always the same. */
const holds = (at: Hop, traces: number): void => {
  assert.strictEqual(at.unknown, 0, at.name)
  assert.approximately(at.estimate, traces, 5 * Math.sqrt(at.variance), at.name)
}

const million = 333_334
const traces = 60_000

describe("how many spans there were, told by those that were kept, over three hops", () => {
  it("is right at each hop of a million spans, where each has a rate of its own; and who keeps more keeps all that others keep", () => {
    const hops = [
      hop("half", Sampler.parentBased(Sampler.ratio(0.5))),
      hop("a third of all", Sampler.ratio(1 / 3)),
      hop("one in a thousand", Sampler.ratio(0.001))
    ]
    assert.strictEqual(run(million, hops), 0)
    for (const at of hops) holds(at, million)
    assert.approximately(hops[2]!.recorded / million, 0.001, 0.0003)
  })

  it("is right where two follow the parent, of a rate they do not know", () => {
    const hops = ["first", "second", "third"].map((name, index) =>
      hop(name, Sampler.parentBased(Sampler.ratio([0.07, 0.9, 0.001][index]!)))
    )
    assert.strictEqual(run(traces, hops), 0)
    for (const at of hops) holds(at, traces)
    assert.deepStrictEqual(new Set(hops.map(({ recorded }) => recorded)).size, 1)
  })

  it("is right where a later hop keeps more than an earlier one", () => {
    const hops = [hop("tenth", Sampler.ratio(0.1)), hop("half", Sampler.ratio(0.5)), hop("all", Sampler.always)]
    run(traces, hops)
    holds(hops[0]!, traces)
    holds(hops[1]!, traces)
    // It set right what the hops before it said, and says nothing where they said nothing: one is one
    assert.strictEqual(hops[2]!.recorded, traces)
    assert.strictEqual(hops[2]!.estimate + hops[2]!.unknown, traces)
  })

  it("is right by the randomness that came along, where trace ids are not random", () => {
    const hops = [
      hop("half", Sampler.ratio(0.5)),
      hop("tenth", Sampler.ratio(0.1)),
      hop("follows", Sampler.parentBased(Sampler.never))
    ]
    const draw56 = (draw: () => number) => word(draw()) + word(draw()).slice(2)
    const explicit = (draw: () => number): Sent => ({
      traceId: "",
      traceFlags: 0,
      traceState: `vendor=1,ot=rv:${draw56(draw)}`
    })
    const sameIds = hops.map(({ name, sampler }) =>
      hop(name, { ...sampler, decide: (input) => sampler.decide({ ...input, traceId: "f".repeat(32) }) })
    )
    assert.strictEqual(run(traces, sameIds, explicit), 0)
    for (const at of sameIds) holds(at, traces)
  })

  it("is never too high where a limit leaves traces out: those that nobody can count count once", () => {
    let now = 0n
    const clock = { monotonicTimeNanosUnsafe: () => (now += 1_000_000n) }
    const limited = hop("limited", Sampler.perTenant(Sampler.ratio(0.5), { tracesPerSecond: 100, clock }))
    const tenant = { ...limited, sampler: Sampler.firstOf([], limited.sampler) }
    tenant.sampler = {
      ...tenant.sampler,
      decide: (input) => limited.sampler.decide({ ...input, attributes: new Map([["tenant_id", "acme"]]) })
    }
    run(20_000, [tenant])
    assert.isAbove(tenant.unknown, 0)
    assert.isBelow(tenant.estimate + tenant.unknown, 20_000)
  })
})
