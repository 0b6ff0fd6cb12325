/**
 * An order on its way: goods and money side by side, then every line is shipped, then the customer hears of it.
 */
import { Traced } from "@gorax/tracing"
import { Effect, Schedule, Schema } from "effect"
import { Inventory, Line } from "../clients/Inventory.ts"
import { type CardDeclined, Payments } from "../clients/Payments.ts"
import type { Run } from "../Execution.ts"
import { sendConfirmation } from "./SendConfirmation.ts"

export const Order = Schema.Struct({
  orderId: Schema.NonEmptyString,
  email: Schema.NonEmptyString,
  /** In cents. */
  total: Schema.Int,
  lines: Schema.NonEmptyArray(Line)
})
export type Order = typeof Order.Type

const reserveStock = Effect.fnUntraced(
  function* (order: Order) {
    const inventory = yield* Inventory
    return yield* inventory.reserve(order.orderId, order.lines).pipe(Traced.httpAction("reserve"))
  },
  Traced.step("reserve-stock", { type: "http" })
)

const chargeCard = Effect.fnUntraced(
  function* (order: Order) {
    const payments = yield* Payments
    const payment = yield* payments
      .charge(order.orderId, order.total)
      .pipe(
        Traced.httpAction("charge"),
        Traced.attempt("charge-card", { maxRetries: 2 }),
        Effect.retry({ times: 2, schedule: Schedule.exponential("50 millis"), while: isDeclined })
      )
    yield* Traced.event("payment.captured", { amount: payment.amount })
    return payment
  },
  Traced.step("charge-card", { type: "http" })
)

const isDeclined = (error: { readonly _tag: string }): error is CardDeclined => error._tag === "CardDeclined"

const shipLine = Effect.fnUntraced(
  function* (line: Line) {
    const inventory = yield* Inventory
    return yield* inventory.ship(line).pipe(Traced.httpAction("ship"))
  },
  Traced.step("ship-line", { type: "http" })
)

export const fulfilOrder = Effect.fnUntraced(
  function* (order: Order, run: Run) {
    const { payment, stock } = yield* Effect.all(
      Traced.branches({ stock: reserveStock(order), payment: chargeCard(order) }),
      { concurrency: "unbounded" }
    )
    const parcels = yield* Effect.forEach(order.lines, Traced.iteration("line", shipLine))
    yield* Effect.log(`Shipped ${parcels.length} parcels`)
    yield* sendConfirmation(
      { orderId: order.orderId, email: order.email, parcels: parcels.length, paid: payment.amount },
      { ...run, executionId: `${run.executionId}.confirmation`, trigger: "workflow" }
    ).pipe(Traced.subWorkflow("send-confirmation"), Traced.step("confirm", { type: "sub_workflow" }))
    return { reservationId: stock.reservationId, parcels: parcels.map(({ parcelId }) => parcelId) }
  },
  Traced.workflow("fulfil-order", (_order, run) => run)
)
