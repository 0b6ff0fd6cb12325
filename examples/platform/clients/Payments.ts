/**
 * The payment provider, which does not always say yes at once.
 */
import { TracedClient } from "@gorax/tracing"
import { Context, Effect, Layer, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import type { HttpClientError } from "effect/http/HttpClientError"

export const Payment = Schema.Struct({
  orderId: Schema.String,
  status: Schema.Literals(["unpaid", "paid"]),
  /** In cents. */
  amount: Schema.Int
})
export type Payment = typeof Payment.Type

export class CardDeclined extends Schema.TaggedError<CardDeclined>()("CardDeclined", {
  message: Schema.String
}) {}

type Failure = HttpClientError | Schema.SchemaError

export class Payments extends Context.Service<
  Payments,
  {
    readonly charge: (orderId: string, amount: number) => Effect.Effect<Payment, CardDeclined | Failure>
    readonly find: (orderId: string) => Effect.Effect<Payment, Failure>
  }
>()("gorax/platform/clients/Payments") {
  static readonly layer = Layer.effect(
    Payments,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const ok = HttpClient.filterStatusOk(client)
      // Banks say what they should not; no trace repeats it
      const declined = Effect.fail(
        new CardDeclined({ message: "the bank declined card 4242 4242 4242 4242, and asks to try again" })
      )
      return {
        charge: (orderId, amount) =>
          HttpClientRequest.post("/payments").pipe(
            HttpClientRequest.bodyJsonUnsafe({ orderId, amount }),
            client.execute,
            Effect.flatMap(
              HttpClientResponse.matchStatus({
                402: () => declined,
                orElse: HttpClientResponse.filterStatusOk
              })
            ),
            Effect.flatMap(HttpClientResponse.schemaBodyJson(Payment)),
            TracedClient.withTemplate("/payments")
          ),
        find: (orderId) =>
          ok
            .get(`/payments/${encodeURIComponent(orderId)}`)
            .pipe(
              Effect.flatMap(HttpClientResponse.schemaBodyJson(Payment)),
              TracedClient.withTemplate("/payments/{orderId}")
            )
      }
    })
  )
}
