/**
 * The way into the platform: a job is checked, written down and queued; a worker does the rest.
 */
import { Traced } from "@gorax/tracing"
import { Context, Effect, Layer, Option, type Schema } from "effect"
import type { PersistedQueueError } from "effect/persistence/PersistedQueue"
import type { PersistenceError } from "effect/persistence/Persistence"
import { type Execution, Executions, type Job, queue } from "./Execution.ts"
import * as Workflows from "./workflows/Workflows.ts"

type Failure = Workflows.UnknownWorkflow | Schema.SchemaError | PersistenceError | PersistedQueueError

export class Submission extends Context.Service<
  Submission,
  {
    /** Comes to the execution as it was queued. Asked twice for one execution, it queues it once. */
    readonly submit: (job: Job) => Effect.Effect<Execution, Failure>
  }
>()("gorax/platform/Submission") {
  static readonly layer = Layer.effect(
    Submission,
    Effect.gen(function* () {
      const executions = yield* Executions
      const jobs = yield* queue
      return {
        submit: Effect.fnUntraced(function* (job: Job) {
          yield* Workflows.check(job)
          const known = yield* executions.get(job.executionId)
          if (known !== undefined) return known
          const traceId = Option.getOrUndefined(yield* Traced.currentTraceId)
          const { input: _, ...rest } = job
          const execution: Execution = { ...rest, ...(traceId === undefined ? {} : { traceId }), status: "queued" }
          yield* executions.set(job.executionId, execution)
          yield* jobs.offer(job, { id: job.executionId })
          return execution
        })
      }
    })
  )
}
