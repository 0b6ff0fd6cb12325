/**
 * `npm start`: the example platform, three processes and a queue, and a trace of every workflow on the screen and on a page.
 *
 * - `npm start -- --once` ends by itself, `npm start -- --verbose` shows what the processes print.
 * - `TRACING_ENDPOINT=…` sends the traces there instead of to the receiver in this process.
 * - `QUEUE_URL=…` puts the queue into PostgreSQL or Redis, `PORT=…` the API onto another port.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { TracePrinter, Viewer } from "@gorax/tracing/viewer"
import {
  Cause,
  Clock,
  Config,
  Console,
  Effect,
  Exit,
  FileSystem,
  Layer,
  Option,
  Predicate,
  Runtime,
  Schema,
  Stream
} from "effect"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as ApiClient from "./platform/ApiClient.ts"
import * as Platform from "./platform/Platform.ts"
import * as Tour from "./platform/Tour.ts"
import { awaitWhole } from "./platform/WholeTrace.ts"

const webhookSecret = "a-secret-for-examples"
/** Log lines are on the page; here they would hide the tree. */
const drawing = {
  spansOnly: true,
  color: process.stdout.isTTY,
  width: Math.max(100, Math.min(160, process.stdout.columns ?? 120))
}

class WrongOption extends Schema.TaggedError<WrongOption>()("WrongOption", { message: Schema.String }) {}

const options = Effect.try({
  try: () => parseArgs({ options: { once: { type: "boolean" }, verbose: { type: "boolean" } } }).values,
  catch: () => new WrongOption({ message: "The options are --once, to end by itself, and --verbose." })
})

const NonEmpty = (name: string) => Config.option(Config.NonEmptyString(name))

/** The receiver in this process, unless there is a backend to send to. */
const receiver = Effect.fnUntraced(function* (backend: Option.Option<string>) {
  if (Option.isSome(backend)) return { endpoint: backend.value, viewer: undefined, tracing: {} }
  const viewer = yield* Effect.flatMap(Layer.build(Viewer.layer()), (context) => Effect.provide(Viewer.Viewer, context))
  const tracing = {
    TRACING_ENDPOINT: viewer.url,
    TRACING_EXPORTER: "otlp",
    TRACING_EXPORTER_TYPE: undefined,
    TRACING_LOGS: yield* Config.String("TRACING_LOGS").pipe(Config.withDefault("otlp"))
  }
  return { endpoint: viewer.url, viewer, tracing }
})

const main = Effect.gen(function* () {
  const { once = false, verbose = false } = yield* options
  const backend = yield* NonEmpty("TRACING_ENDPOINT")
  const queueUrl = yield* NonEmpty("QUEUE_URL")
  const folder = yield* FileSystem.FileSystem.use((fs) => fs.makeTempDirectoryScoped({ prefix: "gorax-" }))
  const { endpoint, tracing, viewer } = yield* receiver(backend)

  yield* Console.log("Starting the services, the API and a worker …")
  const platform = yield* Platform.make({
    tracing: { TRACING_ENABLED: "true", TRACING_BATCH_TIMEOUT: "200", ...tracing },
    queueUrl: Option.getOrElse(queueUrl, () => join(folder, "gorax.db")),
    port: yield* Config.Int("PORT").pipe(Config.withDefault(3000)),
    webhookSecret,
    onLine: (name, line) =>
      verbose || / (WARN|ERROR|FATAL) /.test(line) ? Console.log(`${name.padEnd(15)}│ ${line}`) : Effect.void
  })
  yield* Console.log(
    `  API     ${platform.api}\n  traces  ${endpoint}${viewer === undefined ? "" : "  ← open it in a browser"}`
  )

  const api = yield* ApiClient.make({ url: platform.api, webhookSecret })
  const tour = Effect.forEach(
    Tour.stops(api),
    Effect.fnUntraced(function* ({ ask, title }, index) {
      const { executionId, traceId = "" } = yield* ask
      const { error, status, workflowId } = yield* api.finished(executionId)
      const why = error === undefined ? "" : `: ${error.type}, ${error.message}`
      yield* Console.log(`\n${index + 1}. ${title}\n   ${workflowId} ${status}${why}`)
      const trace = viewer === undefined ? undefined : yield* awaitWhole(viewer.store, traceId)
      yield* Console.log(trace === undefined ? `   trace ${traceId}` : TracePrinter.draw(trace, drawing))
    }),
    { discard: true }
  )
  // A request fails a moment before the process that did not answer is known to be gone, which says more.
  const orDied = Effect.catch((error: Effect.Error<typeof tour>) =>
    Effect.timeoutOrElse(platform.died, { duration: "500 millis", orElse: () => Effect.fail(error) })
  )
  yield* Effect.raceFirst(orDied(tour), platform.died)
  if (once) return

  yield* Console.log(Tour.tryIt({ api: platform.api, metrics: platform.metrics, traces: viewer?.url, webhookSecret }))
  const since = yield* Clock.currentTimeNanos
  const printing =
    viewer === undefined
      ? Effect.never
      : viewer.store.quiet.pipe(
          Stream.filter(({ summary }) => summary.startTime > since),
          Stream.runForEach((trace) => Console.log(`\n${TracePrinter.draw(trace, drawing)}`))
        )
  yield* Effect.raceFirst(printing, platform.died)
})

const explain = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return Cause.hasDies(cause) || !Predicate.hasProperty(error, "message") ? Cause.pretty(cause) : String(error.message)
}

/** Stopping it is how it ends: that is no failure. */
const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit)

main.pipe(
  Effect.onInterrupt(() => Console.log("\nStopping …")),
  Effect.tapCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : Console.error(`\n${explain(cause)}`))),
  Effect.scoped,
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown })
)
