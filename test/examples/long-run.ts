/**
 * A program for the test of signals: one step is done, and others never end, in fibers of every kind. `BARE=true` runs
 * it without tracing.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Traced, TracedMessage, TracingLive } from "@gorax/tracing"
import { Console, Effect, Layer } from "effect"

const never = (name: string) => Effect.never.pipe(Traced.step(name))
const startImmediately = { startImmediately: true }

const program = Effect.void.pipe(
  Traced.step("done"),
  Effect.andThen(Effect.forkChild(never("child"), startImmediately)),
  Effect.andThen(Effect.forkDetach(never("detached"), startImmediately)),
  Effect.andThen(Effect.forkScoped(never("scoped"), startImmediately)),
  Effect.andThen(
    Effect.forkDetach(Effect.never.pipe(TracedMessage.process("orders", { headers: {} })), startImmediately)
  ),
  Effect.andThen(Console.log("waiting")),
  Effect.andThen(never("open")),
  Effect.scoped,
  Traced.workflow("long-run", { tenantId: "acme", executionId: "exec-1" })
)

NodeRuntime.runMain(program.pipe(Effect.provide(process.env["BARE"] === "true" ? Layer.empty : TracingLive)))
