/**
 * Tells a customer that an order is on its way. Other workflows run it as a part of theirs.
 */
import { Traced } from "@gorax/tracing"
import { Effect } from "effect"
import { Crm } from "../clients/Crm.ts"
import type { Run } from "../Execution.ts"
import * as Script from "../Script.ts"

export interface Confirmation {
  readonly orderId: string
  readonly email: string
  readonly parcels: number
  /** In cents. */
  readonly paid: number
}

/** What the tenant wrote into the workflow's editor. */
const greeting = `"Your order " + order.orderId + " comes in " + order.parcels + " parcels."`

const writeMessage = Effect.fnUntraced(
  function* (order: Confirmation) {
    const { paid } = yield* Effect.succeed({ paid: `${(order.paid / 100).toFixed(2)} €` }).pipe(
      Traced.transformAction("format-amounts")
    )
    const text = yield* Script.run("greeting", greeting, { order })
    return { to: order.email, subject: "On its way", text: `${text} You paid ${paid}.` }
  },
  Traced.step("write-message", { type: "transform", measureOutput: true })
)

export const sendConfirmation = Effect.fnUntraced(
  function* (order: Confirmation, _run: Run) {
    const crm = yield* Crm
    const message = yield* writeMessage(order)
    yield* crm.send(message).pipe(Traced.httpAction("send"), Traced.step("send-message", { type: "http" }))
  },
  Traced.workflow("send-confirmation", (_order, run) => run)
)
