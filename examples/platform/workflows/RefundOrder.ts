/**
 * Gives money back, if there is any: an order that was never paid has none, and the workflow fails with that reason.
 */
import { Traced } from "@gorax/tracing"
import { Effect, Schema } from "effect"
import { Payments } from "../clients/Payments.ts"
import type { Run } from "../Execution.ts"

export const Refund = Schema.Struct({ orderId: Schema.NonEmptyString })
export type Refund = typeof Refund.Type

export class OrderNotPaid extends Schema.TaggedError<OrderNotPaid>()("OrderNotPaid", {
  message: Schema.String
}) {}

const checkPayment = Effect.fnUntraced(
  function* ({ orderId }: Refund) {
    const payments = yield* Payments
    const payment = yield* payments.find(orderId).pipe(Traced.httpAction("find-payment"))
    if (payment.status === "unpaid") {
      return yield* new OrderNotPaid({ message: `order ${orderId} was never paid, so there is nothing to give back` })
    }
    return payment
  },
  Traced.step("check-payment", { type: "condition" })
)

export const refundOrder = Effect.fnUntraced(
  function* (refund: Refund, _run: Run) {
    const { amount, orderId } = yield* checkPayment(refund)
    yield* Traced.event("refund.granted", { amount })
    return { orderId, refunded: amount }
  },
  Traced.workflow("refund-order", (_refund, run) => run)
)
