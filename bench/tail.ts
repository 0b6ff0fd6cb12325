/**
 * One step span of a run that sampling left out, recorded all the same, beside one that head sampling chose.
 *
 * A thousand steps make a run, and its verdict falls when it ends: let go, or
 * kept and batched like sampled ones.
 */
import { Sampler } from "@gorax/tracing"
import { Effect } from "effect"
import * as HotPath from "./HotPath.ts"
import * as Peer from "./Peer.ts"
import * as Step from "./Step.ts"
import * as Timing from "./Timing.ts"

const spansPerRun = 1000

const step = Step.traced(Step.body)

const never = Sampler.parentBased(Sampler.never)
const sampled = (): Peer.Peer => Peer.ours()
const unsampled = (): Peer.Peer => Peer.ours({ sampler: never })
const recorded = (): Peer.Peer => Peer.ours({ sampler: never, tailSampling: ["failures"] })

const failing = Effect.fail("the run has failed")

/** A run of many steps; what it ends with is the run's own. */
const runOf = (count: number, inside: Effect.Effect<unknown>, ending: Effect.Effect<void, string>) =>
  Step.times(count, inside).pipe(Effect.andThen(ending), Effect.withSpan("parent"), Effect.exit)

const timed = async (
  peer: Peer.Peer,
  inside: Effect.Effect<unknown>,
  ending: Effect.Effect<void, string> = Effect.void
): Promise<HotPath.Figures> => {
  const run = await Peer.build(peer.layer)
  const program = runOf(spansPerRun, inside, ending)
  return { figure: await Timing.perCall(() => run(program), spansPerRun) }
}

/** What is let go leaves nothing, and what is kept comes out as it was told. */
const checked = async (ending: Effect.Effect<void, string>): Promise<void> => {
  const peer = recorded()
  await Effect.runPromise(runOf(1, step, ending).pipe(Effect.provide(Peer.quiet(peer.layer))))
  if (ending === failing) Peer.assertSeen(peer.seen(), Step.expected)
  else if (peer.seen().length > 0) throw new Error("a run that was let go has left something")
}

export const path = HotPath.make({
  variants: {
    idle: () => timed({ ...sampled(), layer: Peer.off }, Step.nothing),
    sampled: () => timed(sampled(), step),
    unsampled: () => timed(unsampled(), step),
    letGo: async () => {
      await checked(Effect.void)
      return timed(recorded(), step)
    },
    kept: async () => {
      await checked(failing)
      return timed(recorded(), step, failing)
    }
  },
  idle: { sampled: "idle", unsampled: "idle", letGo: "idle", kept: "idle" },
  bars: [
    {
      bar: "S12",
      name: "recorded-only span, its run let go",
      ours: "letGo",
      peer: "sampled",
      peerName: "ours, head-sampled",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S12",
      name: "recorded-only span, its run kept",
      ours: "kept",
      peer: "sampled",
      peerName: "ours, head-sampled",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S12",
      name: "unsampled span, tail sampling off",
      ours: "unsampled",
      peer: "sampled",
      peerName: "ours, head-sampled",
      unit: "ns",
      compares: "ratio"
    }
  ]
})
