/**
 * The way out of the platform: one traced HTTP client, pointed at `SERVICES_URL`.
 */
import { TracedClient } from "@gorax/tracing"
import { Config, Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"

export const layer = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function* () {
    const { origin } = yield* Config.URL("SERVICES_URL")
    return HttpClient.mapRequest(yield* HttpClient.HttpClient, HttpClientRequest.prependUrl(origin))
  })
).pipe(Layer.provide(TracedClient.layer), Layer.provide(FetchHttpClient.layer))
