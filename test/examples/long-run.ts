/**
 * A program for the test of signals: one step is done, the other one never ends. `bare` runs it without tracing.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Traced, TracingLive } from "@gorax/tracing"
import { Console, Effect, Layer } from "effect"

const program = Effect.void.pipe(
  Traced.step("done"),
  Effect.andThen(Console.log("waiting")),
  Effect.andThen(Effect.never.pipe(Traced.step("open"))),
  Traced.workflow("long-run", { tenantId: "acme", executionId: "exec-1" })
)

NodeRuntime.runMain(program.pipe(Effect.provide(process.argv.includes("bare") ? Layer.empty : TracingLive)))
