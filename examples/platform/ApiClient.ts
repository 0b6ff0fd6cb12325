/**
 * Calls the platform's API as its users do, over HTTP. It opens no spans: the traces begin in the API.
 */
import { Effect, Redacted, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { Execution } from "./Execution.ts"
import { sign } from "./WebhookInbox.ts"

export const make = ({ url, webhookSecret }: { readonly url: string; readonly webhookSecret: string }) =>
  Effect.gen(function* () {
    const client = (yield* HttpClient.HttpClient).pipe(
      HttpClient.mapRequest(HttpClientRequest.prependUrl(url)),
      HttpClient.filterStatusOk
    )
    const call = (request: HttpClientRequest.HttpClientRequest) =>
      client.execute(request).pipe(
        Effect.flatMap(HttpClientResponse.schemaBodyJson(Execution)),
        // Effect's own client would open a span and send it along as the parent.
        Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
      )
    return {
      url,
      /** Asks for a run of a workflow. */
      execute: (workflowId: string, input: Schema.Json, tenantId = "acme") =>
        call(
          HttpClientRequest.post(`/api/v1/workflows/${workflowId}/execute`).pipe(
            HttpClientRequest.setHeader("x-tenant-id", tenantId),
            HttpClientRequest.bodyJsonUnsafe(input)
          )
        ),
      /** Delivers an event to a webhook, signed. */
      deliver: (webhookId: string, event: Schema.Json) => {
        const body = JSON.stringify(event)
        return call(
          HttpClientRequest.post(`/api/v1/webhooks/${webhookId}`).pipe(
            HttpClientRequest.setHeader("x-gorax-signature", sign(Redacted.make(webhookSecret), body)),
            HttpClientRequest.bodyText(body, "application/json")
          )
        )
      },
      /** What an execution came to; waits for it, for a minute at most. */
      finished: (executionId: string) => call(HttpClientRequest.get(`/api/v1/executions/${executionId}?wait=60`))
    }
  }).pipe(Effect.provide(FetchHttpClient.layer))
