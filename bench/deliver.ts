/**
 * Spans made and delivered over loopback, as fast as they can be and at a steady rate.
 *
 * The collector takes everything and is another process. All spans must
 * arrive, so queues hold as many as are made. Saturation counts from the first
 * span to the last answer; at a steady rate it is processor time that counts,
 * and how late everything else in the process comes.
 */
import * as Otel from "@opentelemetry/api"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Effect, Exit, Layer, Scope } from "effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setImmediate, setTimeout } from "node:timers/promises"
import * as Delivered from "./Delivered.ts"
import * as HotPath from "./HotPath.ts"
import * as Load from "./Load.ts"
import * as Peer from "./Peer.ts"
import * as Step from "./Step.ts"
import * as Timing from "./Timing.ts"

/** A way of making and delivering spans. */
interface Way {
  /** Makes a parent and so many steps below it. */
  readonly make: (steps: number) => unknown
  /** Delivers what is left. */
  readonly end: () => Promise<unknown>
}
type Open = (collector: string) => Promise<Way>

const perTurn = 1000

const effect =
  (delivered: Delivered.Delivered, step: Effect.Effect<unknown>): Open =>
  async (collector) => {
    const scope = await Effect.runPromise(Scope.make())
    const context = await Effect.runPromise(Layer.buildWithScope(Peer.quiet(delivered(collector)), scope))
    const steps = Step.underParent(perTurn, step)
    const run = Effect.runPromiseWith(context)
    return { make: () => run(steps), end: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
  }

const sdk: Open = (collector) => {
  // At the end it sends all that waits at once, and loses what is more than its usual thirty requests
  const exporter = new OTLPTraceExporter({ url: `${collector}/v1/traces`, concurrencyLimit: Infinity })
  const processor = new BatchSpanProcessor(exporter, { maxQueueSize: Delivered.queue })
  const provider = new BasicTracerProvider({ spanProcessors: [processor] })
  const tracer: Otel.Tracer = provider.getTracer("bench")
  return Promise.resolve({ make: (steps) => Step.withSdk(tracer, steps), end: () => provider.shutdown() })
}

/** Nobody delivers: what it costs to do nothing as often. */
const nobody: Open = () => Promise.resolve({ make: () => undefined, end: () => Promise.resolve() })

/** Fails when a span is missing. */
const counted = async (open: Open, turns: number, measure: (way: Way) => Promise<HotPath.Figures>) => {
  const load = await Load.start()
  const way = await open(load.collector)
  const figures = await measure(way)
  const missing = turns * (perTurn + 1) - (await load.stop())
  if (open !== nobody && missing !== 0) throw new Error(`${missing} spans did not arrive`)
  return figures
}

const warmUpTurns = 30

const warmUp = async (way: Way): Promise<void> => {
  for (let turn = 0; turn < warmUpTurns; turn++) {
    await way.make(perTurn)
    await setImmediate()
  }
}

const saturated = (open: Open): HotPath.Variant => {
  const turns = Timing.quick ? 100 : 150
  return () =>
    counted(open, warmUpTurns + turns, async (way) => {
      await warmUp(way)
      const started = performance.now()
      for (let turn = 0; turn < turns; turn++) {
        await way.make(perTurn)
        await setImmediate()
      }
      await way.end()
      return { nanos: ((performance.now() - started) * 1e6) / (turns * perTurn) }
    })
}

const spansPerSecond = 100_000

const steady = (open: Open): HotPath.Variant => {
  const turns = Timing.quick ? 300 : 500
  return () =>
    counted(open, warmUpTurns + turns, async (way) => {
      await warmUp(way)
      await setTimeout(500)
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      const before = process.cpuUsage()
      const started = performance.now()
      for (let turn = 0; turn < turns; turn++) {
        await way.make(perTurn)
        const due = started + ((turn + 1) * perTurn * 1000) / spansPerSecond
        await setTimeout(Math.max(0, due - performance.now()))
      }
      delay.disable()
      await way.end()
      const { system, user } = process.cpuUsage(before)
      return { cpu: (user + system) / (turns * perTurn), delay: delay.percentile(99) / 1e6 }
    })
}

const traced = Step.traced(Step.body)
const spanned = Step.spanned(Step.body)
const ours = effect(Delivered.ours(), traced)
const bridge = effect(Delivered.bridge, spanned)
const native = effect(Delivered.native, spanned)

const saturation = (
  peer: "sdkSaturated" | "bridgeSaturated" | "nativeSaturated",
  peerName: string,
  bounds: Pick<HotPath.Bar, "target" | "guard">
): HotPath.Bar<Name> => ({
  bar: "S6",
  name: "time a span takes from first to last, saturated",
  ours: "oursSaturated",
  peer,
  peerName,
  figure: "nanos",
  unit: "ns",
  compares: "ratio",
  ...bounds
})

type Name =
  | "oursSaturated"
  | "sdkSaturated"
  | "bridgeSaturated"
  | "nativeSaturated"
  | "oursSteady"
  | "sdkSteady"
  | "bridgeSteady"
  | "nobodySteady"

export const path = HotPath.make<Name>({
  rounds: 3,
  variants: {
    oursSaturated: saturated(ours),
    sdkSaturated: saturated(sdk),
    bridgeSaturated: saturated(bridge),
    nativeSaturated: saturated(native),
    oursSteady: steady(ours),
    sdkSteady: steady(sdk),
    bridgeSteady: steady(bridge),
    nobodySteady: steady(nobody)
  },
  idle: { oursSteady: "nobodySteady", sdkSteady: "nobodySteady", bridgeSteady: "nobodySteady" },
  bars: [
    saturation("sdkSaturated", "OpenTelemetry SDK, protobuf", { target: 0.33, guard: 0.45 }),
    saturation("bridgeSaturated", "@effect/opentelemetry", { target: 0.125, guard: 0.2 }),
    saturation("nativeSaturated", "effect/observability", {}),
    {
      bar: "S7",
      name: "processor time a span, 100,000 a second",
      ours: "oursSteady",
      peer: "sdkSteady",
      peerName: "OpenTelemetry SDK, protobuf",
      figure: "cpu",
      unit: "µs",
      compares: "ratio",
      target: 0.45,
      guard: 0.6
    },
    {
      bar: "S7",
      name: "event loop delay, p99, 100,000 a second",
      ours: "oursSteady",
      peer: "sdkSteady",
      peerName: "OpenTelemetry SDK, protobuf",
      figure: "delay",
      unit: "ms",
      gross: true,
      compares: "amount",
      target: 5
    }
  ]
})
