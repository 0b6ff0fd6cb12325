/**
 * One run of a workflow: what is queued, and what is known about it afterwards.
 */
import { TracedQueue } from "@gorax/tracing"
import { Context, Effect, Layer, Schema } from "effect"
import * as Storage from "./Storage.ts"

/** Whose run it is; what `Traced.workflow` puts on every span and log line below. */
export const Run = Schema.Struct({
  tenantId: Schema.String,
  executionId: Schema.String,
  trigger: Schema.Literals(["api", "webhook", "workflow"])
})
export type Run = typeof Run.Type

export const Job = Schema.Struct({ ...Run.fields, workflowId: Schema.String, input: Schema.Json })
export type Job = typeof Job.Type

/** The queue between the API and the workers. A job carries the trace it was asked for in. */
export const queue = TracedQueue.make({ name: "workflows", schema: Job, maxAttempts: 3 })

export const Execution = Schema.Struct({
  ...Run.fields,
  workflowId: Schema.String,
  /** Where to look it up: the id of its trace, when it has one. */
  traceId: Schema.optionalKey(Schema.String),
  status: Schema.Literals(["queued", "running", "completed", "failed"]),
  output: Schema.optionalKey(Schema.Json),
  error: Schema.optionalKey(Schema.Struct({ type: Schema.String, message: Schema.String }))
})
export type Execution = typeof Execution.Type

export const isFinished = ({ status }: Execution): boolean => status === "completed" || status === "failed"

const executions = Storage.table("gorax_executions", Execution)

/** What every process of the platform knows about every execution. */
export class Executions extends Context.Service<Executions, Effect.Success<typeof executions>>()(
  "gorax/platform/Executions"
) {
  static readonly layer = Layer.effect(Executions, executions)
}
