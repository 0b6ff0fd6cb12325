import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Traced, TracedClient, TracedServer, Tracing, TracingHealth } from "@gorax/tracing"
import { FakeCollector, SpanTree } from "@gorax/tracing/testing"
import { ConfigProvider, Effect, Layer, Logger, Metric } from "effect"
import { FetchHttpClient, HttpClient, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as NetAddress from "effect/net/NetAddress"
import * as fs from "node:fs"
import { createServer } from "node:http"
import * as os from "node:os"
import * as path from "node:path"
import * as AttributeKeys from "../../src/model/AttributeKeys.ts"
import { ask } from "../http/web.ts"

const port = Effect.map(HttpServer.HttpServer, ({ address }) => (address as NetAddress.InetAddress).port)

const call = Effect.fnUntraced(function* (path: string) {
  const client = yield* HttpClient.HttpClient
  return yield* client.get(`http://127.0.0.1:${yield* port}${path}`)
})

/** The `traceparent` of every request to `/stock`. */
const seen: Array<string> = []

/** `/run` runs a workflow that asks `/stock` over the network; in `/run/bad` its next step fails. */
const App = Layer.mergeAll(
  HttpRouter.add(
    "GET",
    "/run/:how",
    Effect.gen(function* () {
      const { how } = yield* HttpRouter.params
      const charge = how === "bad" ? Effect.fail(new Error("card declined")) : Effect.void
      yield* call("/stock").pipe(
        Traced.httpAction("stock"),
        Traced.step("reserve"),
        Effect.andThen(charge.pipe(Traced.step("charge"))),
        Traced.workflow("order", { tenantId: "acme", executionId: "exec-1" })
      )
      return HttpServerResponse.text("done")
    })
  ),
  HttpRouter.add(
    "GET",
    "/stock",
    Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
      seen.push(headers["traceparent"] ?? "")
      return HttpServerResponse.text("7")
    })
  )
)

const Served = HttpRouter.serve(App, { disableListenLog: true, disableLogger: true }).pipe(
  Layer.provideMerge(TracedServer.layer),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provideMerge(TracedClient.layer),
  Layer.provideMerge(FetchHttpClient.layer)
)

/** Tracing as an operator sets it up, in front of a collector. */
const tracing = (collector: FakeCollector.FakeCollector["Service"], settings: Readonly<Record<string, string>> = {}) =>
  Tracing.layerConfig().pipe(
    Layer.provide([
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          TRACING_ENABLED: "true",
          TRACING_ENDPOINT: collector.url,
          TRACING_SAMPLE_RATE: "0",
          TRACING_TAIL_SAMPLING: "failures",
          TRACING_TRUST: "trusted",
          TRACING_OTEL_CONTEXT: "off",
          ...settings
        })
      ),
      Logger.layer([])
    ])
  )

describe("a run over HTTP that sampling left out", () => {
  it.live("comes out whole when it fails, hop by hop, though no hop was told so; a good one leaves nothing", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      seen.length = 0
      const health = yield* Effect.gen(function* () {
        const at = yield* port
        assert.strictEqual((yield* ask(at, "/run/good")).status, 200)
        assert.strictEqual((yield* ask(at, "/run/bad")).status, 500)
        return yield* TracingHealth.snapshot
      }).pipe(Effect.provide(Layer.fresh(Served)), Effect.provide(tracing(collector)))
      assert.strictEqual(
        SpanTree.drawSpans(yield* collector.spans, "node_id", "gorax.tracing.kept_because"),
        `\
GET /run/:how gorax.tracing.kept_because=failure ✗ Error
└─ workflow.execute gorax.tracing.kept_because=failure ✗ Error
   ├─ workflow.step.execute node_id=reserve gorax.tracing.kept_because=failure
   │  └─ http.action gorax.tracing.kept_because=failure
   │     └─ GET gorax.tracing.kept_because=failure
   │        └─ GET /stock gorax.tracing.kept_because=failure
   └─ workflow.step.execute node_id=charge gorax.tracing.kept_because=failure ✗ Error`
      )
      assert.strictEqual(seen.length, 2)
      for (const header of seen) assert.match(header, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[02]$/)
      const spans = yield* collector.spans
      assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1)
      assert.strictEqual(seen[1]?.split("-")[1], spans[0]?.traceId)
      for (const { traceFlags } of spans) assert.strictEqual(traceFlags & 1, 1)
      assert.strictEqual(health.status, "healthy")
      assert.deepStrictEqual(health.tail, {
        undecided: 0,
        spans: 0,
        bytes: 0,
        kept: { failure: 1 },
        letGo: 1,
        evicted: {}
      })
      // Who misses the good one is told so; the bad one is missing nothing
      assert.deepStrictEqual(
        health.leftOut.map(({ traceId }) => traceId),
        [seen[0]?.split("-")[1]]
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("with a spool is on disk from its verdict on, and nothing of others ever is", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gorax-tail-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true })))
      const onDisk = () =>
        fs
          .readdirSync(folder, { recursive: true, encoding: "utf8" })
          .filter((name) => fs.statSync(path.join(folder, name)).isFile())
          .reduce((text, name) => text + fs.readFileSync(path.join(folder, name), "latin1"), "")
      yield* collector.stop
      yield* Effect.gen(function* () {
        const work = (name: string) => Effect.void.pipe(Traced.span(name), Traced.span(`run of ${name}`))
        yield* work("canary")
        assert.notInclude(onDisk(), "canary")
        yield* Effect.andThen(work("kept"), Effect.fail("no")).pipe(Traced.span("failed"), Effect.exit)
        for (const name of ["kept", "run of kept", "failed"]) assert.include(onDisk(), name)
        assert.notInclude(onDisk(), "canary")
        yield* collector.start
      }).pipe(Effect.provide(tracing(collector, { TRACING_SPOOL_DIR: folder })))
      assert.strictEqual(SpanTree.drawSpans(yield* collector.spans), "failed ✗ string\n└─ run of kept\n   └─ kept")
    }).pipe(Effect.scoped, Effect.provide(FakeCollector.layer))
  )
})

it.live("what tail sampling did is among the metrics", () =>
  Effect.gen(function* () {
    const collector = yield* FakeCollector.FakeCollector
    yield* Effect.gen(function* () {
      const run = (ending: Effect.Effect<void, string>) => Effect.exit(Effect.withSpan(ending, "run"))
      yield* run(Effect.void)
      yield* run(Effect.fail("no"))
      yield* Effect.makeSpan("open").pipe(Effect.map((span) => span.traceId))
      // A reason that is new is told from the reading after the one that finds it
      yield* Metric.snapshot
      const told = Object.fromEntries(
        (yield* Metric.snapshot).map(({ attributes, id, state }) => {
          const { count, value } = state as { readonly count?: number; readonly value?: number }
          return [[id, attributes?.["reason"]].filter(Boolean).join(" "), [value ?? count, attributes?.["unit"]]]
        })
      )
      assert.deepInclude(told, {
        "gorax.tracing.span.let_go": [1, "{span}"],
        "gorax.tracing.span.undecided": [0, "{span}"],
        "gorax.tracing.tail.trace.undecided": [1, "{trace}"],
        "gorax.tracing.tail.trace.kept failure": [1, "{trace}"],
        "gorax.tracing.tail.trace.let_go": [1, "{trace}"]
      })
    }).pipe(Effect.provide(tracing(collector)), Effect.provideService(Metric.MetricRegistry, new Map()))
  }).pipe(Effect.provide(FakeCollector.layer))
)

it("the collector that decides across processes asks for what spans have", () => {
  const text = fs.readFileSync("examples/compose/tail-sampling/sampler.yaml", "utf8")
  const keys = Array.from(text.matchAll(/_attribute: \{ key: ([\w.]+)/g), ([, key]) => key)
  assert.deepStrictEqual(keys, [AttributeKeys.keptBecause, AttributeKeys.retryWillRetry, AttributeKeys.interrupted])
})
