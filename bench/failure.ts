/**
 * A span that ends in failure: an error with a cause, recorded as an exception with its stack.
 *
 * The error is made anew each time, as failures are; making it is taken away.
 */
import * as Otel from "@opentelemetry/api"
import { Effect, Exit, Fiber } from "effect"
import * as HotPath from "./HotPath.ts"
import * as Peer from "./Peer.ts"
import * as Step from "./Step.ts"
import * as Timing from "./Timing.ts"

const spansPerRun = 200

const decline = (): Error => new Error("payment declined", { cause: new TypeError("no balance") })

const failing = Effect.suspend(() => Effect.fail(decline()))
const expected = { ...Step.expected, events: ["exception"], failed: true }

const timed = (peer: () => Peer.Peer, step: Effect.Effect<unknown, Error>): HotPath.Variant => {
  return async () => {
    await Peer.check(peer(), Effect.ignore(step), expected)
    const run = await Peer.build(peer().layer)
    const steps = Step.underParent(spansPerRun, Effect.exit(step))
    return { figure: await Timing.perCall(() => run(steps), spansPerRun) }
  }
}

const idle: HotPath.Variant = async () => {
  const run = await Peer.build(Peer.off)
  const steps = Step.underParent(spansPerRun, Effect.exit(failing))
  return { figure: await Timing.perCall(() => run(steps), spansPerRun) }
}

/** What the manual says to do. */
const record = (span: Otel.Span): void => {
  const error = decline()
  span.recordException(error)
  span.setStatus({ code: Otel.SpanStatusCode.ERROR, message: error.message })
}

const sdk: HotPath.Variant = async () => {
  const once = Peer.sdk()
  Step.withSdk(once.tracer, 1, record)
  await once.processor.forceFlush()
  Peer.assertSeen(once.seen(), expected)
  const { tracer } = Peer.sdk()
  return { figure: await Timing.perCall(() => Step.withSdk(tracer, spansPerRun, record), spansPerRun) }
}

const sdkIdle: HotPath.Variant = async () => {
  const errors: Array<Error> = []
  const makeAll = (): void => {
    for (let index = 0; index < spansPerRun; index++) errors[index] = decline()
  }
  return { figure: await Timing.perCall(makeAll, spansPerRun) }
}

const fibers = 3000

/** How many spans of fibers that are interrupted, fail or die never arrive. */
const lost: HotPath.Variant = async () => {
  let arrived = 0
  const counting = Peer.ours({
    stages: [
      (next) =>
        Effect.succeed({
          ...next,
          push(span) {
            arrived++
            next.push(span)
          }
        })
    ]
  })
  const endings = [Effect.never, Effect.fail("expected"), Effect.die("expected")]
  const program = Effect.gen(function* () {
    for (let index = 0; index < fibers; index++) {
      const fiber = yield* Effect.forkChild(Step.traced(Step.traced(endings[index % endings.length]!)), {
        startImmediately: true
      })
      yield* Fiber.interrupt(fiber)
    }
  })
  const exit = await Effect.runPromise(Effect.exit(Effect.provide(program, counting.layer)))
  if (!Exit.isSuccess(exit)) throw new Error("the program itself failed")
  return { figure: 2 * fibers - arrived }
}

const traced = Step.traced(failing)

export const path = HotPath.make({
  variants: {
    idle,
    combinator: timed(Peer.ours, traced),
    bridge: timed(Peer.bridge, Step.spanned(failing)),
    native: timed(Peer.native, Step.spanned(failing)),
    sdk,
    sdkIdle,
    lost,
    opened: () => Promise.resolve({ figure: 2 * fibers })
  },
  idle: { combinator: "idle", bridge: "idle", native: "idle", sdk: "sdkIdle" },
  bars: [
    {
      bar: "S11",
      name: "failed span, combinator",
      ours: "combinator",
      peer: "sdk",
      peerName: "OpenTelemetry SDK",
      unit: "ns",
      compares: "ratio",
      target: 1
    },
    {
      bar: "S11",
      name: "failed span, combinator",
      ours: "combinator",
      peer: "native",
      peerName: "effect/observability",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S11",
      name: "failed span, combinator",
      ours: "combinator",
      peer: "bridge",
      peerName: "@effect/opentelemetry",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S11",
      name: "lost of interrupted, failed and dying fibers",
      ours: "lost",
      peer: "opened",
      peerName: "opened",
      unit: "spans",
      compares: "amount",
      target: 0
    }
  ]
})
