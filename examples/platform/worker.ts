/**
 * A worker: takes jobs from the queue and runs their workflows, two at a time. Start as many as you like.
 */
import { NodeRuntime } from "@effect/platform-node"
import { TracingLive } from "@gorax/tracing"
import { Effect, Layer } from "effect"
import { Credentials, Crm } from "./clients/Crm.ts"
import { Inventory } from "./clients/Inventory.ts"
import * as Outside from "./clients/Outside.ts"
import { Payments } from "./clients/Payments.ts"
import { type Execution, Executions, type Job, queue } from "./Execution.ts"
import * as Storage from "./Storage.ts"
import * as Workflows from "./workflows/Workflows.ts"

type Outcome = Pick<Execution, "status" | "output" | "error">

/**
 * Runs one job. A workflow that fails has failed, and its execution says why; it is not tried again. What the queue
 * does deliver again is a job whose worker went away.
 */
const work = Effect.fnUntraced(function* (job: Job) {
  const executions = yield* Executions
  const known = yield* executions.get(job.executionId)
  const { input: _, ...rest } = job
  const record = (outcome: Outcome) => executions.set(job.executionId, { ...known, ...rest, ...outcome })
  yield* record({ status: "running" })
  const outcome = yield* Workflows.execute(job).pipe(
    Effect.tapError(({ message }) => Effect.log(`${job.workflowId} ${job.executionId} failed: ${message}`)),
    Effect.match({
      onSuccess: (output): Outcome => ({ status: "completed", output }),
      onFailure: ({ _tag, message }): Outcome => ({ status: "failed", error: { type: _tag, message } })
    })
  )
  yield* record(outcome)
})

const Worker = Effect.gen(function* () {
  const jobs = yield* queue
  yield* Effect.log("Taking jobs from the queue")
  const taking = jobs.take(work).pipe(
    Effect.catchCause((cause) => Effect.logError("A job was put back", cause)),
    Effect.forever
  )
  yield* Effect.all([taking, taking], { concurrency: "unbounded", discard: true })
})

const Services = Layer.mergeAll(Inventory.layer, Payments.layer, Crm.layer, Credentials.layer).pipe(
  Layer.provide(Outside.layer)
)

NodeRuntime.runMain(
  Worker.pipe(
    Effect.provide([Services, Executions.layer.pipe(Layer.provideMerge(Storage.layer))]),
    Effect.provide(TracingLive)
  )
)
