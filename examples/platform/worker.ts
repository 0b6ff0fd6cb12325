/**
 * A worker: takes jobs from the queue and runs their workflows, two at a time. Start as many as you like.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { TracedServer, TracingLive } from "@gorax/tracing"
import { Config, Effect, Layer } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"
import { Credentials, Crm } from "./clients/Crm.ts"
import { Inventory } from "./clients/Inventory.ts"
import * as Outside from "./clients/Outside.ts"
import { Payments } from "./clients/Payments.ts"
import { type Execution, Executions, type Job, queue } from "./Execution.ts"
import * as Operations from "./Operations.ts"
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
  const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
  yield* Effect.log(`Taking jobs from the queue, metrics at ${url}/metrics`)
  const taking = jobs.take(work).pipe(
    Effect.catchCause((cause) => Effect.logError("A job was put back", cause)),
    Effect.forever
  )
  yield* Effect.all([taking, taking], { concurrency: "unbounded", discard: true })
})

const Services = Layer.mergeAll(Inventory.layer, Payments.layer, Crm.layer, Credentials.layer).pipe(
  Layer.provide(Outside.layer)
)

/** A worker has nothing to serve but its metrics. */
const Metrics = HttpRouter.serve(Operations.routes, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provide(TracedServer.layer),
  Layer.provideMerge(
    NodeHttpServer.layerConfig(createServer, {
      host: Config.succeed("127.0.0.1"),
      port: Config.Int("METRICS_PORT").pipe(Config.withDefault(0))
    })
  )
)

NodeRuntime.runMain(
  Worker.pipe(
    Effect.provide(Metrics),
    Effect.provide([Services, Executions.layer.pipe(Layer.provideMerge(Storage.layer))]),
    Effect.provide(TracingLive)
  )
)
