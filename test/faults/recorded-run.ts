/**
 * A program whose runs are not sampled, and which ends in the middle of one, in the way that is asked for.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Traced, TracingLive } from "@gorax/tracing"
import { Effect } from "effect"

const step = Effect.void.pipe(Traced.step("step"))
const steps = Effect.forEach(Array.from({ length: 300 }), () => step, { discard: true })
const good = steps.pipe(Traced.workflow("good", { tenantId: "acme", executionId: "exec-1" }))

const endings: Readonly<Record<string, Effect.Effect<unknown>>> = {
  exit: Effect.sync(() => process.exit(0)),
  uncaught: Effect.sync(() => void setImmediate(() => JSON.parse("{"))).pipe(Effect.andThen(Effect.never)),
  SIGTERM: Effect.sync(() => process.kill(process.pid, "SIGTERM")).pipe(Effect.andThen(Effect.never)),
  SIGHUP: Effect.sync(() => process.kill(process.pid, "SIGHUP")).pipe(Effect.andThen(Effect.never))
}

const cut = Effect.andThen(steps, endings[process.argv[2] ?? ""] ?? Effect.void).pipe(
  Traced.workflow("cut", { tenantId: "acme", executionId: "exec-2" })
)

// What holds a program that waits
setInterval(() => undefined, 1000).unref()
NodeRuntime.runMain(Effect.andThen(good, cut).pipe(Effect.provide(TracingLive)), { disableErrorReporting: true })
