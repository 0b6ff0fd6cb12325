/**
 * The outside world, played by one process: a warehouse that is slow, a bank that first says no, and a CRM.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { TracedServer, TracingLive } from "@gorax/tracing"
import { Config, Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import type { Payment } from "./clients/Payments.ts"

const PathParam = (name: string) => Effect.map(HttpRouter.params, (params) => params[name] ?? "")

const reserve = HttpRouter.route(
  "POST",
  "/inventory/reservations",
  Effect.gen(function* () {
    const { orderId } = yield* HttpServerRequest.schemaBodyJson(Schema.Struct({ orderId: Schema.String }))
    yield* Effect.sleep("150 millis")
    return yield* HttpServerResponse.json({ reservationId: `reservation-${orderId}` })
  })
)

const ship = HttpRouter.route(
  "POST",
  "/inventory/:sku/shipments",
  Effect.gen(function* () {
    const sku = yield* PathParam("sku")
    yield* Effect.sleep("20 millis")
    return yield* HttpServerResponse.json({ sku, parcelId: `parcel-${sku}` })
  })
)

/** Every order's first charge is declined; the second one goes through. */
const payments = Effect.sync(() => {
  const tried = new Set<string>()
  const paid = new Map<string, Payment>()
  const Charge = Schema.Struct({ orderId: Schema.String, amount: Schema.Int })
  return [
    HttpRouter.route(
      "POST",
      "/payments",
      Effect.gen(function* () {
        const { amount, orderId } = yield* HttpServerRequest.schemaBodyJson(Charge)
        if (!tried.has(orderId)) {
          tried.add(orderId)
          return yield* HttpServerResponse.json({ error: "declined, try again" }, { status: 402 })
        }
        const payment: Payment = paid.get(orderId) ?? { orderId, status: "paid", amount }
        paid.set(orderId, payment)
        return yield* HttpServerResponse.json(payment)
      })
    ),
    HttpRouter.route(
      "GET",
      "/payments/:orderId",
      Effect.flatMap(PathParam("orderId"), (orderId) =>
        HttpServerResponse.json(paid.get(orderId) ?? { orderId, status: "unpaid", amount: 0 })
      )
    )
  ]
})

const createCustomer = HttpRouter.route(
  "POST",
  "/crm/customers",
  Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    if (headers.authorization === undefined) return HttpServerResponse.empty({ status: 401 })
    const { email } = yield* HttpServerRequest.schemaBodyJson(Schema.Struct({ email: Schema.String }))
    return yield* HttpServerResponse.json({ customerId: `customer-${email.split("@")[0]}` }, { status: 201 })
  })
)

const sendMessage = HttpRouter.route("POST", "/crm/messages", HttpServerResponse.empty({ status: 202 }))

const Routes = HttpRouter.addAll(
  Effect.map(payments, (payments) => [reserve, ship, ...payments, createCustomer, sendMessage])
)

const Services = HttpRouter.serve(Routes, { disableLogger: true }).pipe(
  Layer.provide(TracedServer.layer),
  Layer.provide(
    NodeHttpServer.layerConfig(createServer, {
      host: Config.succeed("127.0.0.1"),
      port: Config.Int("PORT").pipe(Config.withDefault(3001))
    })
  )
)

NodeRuntime.runMain(Layer.launch(Services).pipe(Effect.provide(TracingLive)))
