import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { TracingHealth } from "@gorax/tracing"
import { SpanRules, SpanTree } from "@gorax/tracing/testing"
import { Viewer } from "@gorax/tracing/viewer"
import { Context, Effect, FileSystem, Layer, Schema } from "effect"
import { join } from "node:path"
import * as ApiClient from "../../examples/platform/ApiClient.ts"
import type { Execution } from "../../examples/platform/Execution.ts"
import * as Platform from "../../examples/platform/Platform.ts"
import * as Tour from "../../examples/platform/Tour.ts"
import { awaitWhole } from "../../examples/platform/WholeTrace.ts"
import { parse } from "../metrics/openMetricsText.ts"
import { fulfilOrder, inFulfilOrder } from "./fulfilOrder.ts"

const webhookSecret = "a-secret-for-tests"

type Client = Effect.Success<ReturnType<typeof ApiClient.make>>

class Api extends Context.Service<
  Api,
  Client & {
    readonly metrics: string
    /** What the worker printed. */
    readonly lines: ReadonlyArray<string>
  }
>()("test/examples/Api") {}

/** The platform as `npm start` starts it: three processes, free ports, a folder of its own. */
const Running = Layer.effect(
  Api,
  Effect.gen(function* () {
    const { url } = yield* Viewer.Viewer
    const folder = yield* FileSystem.FileSystem.use((fs) => fs.makeTempDirectoryScoped({ prefix: "gorax-test-" }))
    const lines: Array<string> = []
    const platform = yield* Platform.make({
      onLine: (name, line) => Effect.sync(() => void (name === "gorax-worker" && lines.push(line))),
      tracing: { TRACING_ENABLED: "true", TRACING_ENDPOINT: url, TRACING_BATCH_TIMEOUT: "200" },
      queueUrl: join(folder, "gorax.db"),
      webhookSecret
    })
    return { ...(yield* ApiClient.make({ url: platform.api, webhookSecret })), metrics: platform.metrics, lines }
  })
).pipe(Layer.provideMerge(Viewer.layer({ port: 0 })), Layer.provide(NodeServices.layer))

const traced = Effect.fnUntraced(function* <E, R>(ask: Effect.Effect<Execution, E, R>) {
  const api = yield* Api
  const { store } = yield* Viewer.Viewer
  const { executionId, traceId } = yield* ask
  const execution = yield* api.finished(executionId)
  const trace = yield* awaitWhole(store, traceId ?? "")
  if (trace === undefined) return assert.fail("no trace has arrived")
  assert.isTrue(trace.summary.complete, "no span without its parent")
  yield* SpanTree.expectSoundSpans(trace.spans, SpanRules.whole)
  return { execution, spans: trace.spans, summary: trace.summary }
})

const serviceOf = (span: { readonly resource: { readonly attributes: Readonly<Record<string, unknown>> } }) =>
  span.resource.attributes["service.name"]

layer(Running, { excludeTestServices: true, timeout: "60 seconds" })("the example platform", (it) => {
  it.effect("tells an order that three processes worked on as one trace", () =>
    Effect.gen(function* () {
      const { execution, spans, summary } = yield* traced((yield* Api).execute("fulfil-order", Tour.order))
      assert.strictEqual(execution.status, "completed")
      assert.deepStrictEqual(summary.services, ["gorax-api", "gorax-worker", "gorax-services"])
      assert.strictEqual(SpanTree.drawSpans(spans, ...inFulfilOrder), fulfilOrder)
      for (const span of spans) {
        const expected =
          span.name === "queue.publish" || span.parentSpanId === undefined
            ? "gorax-api"
            : span.kind === "server"
              ? "gorax-services"
              : "gorax-worker"
        assert.strictEqual(serviceOf(span), expected, span.name)
      }
    })
  )

  it.effect("puts tenant and execution on every span of the run, and on no other", () =>
    Effect.gen(function* () {
      const order = { ...Tour.order, orderId: "A-2002" }
      const { execution, spans } = yield* traced((yield* Api).execute("fulfil-order", order))
      const stamped = spans.filter((span) => span.attributes.has("execution_id"))
      const ofWorkflow = spans.filter((span) => serviceOf(span) === "gorax-worker" && span.kind !== "consumer")
      assert.sameMembers(
        stamped.map(({ spanId }) => spanId),
        ofWorkflow.map(({ spanId }) => spanId)
      )
      assert.sameMembers(
        [...new Set(stamped.map(({ attributes }) => attributes.get("execution_id")))],
        [execution.executionId, `${execution.executionId}.confirmation`]
      )
      assert.deepStrictEqual([...new Set(stamped.map(({ attributes }) => attributes.get("tenant_id")))], ["acme"])
    })
  )

  it.effect("follows a webhook from its signature to the customer's welcome", () =>
    Effect.gen(function* () {
      const { execution, spans } = yield* traced((yield* Api).deliver("customer-signup", Tour.signup))
      assert.deepStrictEqual([execution.status, execution.trigger], ["completed", "webhook"])
      assert.strictEqual(
        SpanTree.drawSpans(spans, "validation_passed", "node_id", "credential.count"),
        `\
POST /api/v1/webhooks/:id
└─ webhook.receive
   ├─ webhook.validate validation_passed=true
   ├─ webhook.event.store
   └─ queue.publish
      └─ queue.process_message
         └─ workflow.execute
            ├─ workflow.step.execute node_id=create-customer
            │  ├─ workflow.credential.inject node_id=create-customer credential.count=1
            │  └─ http.action
            │     └─ POST /crm/customers
            │        └─ POST /crm/customers
            └─ workflow.step.execute node_id=welcome
               ├─ transform.action
               └─ http.action
                  └─ POST /crm/messages
                     └─ POST /crm/messages`
      )
    })
  )

  it.effect("marks the workflow that fails, with the error and its reason", () =>
    Effect.gen(function* () {
      const { execution, spans, summary } = yield* traced((yield* Api).execute("refund-order", Tour.refund))
      const message = "order A-1002 was never paid, so there is nothing to give back"
      assert.deepStrictEqual([execution.status, execution.error], ["failed", { type: "OrderNotPaid", message }])
      assert.isTrue(summary.error)
      assert.strictEqual(
        SpanTree.drawSpans(spans),
        `\
POST /api/v1/workflows/:id/execute
└─ queue.publish
   └─ queue.process_message
      └─ workflow.execute ✗ OrderNotPaid
         └─ workflow.step.execute ✗ OrderNotPaid
            └─ http.action
               └─ GET /payments/{orderId}
                  └─ GET /payments/:orderId`
      )
      assert.strictEqual(spans.find(({ name }) => name === "workflow.execute")?.statusMessage, message)
    })
  )

  it.effect("begins a trace of its own for a stranger who sends one along, and links it", () =>
    Effect.gen(function* () {
      const { url } = yield* Api
      const claimed = { traceId: "c".repeat(32), spanId: "d".repeat(16) }
      const asked = Effect.promise(async () => {
        const response = await fetch(`${url}/api/v1/workflows/refund-order/execute`, {
          method: "POST",
          body: JSON.stringify(Tour.refund),
          headers: {
            "content-type": "application/json",
            traceparent: `00-${claimed.traceId}-${claimed.spanId}-01`,
            baggage: "tier=gold"
          }
        })
        return (await response.json()) as Execution
      })
      const { spans, summary } = yield* traced(asked)
      assert.deepStrictEqual(summary.services, ["gorax-api", "gorax-worker", "gorax-services"])
      assert.notInclude(
        spans.map(({ traceId }) => traceId),
        claimed.traceId
      )
      const edge = spans.find(({ kind, name }) => kind === "server" && name.startsWith("POST /api"))
      assert.deepStrictEqual(
        edge?.links.map(({ span }) => [span.traceId, span.spanId]),
        [[claimed.traceId, claimed.spanId]]
      )
    })
  )

  it.effect("leads from a log line to its trace", () =>
    Effect.gen(function* () {
      const { lines } = yield* Api
      const { execution, spans } = yield* traced((yield* Api).execute("refund-order", Tour.refund))
      const from = lines.findIndex((line) => line.includes(`${execution.executionId} failed`))
      assert.isAtLeast(from, 0, lines.join("\n"))
      const said = lines.slice(from, from + 8).join("\n")
      const [, traceId] = /trace_id: '([0-9a-f]{32})'/.exec(said) ?? []
      const [, spanId] = /span_id: '([0-9a-f]{16})'/.exec(said) ?? []
      const span = spans.find((span) => span.traceId === traceId && span.spanId === spanId)
      assert.strictEqual(span?.name, "queue.process_message", said)
    })
  )

  it.effect("leads from a metric of the worker to the trace of a run that it measured", () =>
    Effect.gen(function* () {
      const { metrics } = yield* Api
      const { store } = yield* Viewer.Viewer
      yield* traced((yield* Api).execute("fulfil-order", { ...Tour.order, orderId: "A-4001" }))
      const text = yield* Effect.promise(() =>
        fetch(metrics, { headers: { accept: "application/openmetrics-text" } }).then((response) => response.text())
      )
      const runs = parse(text).find(({ name }) => name === "workflow_run_duration_seconds")
      const measured = runs?.samples.filter(({ labels }) => labels["workflow_id"] === "fulfil-order") ?? []
      const exemplars = measured.flatMap(({ exemplar }) => (exemplar === undefined ? [] : [exemplar]))
      assert.isNotEmpty(exemplars, text)
      for (const { labels, value } of exemplars) {
        const trace = yield* store.get(labels["trace_id"] ?? "")
        const span = trace?.spans.find(({ spanId }) => spanId === labels["span_id"])
        assert.strictEqual(span?.attributes.get("workflow_id"), "fulfil-order")
        assert.closeTo(value, Number(span!.endTime - span!.startTime) / 1e9, 1e-6)
      }
    })
  )

  it.effect("keeps one trace in ten seconds of a tenant that only tries it, whole, and says why", () =>
    Effect.gen(function* () {
      const api = yield* Api
      const { store } = yield* Viewer.Viewer
      // One that goes well: those that fail are kept by whoever they fail at, chosen or not
      const trial = api.execute("onboard-customer", Tour.signup, "trial-1")
      const { spans, summary } = yield* traced(trial)
      assert.deepStrictEqual(summary.services, ["gorax-api", "gorax-worker", "gorax-services"])
      const reasons = spans.flatMap(({ attributes }) => attributes.get("gorax.sampling.reason") ?? [])
      assert.deepStrictEqual(reasons, ["trial tenants"])
      const { executionId, traceId } = yield* trial
      assert.strictEqual((yield* api.finished(executionId)).status, "completed")
      // When this has arrived, so would have what came before
      yield* traced(api.execute("refund-order", Tour.refund))
      assert.isUndefined(yield* store.get(traceId ?? ""))
    })
  )

  it.effect("refuses what is not signed, unknown or misshapen, and says why", () =>
    Effect.gen(function* () {
      const { url } = yield* Api
      const answers = yield* Effect.forEach(
        [
          ["/api/v1/webhooks/customer-signup", "{}"],
          ["/api/v1/workflows/make-coffee/execute", "{}"],
          ["/api/v1/workflows/refund-order/execute", "{}"]
        ] as const,
        ([path, body]) =>
          Effect.promise(async () => {
            const response = await fetch(url + path, {
              method: "POST",
              body,
              headers: { "content-type": "application/json" }
            })
            return `${response.status} ${String(Object(await response.json()).error).split("\n")[0]}`
          })
      )
      assert.deepStrictEqual(answers, [
        "401 x-gorax-signature is not the HMAC of the body",
        "404 there is no workflow make-coffee; there are fulfil-order, onboard-customer, refund-order",
        "400 Missing key"
      ])
    })
  )

  it.effect("tells who runs it how tracing is doing, and Prometheus its books, in no trace of anybody's", () =>
    Effect.gen(function* () {
      const { url } = yield* Api
      const { store } = yield* Viewer.Viewer
      const get = (path: string) => Effect.promise(() => fetch(url + path).then((response) => response.text()))
      const health = yield* Schema.decodeUnknownEffect(
        Schema.fromJsonString(Schema.toCodecJson(TracingHealth.HealthSnapshot))
      )(yield* get("/health/tracing"))
      assert.strictEqual(health.status, "healthy", health.reasons.join())
      assert.strictEqual(health.service, "gorax-api")
      assert.strictEqual(health.trust, "public")
      assert.strictEqual(health.exporters[0]?.name, "otlp")
      assert.isAbove(health.books.exported, 0)
      const metrics = yield* get("/metrics")
      const started = Number(/^otel_sdk_span_started_total (\d+)$/m.exec(metrics)?.[1])
      assert.isAtLeast(started, health.books.started)
      assert.match(
        metrics,
        /^otel_sdk_exporter_span_exported_total\{otel_component_name="otlp_http_span_exporter\/0",[^}]*\} \d+$/m
      )
      // When this has arrived, so would have what came before
      yield* traced((yield* Api).execute("fulfil-order", Tour.order))
      const names = (yield* store.list()).map(({ rootName }) => rootName)
      assert.isFalse(
        names.some((name) => /metrics|health/.test(name)),
        names.join()
      )
    })
  )
})
