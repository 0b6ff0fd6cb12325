/**
 * The service that the official test harness of W3C trace context asks for: it answers `POST /test` with a list of
 * `{ url, arguments }` by posting the arguments to each URL, in order, in the context of the request.
 *
 * @see https://github.com/w3c/trace-context/tree/main/test
 */
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { TracedClient, TracedServer, Tracing } from "@gorax/tracing"
import { Effect, Layer, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"

const Actions = Schema.Array(Schema.Struct({ url: Schema.String, arguments: Schema.Json }))

const test = Effect.gen(function* () {
  const actions = yield* HttpServerRequest.schemaBodyJson(Actions)
  const client = yield* HttpClient.HttpClient
  for (const action of actions) {
    const request = HttpClientRequest.post(action.url).pipe(HttpClientRequest.bodyJsonUnsafe(action.arguments))
    yield* Effect.flatMap(client.execute(request), (response) => response.text)
  }
  return HttpServerResponse.jsonUnsafe({ called: actions.length })
})

/** The service on a port of this machine; 0 is any that is free. */
export const layer = (port: number) =>
  HttpRouter.serve(HttpRouter.add("POST", "/test", test), { disableLogger: true }).pipe(
    Layer.provide(TracedServer.layer),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port, host: "127.0.0.1" })),
    Layer.provide(TracedClient.layer),
    Layer.provide(NodeHttpClient.layerUndici),
    Layer.provide(Tracing.layer({ serviceName: "conformance", exporter: "none" }))
  )
