/**
 * The customer database. It wants an API key, which a workflow asks `Credentials` for.
 */
import { TracedClient } from "@gorax/tracing"
import { Config, Context, Effect, Layer, type Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import type { HttpClientError } from "effect/http/HttpClientError"

export const Customer = Schema.Struct({ customerId: Schema.String })
export type Customer = typeof Customer.Type

type Failure = HttpClientError | Schema.SchemaError

/** Where secrets come from; they never leave as text, and no span knows more than their number. */
export class Credentials extends Context.Service<
  Credentials,
  {
    readonly crmKey: Effect.Effect<Redacted.Redacted>
  }
>()("gorax/platform/clients/Credentials") {
  static readonly layer = Layer.effect(
    Credentials,
    Effect.map(Config.Redacted("CRM_KEY"), (key) => ({ crmKey: Effect.succeed(key) }))
  )
}

export class Crm extends Context.Service<
  Crm,
  {
    readonly create: (
      key: Redacted.Redacted,
      profile: { name: string; email: string }
    ) => Effect.Effect<Customer, Failure>
    readonly send: (message: { to: string; subject: string; text: string }) => Effect.Effect<void, Failure>
  }
>()("gorax/platform/clients/Crm") {
  static readonly layer = Layer.effect(
    Crm,
    Effect.gen(function* () {
      const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
      return {
        create: (key, profile) =>
          HttpClientRequest.post("/crm/customers").pipe(
            HttpClientRequest.bearerToken(key),
            HttpClientRequest.bodyJsonUnsafe(profile),
            client.execute,
            Effect.flatMap(HttpClientResponse.schemaBodyJson(Customer)),
            TracedClient.withTemplate("/crm/customers")
          ),
        send: (message) =>
          HttpClientRequest.post("/crm/messages").pipe(
            HttpClientRequest.bodyJsonUnsafe(message),
            client.execute,
            Effect.asVoid,
            TracedClient.withTemplate("/crm/messages")
          )
      }
    })
  )
}
