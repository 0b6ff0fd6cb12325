/**
 * A program that has ended so many spans, none of which has been sent, and waits to be told to stop.
 *
 * `stop-run.ts <spans>`. It says `done` when they have ended.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Traced, TracingLive } from "@gorax/tracing"
import { Console, Effect } from "effect"

const spans = Number(process.argv[2])
const step = Effect.void.pipe(Traced.step("charge-card", { type: "http", attributes: { tenant_id: "acme" } }))
const program = Effect.forEach(Array.from({ length: spans }), () => step, { discard: true }).pipe(
  Effect.andThen(Console.log("done")),
  Effect.andThen(Effect.never)
)

NodeRuntime.runMain(program.pipe(Effect.provide(TracingLive)))
