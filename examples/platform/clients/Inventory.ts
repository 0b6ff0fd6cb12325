/**
 * The warehouse: keeps goods aside for an order, and ships them line by line.
 */
import { TracedClient } from "@gorax/tracing"
import { Context, Effect, Layer, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import type { HttpClientError } from "effect/http/HttpClientError"

export const Line = Schema.Struct({
  sku: Schema.NonEmptyString,
  quantity: Schema.Int.check(Schema.isGreaterThan(0))
})
export type Line = typeof Line.Type

export const Reservation = Schema.Struct({ reservationId: Schema.String })
export const Parcel = Schema.Struct({ sku: Schema.String, parcelId: Schema.String })

type Failure = HttpClientError | Schema.SchemaError

export class Inventory extends Context.Service<
  Inventory,
  {
    readonly reserve: (orderId: string, lines: ReadonlyArray<Line>) => Effect.Effect<typeof Reservation.Type, Failure>
    readonly ship: (line: Line) => Effect.Effect<typeof Parcel.Type, Failure>
  }
>()("gorax/platform/clients/Inventory") {
  static readonly layer = Layer.effect(
    Inventory,
    Effect.gen(function* () {
      const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
      return {
        reserve: (orderId, lines) =>
          HttpClientRequest.post("/inventory/reservations").pipe(
            HttpClientRequest.bodyJsonUnsafe({ orderId, lines }),
            client.execute,
            Effect.flatMap(HttpClientResponse.schemaBodyJson(Reservation)),
            TracedClient.withTemplate("/inventory/reservations")
          ),
        ship: ({ quantity, sku }) =>
          HttpClientRequest.post(`/inventory/${encodeURIComponent(sku)}/shipments`).pipe(
            HttpClientRequest.bodyJsonUnsafe({ quantity }),
            client.execute,
            Effect.flatMap(HttpClientResponse.schemaBodyJson(Parcel)),
            TracedClient.withTemplate("/inventory/{sku}/shipments")
          )
      }
    })
  )
}
