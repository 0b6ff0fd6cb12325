// The quickstart again, with nothing but Effect's own spans: the tree it draws is the same.
import { NodeRuntime } from "@effect/platform-node"
import { TracingLive } from "@gorax/tracing"
import { Effect } from "effect"

const greet = Effect.fn("workflow.step.execute", { attributes: { node_id: "greet", node_type: "transform" } })(
  function* (name: string) {
    yield* Effect.log(`Hello, ${name}`)
    return name.length
  }
)

const ids = { tenant_id: "acme", workflow_id: "say-hello", execution_id: "exec-1" }

const program = Effect.forEach(["Ada", "Grace"], (name, index) =>
  greet(name).pipe(
    Effect.withSpan("workflow.loop.iteration", {
      attributes: { "loop.item_variable": "name", "loop.iteration.index": index }
    })
  )
).pipe(Effect.annotateSpans(ids), Effect.annotateLogs(ids), Effect.withSpan("workflow.execute", { attributes: ids }))

NodeRuntime.runMain(program.pipe(Effect.provide(TracingLive)))
