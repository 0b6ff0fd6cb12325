import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { SpanTree } from "@gorax/tracing/testing"
import { Viewer } from "@gorax/tracing/viewer"
import { Effect, FileSystem } from "effect"
import { join } from "node:path"
import * as ApiClient from "../../examples/platform/ApiClient.ts"
import * as Platform from "../../examples/platform/Platform.ts"
import * as Tour from "../../examples/platform/Tour.ts"

it.live("the example platform, sampling nothing, recovers the run that fails and leaves nothing of others", () =>
  Effect.gen(function* () {
    const { store, url } = yield* Viewer.Viewer
    const folder = yield* FileSystem.FileSystem.use((fs) => fs.makeTempDirectoryScoped({ prefix: "gorax-test-" }))
    const webhookSecret = "a-secret-for-tests"
    const platform = yield* Platform.make({
      tracing: {
        TRACING_ENABLED: "true",
        TRACING_ENDPOINT: url,
        TRACING_BATCH_TIMEOUT: "200",
        TRACING_SAMPLE_RATE: "0"
      },
      queueUrl: join(folder, "gorax.db"),
      webhookSecret
    })
    const api = yield* ApiClient.make({ url: platform.api, webhookSecret })
    const outcome = Effect.fnUntraced(function* (ask: ReturnType<typeof api.execute>) {
      const { executionId, traceId = "" } = yield* ask
      const { status } = yield* api.finished(executionId)
      return { status, traceId }
    })
    // Its card is declined once, and accepted then: a good run
    assert.strictEqual((yield* outcome(api.execute("fulfil-order", Tour.order))).status, "completed")
    const refund = yield* outcome(api.execute("refund-order", Tour.refund))
    assert.strictEqual(refund.status, "failed")
    const { spans, summary } = yield* store.awaitQuiet(refund.traceId)
    assert.deepStrictEqual(summary.services, ["gorax-worker"])
    assert.strictEqual(
      SpanTree.drawSpans(spans, "gorax.tracing.kept_because"),
      `\
queue.process_message gorax.tracing.kept_because=failure
└─ workflow.execute gorax.tracing.kept_because=failure ✗ OrderNotPaid
   └─ workflow.step.execute gorax.tracing.kept_because=failure ✗ OrderNotPaid
      └─ http.action gorax.tracing.kept_because=failure
         └─ GET /payments/{orderId} gorax.tracing.kept_because=failure`
    )
    // Whatever there was of the order before it would have come with it
    assert.deepStrictEqual(
      (yield* store.list()).map(({ traceId }) => traceId),
      [refund.traceId]
    )
  }).pipe(Effect.scoped, Effect.provide(Viewer.layer({ port: 0 })), Effect.provide(NodeServices.layer))
)
