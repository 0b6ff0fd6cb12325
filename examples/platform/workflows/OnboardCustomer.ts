/**
 * A new customer, announced by a webhook: an entry in the CRM, then a welcome.
 */
import { Traced } from "@gorax/tracing"
import { Effect, Schema } from "effect"
import { Credentials, Crm } from "../clients/Crm.ts"
import type { Run } from "../Execution.ts"

export const Signup = Schema.Struct({
  name: Schema.NonEmptyString,
  email: Schema.NonEmptyString
})
export type Signup = typeof Signup.Type

const createCustomer = Effect.fnUntraced(
  function* (signup: Signup) {
    const credentials = yield* Credentials
    const crm = yield* Crm
    const key = yield* credentials.crmKey.pipe(Traced.credentials("create-customer", { count: 1 }))
    return yield* crm.create(key, signup).pipe(Traced.httpAction("create"))
  },
  Traced.step("create-customer", { type: "http" })
)

const welcome = Effect.fnUntraced(
  function* (signup: Signup) {
    const crm = yield* Crm
    const [firstName] = yield* Effect.sync(() => signup.name.split(" ")).pipe(Traced.transformAction("first-name"))
    const message = { to: signup.email, subject: "Welcome", text: `Good to have you here, ${firstName}.` }
    yield* crm.send(message).pipe(Traced.httpAction("send"))
  },
  Traced.step("welcome", { type: "http" })
)

export const onboardCustomer = Effect.fnUntraced(
  function* (signup: Signup, _run: Run) {
    const { customerId } = yield* createCustomer(signup)
    yield* welcome(signup)
    return { customerId }
  },
  Traced.workflow("onboard-customer", (_signup, run) => run)
)
