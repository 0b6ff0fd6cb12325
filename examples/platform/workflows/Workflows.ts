/**
 * The workflows of the platform, by id.
 */
import { Effect, Schema } from "effect"
import type { Job, Run } from "../Execution.ts"
import { fulfilOrder, Order } from "./FulfilOrder.ts"
import { onboardCustomer, Signup } from "./OnboardCustomer.ts"
import { Refund, refundOrder } from "./RefundOrder.ts"

export class UnknownWorkflow extends Schema.TaggedError<UnknownWorkflow>()("UnknownWorkflow", {
  message: Schema.String
}) {}

/** A workflow that takes its input as JSON, and refuses one that does not fit. */
const define = <A, Output extends Schema.Json, E, R>(
  input: Schema.Codec<A, Schema.Json>,
  execute: (input: A, run: Run) => Effect.Effect<Output, E, R>
) => {
  const decode = Schema.decodeUnknownEffect(input)
  return {
    check: (json: Schema.Json) => Effect.asVoid(decode(json)),
    execute: (json: Schema.Json, run: Run) => Effect.flatMap(decode(json), (input) => execute(input, run))
  }
}

const workflows = {
  "fulfil-order": define(Order, fulfilOrder),
  "onboard-customer": define(Signup, onboardCustomer),
  "refund-order": define(Refund, refundOrder)
}

const find = (id: string) =>
  Object.hasOwn(workflows, id)
    ? Effect.succeed(workflows[id as keyof typeof workflows])
    : Effect.fail(
        new UnknownWorkflow({ message: `there is no workflow ${id}; there are ${Object.keys(workflows).join(", ")}` })
      )

/** Fails when the job names no workflow, or its input does not fit. */
export const check = Effect.fnUntraced(function* ({ input, workflowId }: Pick<Job, "input" | "workflowId">) {
  const workflow = yield* find(workflowId)
  yield* workflow.check(input)
})

/** Runs a job's workflow to its end. */
export const execute = Effect.fnUntraced(function* ({ input, workflowId, ...run }: Job) {
  const workflow = yield* find(workflowId)
  return yield* workflow.execute(input, run)
})
