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
import * as Https from "node:https"
import type * as Tls from "node:tls"
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

/** How it proves who it is, and whom it lets in. */
export interface FakeCollectorTls {
  /** PEM texts; the certificate should be for `localhost`. */
  readonly cert: string | Buffer
  readonly key: string | Buffer
  /** Lets nobody in who shows no certificate of this authority. */
  readonly clientAuthority?: string | Buffer | undefined
}

const toNode = ({ cert, clientAuthority, key }: FakeCollectorTls): Tls.TlsOptions => ({
  cert,
  key,
  ...(clientAuthority !== undefined && { ca: clientAuthority, requestCert: true, rejectUnauthorized: true })
})

const make = Effect.fnUntraced(function* (tls?: FakeCollectorTls) {
  const collecting = yield* Collecting.make
  const { requests, script, spans } = collecting

  // Neither listens itself: a door can be shut and opened, a server of Node only once
  // Requests that are cut off never come to an end in Effect's server, so no scope that is closed may wait for them
  const handler = yield* NodeHttpServer.makeHandler(CollectingHttp.answer(collecting), { scope: yield* Scope.make() })
  const http = tls === undefined ? Http.createServer(handler) : Https.createServer(toNode(tls), handler)
  const http2 = tls === undefined ? Http2.createServer() : Http2.createSecureServer(toNode(tls))
  yield* GrpcReceiver.serve(http2, (call) => CollectingGrpc.answer(collecting, call))
  const door = yield* Door.make((socket) => http.emit("connection", socket))
  const grpcDoor = yield* Door.make((socket) => http2.emit("connection", socket))

  // Certificates are for names
  const base = tls === undefined ? "http://127.0.0.1" : "https://localhost"
  return FakeCollector.of({
    url: `${base}:${door.port}`,
    grpcUrl: `${base}:${grpcDoor.port}`,
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
})

const layerOf = (tls?: FakeCollectorTls): Layer.Layer<FakeCollector> =>
  Layer.fresh(
    Layer.effect(
      FakeCollector,
      make(tls).pipe(
        // A collector that traced itself would never come to rest
        Effect.provideService(HttpMiddleware.TracerDisabledWhen, () => true),
        Effect.provideService(Tracer.Tracer, Tracer.nativeTracer)
      )
    )
  )

/** A collector of its own for each place it is provided. */
export const layer: Layer.Layer<FakeCollector> = layerOf()

/** One that speaks TLS, over HTTP and gRPC, at `https://localhost`. */
export const layerTls = (tls: FakeCollectorTls): Layer.Layer<FakeCollector> => layerOf(tls)
