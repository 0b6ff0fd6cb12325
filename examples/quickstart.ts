import { NodeRuntime } from "@effect/platform-node"
import { Traced, TracingLive } from "@gorax/tracing"
import { Effect } from "effect"

const greet = Effect.fnUntraced(
  function* (name: string) {
    yield* Effect.log(`Hello, ${name}`)
    return name.length
  },
  Traced.step("greet", { type: "transform" })
)

const program = Effect.forEach(["Ada", "Grace"], Traced.iteration("name", greet)).pipe(
  Traced.workflow("say-hello", { tenantId: "acme", executionId: "exec-1" })
)

NodeRuntime.runMain(program.pipe(Effect.provide(TracingLive)))
