/**
 * An HTTP request that is answered under six spans: the server's, and five steps.
 *
 * This process is the server. The client, and a collector that takes
 * everything, are another process, so that what is counted here is the
 * processor time of answering, tracing and delivering. Time in the kernel is
 * left out: over loopback it depends on how reads of both sides happen to fall
 * together. Beside that, the same app is asked without a network, with nothing
 * delivered, which is far more exact.
 */
import { TracedServer } from "@gorax/tracing"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { HttpEffect, HttpMiddleware, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as NetAddress from "effect/net/NetAddress"
import { createServer } from "node:http"
import * as Delivered from "./Delivered.ts"
import * as HotPath from "./HotPath.ts"
import * as Load from "./Load.ts"
import * as Peer from "./Peer.ts"
import * as Step from "./Step.ts"
import * as Timing from "./Timing.ts"

interface Answering {
  /** What a step is. */
  readonly step: Effect.Effect<void>
  /** Who opens the server's span. */
  readonly server: "ours" | "effect" | "nobody"
}

const untracedServer = Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)

/** The app on a server. */
const serve = ({ server, step }: Answering, on: Layer.Layer<HttpServer.HttpServer, unknown>) =>
  HttpRouter.serve(
    HttpRouter.add("GET", "/orders/:id", Effect.as(Step.times(5, step), HttpServerResponse.text("done"))),
    { disableListenLog: true, disableLogger: true }
  ).pipe(
    Layer.provideMerge(server === "ours" ? TracedServer.layer.pipe(Layer.provide(on)) : on),
    Layer.provide(server === "nobody" ? untracedServer : Layer.empty)
  )

const nodeServer = NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })
const port = Effect.map(HttpServer.HttpServer, ({ address }) => (address as { readonly port: number }).port)

/** Microseconds of processor time, outside the kernel, since the process began. */
const used = (): number => process.cpuUsage().user

/** Until the compiler has nothing left to do: it runs on this process's account. */
const warmUp = 60_000
const requests = 30_000

/** Requests over the network. `arrive` is how many spans the collector gets for each, where that is certain. */
const requested = (answering: Answering, tracer: Delivered.Delivered, arrive?: number): HotPath.Variant => {
  return async () => {
    const load = await Load.start()
    const client = Effect.gen(function* () {
      const to = yield* port
      yield* Effect.promise(() => load.ask(to, warmUp))
      const before = used()
      return { before, measured: yield* Effect.promise(() => load.ask(to, requests)) }
    })
    const served = serve(answering, nodeServer).pipe(Layer.provideMerge(Peer.quiet(tracer(load.collector))))
    const { before, measured } = await Effect.runPromise(Effect.provide(client, served))
    // The layer is closed: all is delivered, and paid for
    const cpu = (used() - before) / requests
    const arrived = (await load.stop()) / (warmUp + requests)
    if (arrive !== undefined && arrived !== arrive) throw new Error(`${arrived} spans arrived for a request`)
    return { cpu, ...measured }
  }
}

const handledPerRun = 100

/** Requests without a network: a server that keeps its app. */
const handled = (answering: Answering, tracer: Layer.Layer<never, unknown>): HotPath.Variant => {
  return async () => {
    let handle: Effect.Effect<void, never, HttpServerRequest.HttpServerRequest> = Effect.die("not served")
    const keeping = Layer.succeed(
      HttpServer.HttpServer,
      HttpServer.make({
        address: NetAddress.unixPathAddress("/nowhere"),
        serve: (app, middleware) =>
          Effect.contextWith((context) => {
            handle = Effect.provideContext(
              HttpEffect.toHandled(app, () => Effect.void, middleware),
              context
            )
            return Effect.void
          })
      })
    )
    const run = await Peer.build(serve(answering, keeping).pipe(Layer.provideMerge(tracer)))
    const request = new Request("http://127.0.0.1/orders/42", { headers: { "user-agent": "bench" } })
    const one = Effect.suspend(() =>
      Effect.provideService(handle, HttpServerRequest.HttpServerRequest, HttpServerRequest.fromWeb(request))
    )
    const many = Step.times(handledPerRun, one)
    return { handled: (await Timing.perCall(() => run(many), handledPerRun)) / 1000 }
  }
}

const ours: Answering = { step: Step.traced(Step.body), server: "ours" }
const effects: Answering = { step: Step.spanned(Step.body), server: "effect" }
const nobody: Answering = { step: Step.nothing, server: "nobody" }

type Name =
  | "none"
  | "disabled"
  | "onePercent"
  | "all"
  | "bridge"
  | "bridgeInContext"
  | "native"
  | "noneHandled"
  | "disabledHandled"
  | "unsampledHandled"
  | "allHandled"
  | "bridgeHandled"
  | "bridgeInContextHandled"
  | "nativeHandled"

const inContext = "@effect/opentelemetry, context manager"

const added = (name: string, ours: Name, peer: Name, peerName: string, bounds: object = {}): HotPath.Bar<Name> => ({
  bar: "S8",
  name: `request with 6 spans, ${name}, added`,
  ours,
  peer,
  peerName,
  figure: ours.endsWith("Handled") ? "handled" : "cpu",
  unit: "µs",
  compares: "amount",
  ...bounds
})

const seen = (figure: "rate" | "p99", unit: string): ReadonlyArray<HotPath.Bar<Name>> =>
  (
    [
      ["disabled", "disabled"],
      ["onePercent", "1 %"],
      ["all", "100 %"],
      ["bridge", "@effect/opentelemetry"],
      ["bridgeInContext", inContext],
      ["native", "effect/observability"]
    ] as const
  ).map(([ours, name]) => ({
    bar: "S8",
    name: `${figure}, ${name}`,
    ours,
    peer: "none",
    peerName: "no tracing",
    figure,
    unit,
    compares: "ratio",
    gross: true
  }))

export const path = HotPath.make<Name>({
  rounds: 3,
  variants: {
    none: requested(nobody, Delivered.off, 0),
    disabled: requested(ours, Delivered.off, 0),
    onePercent: requested(ours, Delivered.ours({ TRACING_SAMPLE_RATE: "0.01" })),
    all: requested(ours, Delivered.ours(), 6),
    bridge: requested(effects, Delivered.bridge, 6),
    bridgeInContext: requested(effects, Delivered.bridgeInContext, 6),
    native: requested(effects, Delivered.native, 6),
    noneHandled: handled(nobody, Peer.off),
    disabledHandled: handled(ours, Peer.off),
    unsampledHandled: handled(ours, Peer.ours({ sampleRate: 0 }).layer),
    allHandled: handled(ours, Peer.ours().layer),
    bridgeHandled: () => handled(effects, Peer.bridge().layer)(),
    bridgeInContextHandled: () => handled(effects, Peer.bridgeInContext().layer)(),
    nativeHandled: handled(effects, Peer.native().layer)
  },
  idle: {
    disabled: "none",
    onePercent: "none",
    all: "none",
    bridge: "none",
    bridgeInContext: "none",
    native: "none",
    disabledHandled: "noneHandled",
    unsampledHandled: "noneHandled",
    allHandled: "noneHandled",
    bridgeHandled: "noneHandled",
    bridgeInContextHandled: "noneHandled",
    nativeHandled: "noneHandled"
  },
  bars: [
    added("100 %", "all", "native", "effect/observability", { target: 12, guard: 20 }),
    added("100 %", "all", "bridge", "@effect/opentelemetry"),
    added("100 %", "all", "bridgeInContext", inContext),
    added("1 %", "onePercent", "native", "effect/observability, 100 %"),
    added("disabled", "disabled", "native", "effect/observability, 100 %"),
    added("in process, 100 %", "allHandled", "nativeHandled", "effect/observability"),
    added("in process, 100 %", "allHandled", "bridgeHandled", "@effect/opentelemetry"),
    added("in process, 100 %", "allHandled", "bridgeInContextHandled", inContext),
    added("in process, unsampled", "unsampledHandled", "nativeHandled", "effect/observability, 100 %"),
    added("in process, disabled", "disabledHandled", "nativeHandled", "effect/observability, 100 %"),
    ...seen("rate", "requests/s"),
    ...seen("p99", "ms")
  ]
})
