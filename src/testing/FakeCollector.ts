/**
 * A collector for tests: a real OTLP receiver on free ports of this machine, over HTTP and gRPC.
 *
 * For what only the wire can show: that an exporter sent the right bytes, to
 * the right path, with the right headers, and what it does when it is
 * refused, left waiting, cut off, or finds nobody there.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as Tracer from "effect/Tracer"
import * as Http from "node:http"
import * as Http2 from "node:http2"
import * as GrpcReceiver from "../receiver/GrpcReceiver.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as Collecting from "./Collecting.ts"
import * as CollectingGrpc from "./CollectingGrpc.ts"
import * as CollectingHttp from "./CollectingHttp.ts"
import * as Door from "./Door.ts"
import * as Fault from "./Fault.ts"

export type { CollectedRequest } from "./Collecting.ts"
export type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
export { type Fault, hang, partial, requires, resetRequest, resetResponse, slow, status, tooLarge } from "./Fault.ts"

export class FakeCollector extends Context.Service<
  FakeCollector,
  {
    /** Its base address, for example `http://127.0.0.1:40123`; an exporter adds `/v1/traces`. */
    readonly url: string
    /** The same for gRPC. */
    readonly grpcUrl: string
    /** Every span that was taken, in the order of arrival. */
    readonly spans: Effect.Effect<ReadonlyArray<ReceivedSpan>>
    /** Every request, those that were refused too. */
    readonly requests: Effect.Effect<ReadonlyArray<Collecting.CollectedRequest>>
    /** Waits until so many spans were taken. */
    readonly awaitSpans: (count: number) => Effect.Effect<ReadonlyArray<ReceivedSpan>>
    /** Waits until there were so many requests. */
    readonly awaitRequests: (count: number) => Effect.Effect<ReadonlyArray<Collecting.CollectedRequest>>
    /** Does this with the next requests, by whatever protocol they come. A number is an HTTP status. Scripts queue up. */
    readonly respondWith: (fault: number | Fault.Fault, options?: ScriptedAnswer) => Effect.Effect<void>
    /** Forgets what is scripted: spans are taken again. */
    readonly recover: Effect.Effect<void>
    /** Stops listening and cuts every connection, as a process that is killed does. */
    readonly stop: Effect.Effect<void>
    /** Listens again, on the same ports, with all it has collected. */
    readonly start: Effect.Effect<void>
  }
>()("@gorax/tracing/testing/FakeCollector") {}

export interface ScriptedAnswer {
  /** How many requests, default 1. `Infinity` lasts until `recover`. */
  readonly times?: number | undefined
  /** Beside a status, for example `{ "retry-after": "1" }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const make = Effect.gen(function* () {
  const collecting = yield* Collecting.make
  const { requests, script, spans } = collecting

  // Neither listens itself: a door can be shut and opened, a server of Node only once
  // Requests that are cut off never come to an end in Effect's server, so no scope that is closed may wait for them
  const handler = yield* NodeHttpServer.makeHandler(CollectingHttp.answer(collecting), { scope: yield* Scope.make() })
  const http = Http.createServer(handler)
  const http2 = Http2.createServer()
  yield* GrpcReceiver.serve(http2, (call) => CollectingGrpc.answer(collecting, call))
  const door = yield* Door.make((socket) => http.emit("connection", socket))
  const grpcDoor = yield* Door.make((socket) => http2.emit("connection", socket))

  return FakeCollector.of({
    url: `http://127.0.0.1:${door.port}`,
    grpcUrl: `http://127.0.0.1:${grpcDoor.port}`,
    spans: SubscriptionRef.get(spans),
    requests: SubscriptionRef.get(requests),
    awaitSpans: (count) => Collecting.atLeast(spans, count),
    awaitRequests: (count) => Collecting.atLeast(requests, count),
    respondWith: (fault, { headers = {}, times = 1 } = {}) =>
      Effect.sync(() => {
        script.push({ fault: typeof fault === "number" ? Fault.status(fault, headers) : fault, left: times })
      }),
    recover: Effect.sync(() => void script.splice(0)),
    stop: Effect.andThen(door.shut, grpcDoor.shut),
    start: Effect.andThen(door.open, grpcDoor.open)
  })
}).pipe(
  // A collector that traced itself would never come to rest
  Effect.provideService(HttpMiddleware.TracerDisabledWhen, () => true),
  Effect.provideService(Tracer.Tracer, Tracer.nativeTracer)
)

/** A collector of its own for each place it is provided. */
export const layer: Layer.Layer<FakeCollector> = Layer.fresh(Layer.effect(FakeCollector, make))
