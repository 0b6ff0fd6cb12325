/**
 * What tracing costs the code inside a span that is not about spans: one Effect primitive, and one promise.
 *
 * A tracer may look at every primitive that a fiber runs. Ours does where
 * OpenTelemetry's context has to be right for foreign code, and only there.
 */
import * as Otel from "@opentelemetry/api"
import { Effect } from "effect"
import * as assert from "node:assert/strict"
import * as HotPath from "./HotPath.ts"
import * as Peer from "./Peer.ts"
import * as Step from "./Step.ts"
import * as Timing from "./Timing.ts"

const timesPerRun = 1000

const primitive = Effect.sync(() => undefined)
const promise = Effect.promise(() => Promise.resolve())

/** Behind an `await`, the span of the fiber is the active one of OpenTelemetry. */
const seesSpan = Effect.gen(function* () {
  const span = yield* Effect.currentSpan
  const active = yield* Effect.promise(async () => {
    await Promise.resolve()
    return Otel.trace.getActiveSpan()?.spanContext().spanId
  })
  assert.equal(active, span.spanId)
}).pipe(Effect.withSpan("parent"), Effect.orDie)

const timed =
  (peer: () => Pick<Peer.Peer, "layer">, check: Effect.Effect<void> = Effect.void): HotPath.Variant =>
  async () => {
    const run = await Peer.build(peer().layer)
    await run(check)
    const measure = (body: Effect.Effect<unknown>): Promise<number> => {
      const bodies = Step.underParent(timesPerRun, body)
      return Timing.perCall(() => run(bodies), timesPerRun)
    }
    return { primitive: await measure(primitive), promise: await measure(promise) }
  }

const on = () => Peer.ours({ otelContext: "on" })
const auto = () => Peer.ours({ otelContext: "auto" })

type Name = "bare" | "off" | "auto" | "on" | "bridge" | "bridgeInContext"

const bar = (
  name: string,
  figure: string,
  ours: Name,
  rest: Pick<HotPath.Bar, "target" | "guard">
): HotPath.Bar<Name> => ({
  bar: "S3",
  name: `${name}, added`,
  ours,
  peer: ours === "on" ? "bridgeInContext" : "bridge",
  peerName: `@effect/opentelemetry${ours === "on" ? ", context manager" : ""}`,
  figure,
  unit: "ns",
  compares: "amount",
  ...rest
})

/** Nothing is added; the guard is what a busy machine cannot tell from nothing. */
const nothingAdded = { target: 0, guard: 10 }

export const path = HotPath.make<Name>({
  variants: {
    bare: timed(() => ({ layer: Peer.off })),
    off: timed(Peer.ours),
    auto: timed(auto),
    on: timed(on, seesSpan),
    bridge: timed(Peer.bridge),
    bridgeInContext: timed(Peer.bridgeInContext, seesSpan)
  },
  idle: { off: "bare", auto: "bare", on: "bare", bridge: "bare", bridgeInContext: "bare" },
  bars: [
    bar("primitive, OpenTelemetry context off", "primitive", "off", nothingAdded),
    bar("primitive, auto and nobody asked", "primitive", "auto", nothingAdded),
    bar("primitive, on", "primitive", "on", { target: 20, guard: 40 }),
    bar("promise, OpenTelemetry context off", "promise", "off", {}),
    bar("promise, auto and nobody asked", "promise", "auto", {}),
    bar("promise, on", "promise", "on", { target: 250 })
  ]
})
