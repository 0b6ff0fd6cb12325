/**
 * The heap that one ended span holds while it waits for its export.
 */
import type { Stage } from "@gorax/tracing"
import { BasicTracerProvider, type SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Effect } from "effect"
import * as Heap from "./Heap.ts"
import * as HotPath from "./HotPath.ts"
import * as Peer from "./Peer.ts"
import * as Step from "./Step.ts"

const warm = 2_000
const held = 100_000

/** As large as it gets, so that memory grows by what spans hold and nothing else. */
const kept: Array<unknown> = Array.from({ length: warm + held + 2 }, () => undefined)
let count = 0
const keep = (span: unknown): void => {
  kept[count++] = span
}

const keeping: Stage = () => Effect.succeed({ push: keep, flush: Effect.succeed({ exported: 0, left: 0 }) })

const processor: SpanProcessor = {
  onStart() {},
  onEnd: keep,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve()
}

const perSpan = async (make: (spans: number) => unknown): Promise<HotPath.Figures> => {
  await make(warm)
  const before = Heap.inUse()
  await make(held)
  return { figure: (Heap.inUse() - before) / held }
}

const under = (peer: () => Peer.Peer, step: Effect.Effect<unknown>, keeps: boolean): HotPath.Variant => {
  return async () => {
    const run = await Peer.build(peer().layer)
    const figures = await perSpan((spans) => run(Step.underParent(spans, step)))
    if (keeps && count !== warm + held + 2) throw new Error(`${count} spans were kept`)
    return figures
  }
}

const ours = () => Peer.ours({ stages: [keeping] })
const bridge = () => Peer.bridge({ processor, seen: () => [] })
/** Keeps its spans itself until they are sent. */
const native = () => Peer.native({ maxBatchSize: Infinity, exportInterval: "1 hour" })

const sdk: HotPath.Variant = () => {
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench")
  return perSpan((spans) => Step.withSdk(tracer, spans))
}

const spanned = Step.spanned(Step.body)

export const path = HotPath.make({
  rounds: 3,
  variants: {
    combinator: under(ours, Step.traced(Step.body), true),
    withSpan: under(ours, spanned, true),
    sdk,
    bridge: under(bridge, spanned, true),
    native: under(native, spanned, false)
  },
  bars: [
    {
      bar: "S4",
      name: "buffered span, combinator",
      ours: "combinator",
      peer: "sdk",
      peerName: "OpenTelemetry SDK",
      unit: "B",
      compares: "ratio",
      target: 0.45,
      guard: 0.55
    },
    {
      bar: "S4",
      name: "buffered span, Effect.withSpan",
      ours: "withSpan",
      peer: "sdk",
      peerName: "OpenTelemetry SDK",
      unit: "B",
      compares: "ratio",
      target: 0.45,
      guard: 0.55
    },
    {
      bar: "S4",
      name: "buffered span, combinator",
      ours: "combinator",
      peer: "bridge",
      peerName: "@effect/opentelemetry",
      unit: "B",
      compares: "ratio"
    },
    {
      bar: "S4",
      name: "buffered span, combinator",
      ours: "combinator",
      peer: "native",
      peerName: "effect/observability",
      unit: "B",
      compares: "ratio"
    }
  ]
})
