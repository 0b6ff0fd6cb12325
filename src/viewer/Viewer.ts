/**
 * The development viewer: receives traces, keeps them, and shows them.
 *
 * For one's own machine: it listens on loopback, keeps everything in bounded
 * memory, and shows attributes as they arrived, private ones included.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import * as LoopbackServer from "../receiver/LoopbackServer.ts"
import * as OtlpReceiver from "../receiver/OtlpReceiver.ts"
import * as TraceStore from "./TraceStore.ts"
import * as ViewerApi from "./ViewerApi.ts"

export interface ViewerOptions extends LoopbackServer.LoopbackServerOptions {
  readonly store?: TraceStore.TraceStoreOptions | undefined
}

export class Viewer extends Context.Service<
  Viewer,
  {
    /** Where it listens, for example `http://127.0.0.1:4318`; an exporter adds `/v1/traces`. */
    readonly url: string
    readonly store: TraceStore.TraceStore["Service"]
  }
>()("@gorax/tracing/viewer/Viewer") {}

const server = (options: LoopbackServer.LoopbackServerOptions) =>
  Layer.unwrap(
    Effect.map(TraceStore.TraceStore, (store) => {
      const api = ViewerApi.layer.pipe(Layer.provide(Layer.succeed(TraceStore.TraceStore, store)))
      return LoopbackServer.layer(Layer.merge(OtlpReceiver.layer(store.add), api), options)
    })
  )

const viewer = Layer.effect(
  Viewer,
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    return { url: HttpServer.formatAddress(address), store: yield* TraceStore.TraceStore }
  })
)

/** A running viewer on OTLP's port 4318, or on a free one when that is taken: see `url`. */
export const layer = ({ host, port = 4318, store }: ViewerOptions = {}): Layer.Layer<
  Viewer | TraceStore.TraceStore,
  ServeError
> => viewer.pipe(Layer.provide(server({ host, port })), Layer.provideMerge(TraceStore.layer(store)))
