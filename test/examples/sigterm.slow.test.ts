import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { FakeCollector, SpanTree } from "@gorax/tracing/testing"
import { Deferred, Effect, Layer, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"

type Signal = "SIGTERM" | "SIGINT" | "SIGHUP"

const longRun = fileURLToPath(new URL("long-run.ts", import.meta.url))

/** Starts the program, sends it a signal as soon as it waits, and comes to its exit code, or what Node says of its death. */
const signalled = Effect.fnUntraced(function* (signal: Signal, env: Readonly<Record<string, string>>) {
  const waiting = yield* Deferred.make<void>()
  const child = yield* ChildProcess.make(
    process.execPath,
    ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", longRun],
    { env, extendEnv: true }
  )
  yield* child.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => (line === "waiting" ? Deferred.succeed(waiting, undefined) : Effect.void)),
    Effect.forkScoped
  )
  yield* Deferred.await(waiting)
  yield* child.kill({ killSignal: signal })
  return yield* Effect.match(child.exitCode, { onSuccess: String, onFailure: ({ message }) => message })
}, Effect.scoped)

describe("a process that is told to stop", () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it.live(`exports on ${signal} what it has, the interrupted spans too, and exits as it would without tracing`, () =>
      Effect.gen(function* () {
        const collector = yield* FakeCollector.FakeCollector
        const env = {
          TRACING_ENABLED: "true",
          TRACING_ENDPOINT: collector.url,
          TRACING_SERVICE_NAME: "long-run",
          // Longer than the test: only the end of the program can bring them.
          TRACING_BATCH_TIMEOUT: "600000"
        }
        const code = yield* signalled(signal, env)
        assert.strictEqual(
          SpanTree.drawSpans(yield* collector.spans, "node_id"),
          `\
workflow.execute ⊘
├─ workflow.step.execute node_id=done
├─ workflow.step.execute node_id=child ⊘
├─ workflow.step.execute node_id=detached ⊘
├─ workflow.step.execute node_id=scoped ⊘
└─ workflow.step.execute node_id=open ⊘
queue.process_message ⊘`
        )
        assert.strictEqual(code, yield* signalled(signal, { BARE: "true" }))
      }).pipe(Effect.provide(Layer.merge(FakeCollector.layer, NodeServices.layer)))
    )
  }
})
