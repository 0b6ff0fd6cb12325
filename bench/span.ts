/**
 * One step span: a parent, five text attributes, one event, ended well.
 *
 * Each variant does the same work a thousand times under one parent. What the
 * loop and the effect cost without a span is the variant `idle`, and is taken
 * away; the event belongs to the span. Exporters get every batch and throw it
 * away, so that only the making of spans is seen.
 */
import { Sampler } from "@gorax/tracing"
import { AlwaysOffSampler, BasicTracerProvider } from "@opentelemetry/sdk-trace-base"
import { Context, Effect, type Layer } from "effect"
import * as HotPath from "./HotPath.ts"
import * as Peer from "./Peer.ts"
import * as Step from "./Step.ts"
import * as Timing from "./Timing.ts"

const spansPerRun = 1000

const combinator = Step.traced(Step.body)
const throughEffect = Step.spanned(Step.body)

const timed = async (layer: Layer.Layer<never, unknown>, step: Effect.Effect<unknown>): Promise<HotPath.Figures> => {
  const run = await Peer.build(layer)
  const steps = Step.underParent(spansPerRun, step)
  return { figure: await Timing.perCall(() => run(steps), spansPerRun) }
}

/**
 * Programs provide services around their spans, and Effect copies a context that has taken up eight of them when another
 * is added. Which number of services makes a span the ninth depends on the program, so all are tried, and the worst is
 * told.
 */
const amongServices = async (): Promise<HotPath.Figures> => {
  const figures: Array<number> = []
  for (let services = 0; services < 9; services++) {
    let program: Effect.Effect<unknown> = Step.underParent(spansPerRun, combinator)
    for (let index = 0; index < services; index++) {
      const service = Context.Reference<number>(`bench/span/${index}`, { defaultValue: () => 0 })
      program = Effect.provideService(program, service, index)
    }
    const run = await Peer.build(Peer.ours().layer)
    const steps = program
    figures.push(await Timing.perCall(() => run(steps), spansPerRun))
  }
  return { figure: Math.max(...figures) }
}

const recorded = (peer: () => Peer.Peer, step: Effect.Effect<unknown>): HotPath.Variant => {
  return async () => {
    await Peer.check(peer(), step, Step.expected)
    return timed(peer().layer, step)
  }
}

const sdk: HotPath.Variant = async () => {
  const once = Peer.sdk()
  Step.withSdk(once.tracer, 1)
  await once.processor.forceFlush()
  Peer.assertSeen(once.seen(), Step.expected)
  const { tracer } = Peer.sdk()
  return { figure: await Timing.perCall(() => Step.withSdk(tracer, spansPerRun), spansPerRun) }
}

const sdkUnsampled: HotPath.Variant = async () => {
  const tracer = new BasicTracerProvider({ sampler: new AlwaysOffSampler() }).getTracer("bench")
  return { figure: await Timing.perCall(() => Step.withSdk(tracer, spansPerRun), spansPerRun) }
}

const unsampled = Peer.ours({ sampler: Sampler.parentBased(Sampler.never) }).layer

export const path = HotPath.make({
  variants: {
    sdk,
    idle: () => timed(Peer.off, Step.nothing),
    combinator: recorded(Peer.ours, combinator),
    redacted: recorded(Peer.ours, combinator),
    unredacted: recorded(() => Peer.ours({ redaction: "off" }), combinator),
    amongServices,
    publicApi: recorded(Peer.oursOnPublicApi, combinator),
    withSpan: recorded(Peer.ours, throughEffect),
    bridge: recorded(Peer.bridge, throughEffect),
    bridgeInContext: recorded(Peer.bridgeInContext, throughEffect),
    native: recorded(Peer.native, throughEffect),
    disabled: () => timed(Peer.off, Step.traced(Step.nothing)),
    disabledWithEvent: () => timed(Peer.off, combinator),
    disabledPublic: () => timed(Peer.off, Step.spanned(Step.nothing)),
    tracerOff: () => timed(Peer.off, Effect.withTracerEnabled(Step.spanned(Step.nothing), false)),
    unsampled: () => timed(unsampled, Step.traced(Step.nothing)),
    unsampledWithEvent: () => timed(unsampled, combinator),
    sdkUnsampled
  },
  idle: {
    combinator: "idle",
    // What is left is what redaction adds to a span that holds no secret
    redacted: "unredacted",
    amongServices: "idle",
    publicApi: "idle",
    withSpan: "idle",
    bridge: "idle",
    bridgeInContext: "idle",
    native: "idle",
    disabled: "idle",
    disabledWithEvent: "idle",
    disabledPublic: "idle",
    tracerOff: "idle",
    unsampled: "idle",
    unsampledWithEvent: "idle"
  },
  bars: [
    {
      bar: "S1",
      name: "sampled span, combinator",
      ours: "combinator",
      peer: "sdk",
      peerName: "OpenTelemetry SDK",
      unit: "ns",
      compares: "ratio",
      target: 0.45,
      guard: 0.55
    },
    {
      bar: "S1",
      name: "redaction of a span without secrets",
      ours: "redacted",
      peer: "sdk",
      peerName: "OpenTelemetry SDK, the whole span",
      unit: "ns",
      compares: "amount",
      target: 150,
      guard: 250
    },
    {
      bar: "S1",
      name: "sampled span, combinator on Effect's public API",
      ours: "publicApi",
      peer: "sdk",
      peerName: "OpenTelemetry SDK",
      unit: "ns",
      compares: "ratio",
      target: 0.7,
      guard: 0.85
    },
    {
      bar: "S1",
      name: "sampled span, combinator, at the worst number of services",
      ours: "amongServices",
      peer: "sdk",
      peerName: "OpenTelemetry SDK",
      unit: "ns",
      compares: "ratio",
      target: 0.5,
      guard: 0.65
    },
    {
      bar: "S1",
      name: "sampled span, Effect.withSpan",
      ours: "withSpan",
      peer: "tracerOff",
      peerName: "the same, tracer disabled",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S1",
      name: "sampled span, combinator",
      ours: "combinator",
      peer: "native",
      peerName: "effect/observability",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S1",
      name: "sampled span, combinator",
      ours: "combinator",
      peer: "bridge",
      peerName: "@effect/opentelemetry",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S1",
      name: "sampled span, combinator",
      ours: "combinator",
      peer: "bridgeInContext",
      peerName: "@effect/opentelemetry, context manager",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S2",
      name: "disabled, added",
      ours: "disabled",
      peer: "tracerOff",
      peerName: "Effect.withSpan, disabled",
      unit: "ns",
      compares: "amount",
      target: 15,
      guard: 40
    },
    {
      bar: "S2",
      name: "unsampled child, added",
      ours: "unsampled",
      peer: "sdkUnsampled",
      peerName: "OpenTelemetry SDK, with event",
      unit: "ns",
      compares: "amount",
      target: 30,
      guard: 60
    },
    {
      bar: "S2",
      name: "disabled, Effect.withSpan, added",
      ours: "disabledPublic",
      peer: "tracerOff",
      peerName: "Effect.withSpan, disabled",
      unit: "ns",
      compares: "amount"
    },
    {
      bar: "S2",
      name: "disabled, and its event, added",
      ours: "disabledWithEvent",
      peer: "tracerOff",
      peerName: "Effect.withSpan, disabled",
      unit: "ns",
      compares: "amount"
    },
    {
      bar: "S2",
      name: "unsampled child, and its event, added",
      ours: "unsampledWithEvent",
      peer: "sdkUnsampled",
      peerName: "OpenTelemetry SDK, with event",
      unit: "ns",
      compares: "amount"
    }
  ]
})
