/**
 * The development viewer: receives traces, keeps them, and shows them.
 *
 * For one's own machine: it listens on loopback unless told otherwise, keeps
 * everything in bounded memory (and in a file, when one is named), and shows
 * attributes as they arrived, private ones included.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as LoopbackServer from "../receiver/LoopbackServer.ts"
import * as OtlpReceiver from "../receiver/OtlpReceiver.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as JaegerRoutes from "./JaegerRoutes.ts"
import * as TraceStore from "./TraceStore.ts"
import * as TraceTee from "./TraceTee.ts"
import { About } from "./ViewerApi.ts"
import * as ViewerGrpc from "./ViewerGrpc.ts"
import * as ViewerPage from "./ViewerPage.ts"
import * as ViewerRoutes from "./ViewerRoutes.ts"

export interface ViewerOptions extends LoopbackServer.LoopbackServerOptions {
  /** Where it takes OTLP over gRPC; the next free port when it is taken. Default 4317, or any when `port` is 0. `false` for nowhere. */
  readonly grpcPort?: number | false | undefined
  readonly store?: TraceStore.TraceStoreOptions | undefined
  /** A backend that is sent all spans that arrive: `http://host:4318`, or a full `…/v1/traces`. */
  readonly tee?: string | undefined
}

export class Viewer extends Context.Service<
  Viewer,
  {
    /** Where its page is, for example `http://127.0.0.1:4318`; an exporter adds `/v1/traces`. */
    readonly url: string
    /** Where it takes OTLP over gRPC, for example `127.0.0.1:4317`; empty when it does not. */
    readonly grpc: string
    readonly store: TraceStore.TraceStore["Service"]
  }
>()("@gorax/tracing/viewer/Viewer") {}

export type ViewerError = ServeError | TraceStore.TraceFileError | TraceTee.TraceTeeError

/** What a body may hold where nothing else is said, and what a file of traces may. */
const maxBody = 64n * 1024n
const maxImport = 256n * 1024n * 1024n

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

/** Where a browser of this machine finds it: an address that stands for all addresses is none to go to. */
const reachable = (url: string): string => url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")

/** Every answer says that nobody else may use it; every body has a limit. */
const careful = HttpRouter.middleware(
  (app) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ url }) =>
      app.pipe(
        Effect.map((response) => HttpServerResponse.setHeaders(response, { ...headers, ...response.headers })),
        Effect.provideService(HttpIncomingMessage.MaxBodySize, url.startsWith("/api/v1/import") ? maxImport : maxBody)
      )
    ),
  { global: true }
)

const make = Effect.fnUntraced(function* (options: ViewerOptions) {
  const { grpcPort, host = "127.0.0.1", names, port = 4318 } = options
  const store = yield* TraceStore.TraceStore
  const tee = options.tee === undefined ? undefined : yield* TraceTee.make(options.tee)
  const consume = (spans: ReadonlyArray<ReceivedSpan>): Effect.Effect<void> =>
    tee === undefined ? store.add(spans) : Effect.andThen(store.add(spans), tee.add(spans))
  // The routes are there before the servers know their addresses
  let url = ""
  let grpc = ""
  const place = Effect.sync(() => ({ url, grpc, file: options.store?.file ?? "", tee: tee?.state }))
  const routes = Layer.mergeAll(
    OtlpReceiver.layer(consume),
    OtlpReceiver.layerLogs(store.addLogs),
    ViewerRoutes.layer(place),
    JaegerRoutes.layer,
    ViewerPage.layer(),
    careful
  ).pipe(Layer.provide(Layer.succeed(TraceStore.TraceStore, store)))
  const server = yield* Layer.build(LoopbackServer.layer(routes, { host, names, port }))
  url = reachable(HttpServer.formatAddress(Context.get(server, HttpServer.HttpServer).address))
  // After it: where 4317 is taken, the next port is the one that HTTP wants
  if (grpcPort !== false)
    grpc = yield* ViewerGrpc.make({ spans: consume, logs: store.addLogs }, grpcPort ?? (port === 0 ? 0 : 4317), host)
  return { url, grpc, store }
})

/** A running viewer on OTLP's ports 4318 and 4317, or on the next free ones when they are taken: see `url` and `grpc`. */
export const layer = (options: ViewerOptions = {}): Layer.Layer<Viewer | TraceStore.TraceStore, ViewerError> =>
  Layer.effect(Viewer, make(options)).pipe(Layer.provideMerge(TraceStore.layer(options.store)))

/** The viewer that runs on this port of this machine, of whatever process; `undefined` where there is none. */
export const running = (port: number, host = "127.0.0.1"): Effect.Effect<About | undefined> =>
  HttpClient.get(`http://${host.includes(":") ? `[${host}]` : host}:${port}/api/v1/about`).pipe(
    Effect.flatMap((response) => response.json),
    Effect.flatMap(Schema.decodeUnknownEffect(About)),
    Effect.timeout("1 second"),
    Effect.orElseSucceed(() => undefined),
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
    Effect.provide(FetchHttpClient.layer)
  )
