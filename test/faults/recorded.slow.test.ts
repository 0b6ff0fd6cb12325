import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { TracingLive } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { ConfigProvider, Effect, FileSystem, Layer, Logger } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"

const recordedRun = fileURLToPath(new URL("recorded-run.ts", import.meta.url))

/** Runs the program to its end, whatever that is. */
const run = (how: string, env: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const child = yield* ChildProcess.make(
      process.execPath,
      ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", recordedRun, how],
      { env, extendEnv: true }
    )
    yield* Effect.exit(child.exitCode)
  }).pipe(Effect.scoped)

describe("a run that is not sampled and cut off", () => {
  for (const how of ["exit", "uncaught", "SIGTERM", "SIGHUP"]) {
    it.live(`by ${how} comes out whole after the next start, and the good one before it does not`, () =>
      Effect.gen(function* () {
        const collector = yield* FakeCollector.FakeCollector
        const folder = yield* FileSystem.FileSystem.use((fs) => fs.makeTempDirectoryScoped({ prefix: "gorax-test-" }))
        const env = { TRACING_ENABLED: "true", TRACING_ENDPOINT: collector.url, TRACING_SPOOL_DIR: folder }
        yield* collector.stop
        yield* run(how, {
          ...env,
          TRACING_SAMPLE_RATE: "0",
          TRACING_TAIL_SAMPLING: "failures,interrupted",
          TRACING_SHUTDOWN_TIMEOUT: "200"
        })
        yield* collector.start
        const next = Layer.provide(TracingLive, [
          ConfigProvider.layer(ConfigProvider.fromUnknown(env)),
          Logger.layer([])
        ])
        const spans = yield* collector.awaitSpans(301).pipe(Effect.provide(next))
        assert.strictEqual(spans.length, 301)
        assert.deepStrictEqual([...new Set(spans.map(({ attributes }) => attributes.get("execution_id")))], ["exec-2"])
        const root = spans.find(({ name }) => name === "workflow.execute")
        assert.strictEqual(
          root?.attributes.get("gorax.tracing.kept_because"),
          how === "uncaught" ? "failure" : "interrupted"
        )
      }).pipe(Effect.scoped, Effect.provide([FakeCollector.layer, NodeServices.layer]))
    )
  }
})
