/**
 * Large traces: what a span costs when its trace has ten spans, and when it has a hundred thousand.
 *
 * Wide is one parent with many children, deep is a chain of children. And what
 * stays in memory when a collector takes a batch and never answers, and when it
 * takes one batch after the other.
 */
import { type Stage, Tracing } from "@gorax/tracing"
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import * as Heap from "./Heap.ts"
import * as HotPath from "./HotPath.ts"
import * as Peer from "./Peer.ts"
import * as Step from "./Step.ts"
import * as Timing from "./Timing.ts"

/** So many spans are made in each run, in few traces or in many. */
const spansPerRun = 100_000

/** A sink without a queue: what is measured is the trace, not how a queue fills. */
const discarding: Stage = () =>
  Effect.succeed({ push: () => undefined, flush: Effect.succeed({ exported: 0, left: 0 }) })
const ours = () => Peer.ours({ stages: [discarding] })

const step = Step.traced(Step.body)

const wide = (spans: number): Effect.Effect<void> => Step.traced(Step.times(spans - 1, step))

const deep = (spans: number): Effect.Effect<void> =>
  spans === 1
    ? step
    : Step.traced(
        Effect.andThen(
          Step.body,
          Effect.suspend(() => deep(spans - 1))
        )
      )

/** Effect's own spans with the tracer turned off: what nesting costs although nothing is made. */
const nested = (spans: number): Effect.Effect<void> =>
  Step.spanned(
    spans === 1
      ? Step.nothing
      : Effect.andThen(
          Step.nothing,
          Effect.suspend(() => nested(spans - 1))
        )
  )

const untraced = (spans: number): Effect.Effect<void> => Effect.withTracerEnabled(nested(spans), false)

const trace = (make: (spans: number) => Effect.Effect<void>, spans: number, layer = ours().layer): HotPath.Variant => {
  return async () => {
    const run = await Peer.build(layer)
    const traces = Step.times(spansPerRun / spans, make(spans))
    return { figure: await Timing.perCall(() => run(traces), spansPerRun, 8) }
  }
}

const growth = async (layer: Layer.Layer<never, unknown>, spans = 100_000): Promise<HotPath.Figures> => {
  const run = await Peer.build(layer)
  const some = Step.underParent(1000, Effect.andThen(step, Effect.yieldNow))
  const many = async (count: number): Promise<number> => {
    for (let made = 0; made < count; made += 1000) await run(some)
    return Heap.inUse()
  }
  // By then every queue is full
  const before = await many(60_000)
  return { figure: ((await many(spans)) - before) / 2 ** 20 }
}

/** Long enough that a few bytes a span would be seen. */
const soak = 1_000_000

const stalledOurs = Tracing.layer({
  exporter: "none",
  otelContext: "off",
  exporters: [{ export: () => Effect.never }]
})

const stalledNative = OtlpTracer.layer({
  url: "http://localhost:4318/v1/traces",
  resource: { serviceName: "bench" }
}).pipe(
  Layer.provide([
    OtlpSerialization.layerJson,
    Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make(() => Effect.never)
    )
  ])
)

type Size = "10" | "1000" | "100000"
type Name = `${"wide" | "deep"}${Size}` | "untraced100000" | "stalled" | "stalledNative" | "delivered" | "deliveredSdk"

/** A hundred thousand spans that are open at once are garbage that must be carried before it is any. */
const guards: Readonly<Partial<Record<Name, number>>> = { deep100000: 3 }

const flat = (shape: "wide" | "deep", size: Size): HotPath.Bar<Name> => ({
  bar: "S9",
  name: `span in a ${shape} trace of ${size}`,
  ours: `${shape}${size}`,
  peer: `${shape}10`,
  peerName: "ours, trace of 10",
  unit: "ns",
  compares: "ratio",
  target: 1.2,
  guard: guards[`${shape}${size}`] ?? 1.2
})

export const path = HotPath.make<Name>({
  rounds: 3,
  variants: {
    wide10: trace(wide, 10),
    wide1000: trace(wide, 1000),
    wide100000: trace(wide, 100_000),
    deep10: trace(deep, 10),
    deep1000: trace(deep, 1000),
    deep100000: trace(deep, 100_000),
    untraced100000: trace(untraced, 100_000, Peer.off),
    stalled: () => growth(stalledOurs),
    stalledNative: () => growth(stalledNative),
    delivered: () => growth(Peer.ours().layer, soak),
    deliveredSdk: () => growth(Peer.bridge().layer, soak)
  },
  bars: [
    flat("wide", "1000"),
    flat("wide", "100000"),
    flat("deep", "1000"),
    flat("deep", "100000"),
    {
      bar: "S9",
      name: "span in a deep trace of 100000",
      ours: "deep100000",
      peer: "untraced100000",
      peerName: "Effect.withSpan, disabled",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S9",
      name: "growth over 100,000 spans, collector stalled",
      ours: "stalled",
      peer: "stalledNative",
      peerName: "effect/observability",
      unit: "MiB",
      compares: "amount",
      target: 1
    },
    {
      bar: "S9",
      name: "growth over 1,000,000 spans, delivered",
      ours: "delivered",
      peer: "deliveredSdk",
      peerName: "@effect/opentelemetry",
      unit: "MiB",
      compares: "amount",
      target: 1
    }
  ]
})
