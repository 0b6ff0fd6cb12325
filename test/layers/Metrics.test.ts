import { assert, describe, it } from "@effect/vitest"
import { type SpanData, type SpanExporter, Traced, Tracing, TracingLive, TracingMetrics } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { ConfigProvider, Effect, Layer, Logger, Metric } from "effect"
import * as Schema from "../export/OtlpEncoder.schema.ts"
import { type Family, parse } from "../metrics/openMetricsText.ts"

const settings = (values: Readonly<Record<string, string>>) =>
  Layer.merge(
    ConfigProvider.layer(
      ConfigProvider.fromUnknown({
        TRACING_ENABLED: "true",
        TRACING_METRICS: "prometheus",
        TRACING_EXPORTER: "none",
        ...values
      })
    ),
    Logger.layer([])
  )

/** The program's metrics as an independent reader of OpenMetrics sees them. */
const read = Effect.map(TracingMetrics.exposition("application/openmetrics-text"), ({ body }) => parse(body))

const familyOf = (families: ReadonlyArray<Family>, name: string) => families.find((family) => family.name === name)

/** Runs a program whose metrics are its own, and gives what is read at its end, with the spans that were delivered. */
const run = <A>(
  program: Effect.Effect<A, unknown>,
  values: Readonly<Record<string, string>> = {},
  plugins: Tracing.TracingPlugins = {}
) =>
  Effect.gen(function* () {
    const spans: Array<SpanData> = []
    const exporter: SpanExporter = { export: (batch) => Effect.sync(() => void spans.push(...batch)) }
    const families = yield* Effect.exit(program).pipe(
      Effect.andThen(read),
      Effect.provide(Tracing.layerConfig({ ...plugins, exporters: [exporter] })),
      Effect.provide(settings(values)),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
    return { families, spans }
  })

const job = (workflow: string, tenantId: string, body: Effect.Effect<unknown, string> = Effect.void) =>
  body.pipe(Traced.step("charge"), Traced.workflow(workflow, { tenantId, executionId: "exec-1" }), Effect.exit)

const countsOf = (family: Family | undefined) =>
  (family?.samples ?? [])
    .filter(({ name }) => name.endsWith("_count"))
    .map(({ labels, value }) => [labels, value] as const)

const exemplarsOf = (family: Family | undefined) =>
  (family?.samples ?? []).flatMap(({ exemplar }) => (exemplar === undefined ? [] : [exemplar]))

describe("TRACING_METRICS", () => {
  it.effect("counts every run by workflow, step and tenant, and how many failed", () =>
    Effect.gen(function* () {
      const { families } = yield* run(
        Effect.all([
          job("fulfil", "acme"),
          job("fulfil", "acme"),
          job("fulfil", "acme", Effect.fail("no")),
          job("refund", "globex")
        ])
      )
      assert.deepStrictEqual(countsOf(familyOf(families, "workflow_run_duration_seconds")), [
        [{ workflow_id: "fulfil", tenant_id: "acme" }, 2],
        [{ workflow_id: "fulfil", tenant_id: "acme", error_type: "string" }, 1],
        [{ workflow_id: "refund", tenant_id: "globex" }, 1]
      ])
      assert.deepStrictEqual(countsOf(familyOf(families, "workflow_step_duration_seconds")), [
        [{ node_id: "charge", workflow_id: "fulfil", tenant_id: "acme" }, 2],
        [{ node_id: "charge", workflow_id: "fulfil", tenant_id: "acme", error_type: "string" }, 1],
        [{ node_id: "charge", workflow_id: "refund", tenant_id: "globex" }, 1]
      ])
    })
  )

  it.effect("counts runs that are not sampled, too, and shows none of them as an example", () =>
    Effect.gen(function* () {
      const { families, spans } = yield* run(
        Effect.forEach(Array.from({ length: 20 }), () => job("fulfil", "acme")),
        { TRACING_SAMPLE_RATE: "0" }
      )
      assert.lengthOf(spans, 0)
      const family = familyOf(families, "workflow_run_duration_seconds")
      assert.deepStrictEqual(countsOf(family), [[{ workflow_id: "fulfil", tenant_id: "acme" }, 20]])
      assert.deepStrictEqual(exemplarsOf(family), [])
    })
  )

  it.effect("shows examples that lead to spans that were delivered, and to no others", () =>
    Effect.gen(function* () {
      const dropping: Tracing.TracingPlugins = {
        stages: [
          (next) =>
            Effect.succeed({
              ...next,
              push(span) {
                if (span.attributes.get("tenant_id") !== "dropped") next.push(span)
              }
            })
        ]
      }
      const { families, spans } = yield* run(
        Effect.forEach(Array.from({ length: 40 }), (_, index) => job("fulfil", index % 2 === 0 ? "kept" : "dropped")),
        {},
        dropping
      )
      const ids = new Set(spans.map(({ spanId, traceId }) => `${traceId} ${spanId}`))
      for (const name of ["workflow_run_duration_seconds", "workflow_step_duration_seconds"]) {
        const family = familyOf(families, name)
        const exemplars = exemplarsOf(family)
        assert.isNotEmpty(exemplars)
        for (const { labels, time } of exemplars) {
          assert.isTrue(ids.has(`${labels["trace_id"]} ${labels["span_id"]}`))
          assert.isDefined(time)
        }
        const ofDropped = family?.samples.filter(({ labels }) => labels["tenant_id"] === "dropped") ?? []
        assert.isNotEmpty(ofDropped)
        assert.isTrue(ofDropped.every(({ exemplar }) => exemplar === undefined))
      }
    })
  )

  it.effect("shows of runs that sampling left out those that tail sampling kept in the end", () =>
    Effect.gen(function* () {
      const latency = Metric.histogram("latency", { boundaries: [1, 10] })
      const { families, spans } = yield* run(
        Effect.forEach(["good", "bad"], (tenantId) =>
          job(
            "fulfil",
            tenantId,
            Effect.andThen(
              Metric.update(latency, tenantId === "bad" ? 5 : 0.5),
              tenantId === "bad" ? Effect.fail("no") : Effect.void
            )
          )
        ),
        { TRACING_SAMPLE_RATE: "0", TRACING_TAIL_SAMPLING: "errors" }
      )
      const [traceId, ...others] = new Set(spans.map(({ traceId }) => traceId))
      assert.lengthOf(others, 0)
      assert.isDefined(traceId)
      for (const name of ["workflow_run_duration_seconds", "workflow_step_duration_seconds", "latency"]) {
        const exemplars = exemplarsOf(familyOf(families, name))
        assert.deepStrictEqual(
          exemplars.map(({ labels }) => labels["trace_id"]),
          [traceId],
          name
        )
      }
      assert.lengthOf(countsOf(familyOf(families, "workflow_run_duration_seconds")), 2)
    })
  )

  it.effect("keeps to so many series, and counts all others together", () =>
    Effect.gen(function* () {
      const { families } = yield* run(
        Effect.forEach(Array.from({ length: 50 }), (_, index) => job("fulfil", `tenant-${index}`)),
        { TRACING_METRICS_SERIES: "10" }
      )
      const counts = countsOf(familyOf(families, "workflow_run_duration_seconds"))
      assert.lengthOf(counts, 10)
      assert.deepStrictEqual(counts.at(-1), [{ otel_metric_overflow: "true" }, 41])
      assert.strictEqual(
        counts.reduce((sum, [, count]) => sum + count, 0),
        50
      )
    })
  )

  it.effect("measures nothing unless it is asked to, and leaves the program's metrics alone", () =>
    Effect.gen(function* () {
      const { families } = yield* run(
        Effect.andThen(
          job("fulfil", "acme"),
          Metric.update(Metric.histogram("mine", { boundaries: [1] }), 0.5).pipe(Effect.withSpan("work"))
        ),
        { TRACING_METRICS: "off" }
      )
      assert.isUndefined(familyOf(families, "workflow_run_duration_seconds"))
      assert.deepStrictEqual(countsOf(familyOf(families, "mine")), [[{}, 1]])
      assert.deepStrictEqual(exemplarsOf(familyOf(families, "mine")), [])
    })
  )
})

describe("the program's own metrics", () => {
  const latency = Metric.histogram("latency", { boundaries: [1, 10], attributes: { unit: "s" } })
  const orders = Metric.counter("orders", { incremental: true })

  it.effect("show the span in which they were measured, the very first time too", () =>
    Effect.gen(function* () {
      const { families, spans } = yield* run(
        Effect.gen(function* () {
          yield* Metric.update(latency, 5).pipe(Effect.withSpan("slow"))
          yield* Metric.update(orders, 2).pipe(Traced.span("ordered"))
          yield* Metric.update(latency, 0.5)
        })
      )
      const spanIdOf = (name: string) => spans.find((span) => span.name === name)?.spanId
      const [slow] = exemplarsOf(familyOf(families, "latency_seconds"))
      assert.deepStrictEqual([slow?.labels["span_id"], slow?.value], [spanIdOf("slow"), 5])
      const [ordered] = exemplarsOf(familyOf(families, "orders"))
      assert.deepStrictEqual([ordered?.labels["span_id"], ordered?.value], [spanIdOf("ordered"), 2])
      assert.lengthOf(exemplarsOf(familyOf(families, "latency_seconds")), 1)
    })
  )

  it.effect("show nothing of a trace that is not sampled, nor of one that has not been delivered yet", () =>
    Effect.gen(function* () {
      const unsampled = yield* run(Metric.update(latency, 5).pipe(Effect.withSpan("slow")), {
        TRACING_SAMPLE_RATE: "0"
      })
      assert.deepStrictEqual(exemplarsOf(familyOf(unsampled.families, "latency_seconds")), [])
      let early: ReadonlyArray<Family> = []
      yield* run(
        Effect.gen(function* () {
          yield* Metric.update(latency, 5)
          early = yield* read
        }).pipe(Effect.withSpan("slow"))
      )
      assert.deepStrictEqual(countsOf(familyOf(early, "latency_seconds")), [[{}, 1]])
      assert.deepStrictEqual(exemplarsOf(familyOf(early, "latency_seconds")), [])
    })
  )

  it.effect("are as they were when the layer is closed, those included that were there before", () =>
    Effect.gen(function* () {
      const registry: Metric.MetricRegistry = new Map()
      const inSpan = (metric: Metric.Metric<number, unknown>) => Metric.update(metric, 1).pipe(Effect.withSpan("work"))
      yield* Effect.gen(function* () {
        yield* Metric.update(latency, 1)
        const hooks = Array.from(registry.values(), ({ hooks }) => hooks)
        const families = yield* Effect.andThen(Effect.all([inSpan(latency), inSpan(orders)]), read).pipe(
          Effect.provide(TracingLive),
          Effect.provide(settings({ TRACING_EXPORTER: "none" }))
        )
        assert.lengthOf(countsOf(familyOf(families, "latency_seconds")), 1)
        assert.deepStrictEqual(Array.from(registry.values(), ({ hooks }) => hooks).slice(0, 1), hooks)
        yield* Effect.all([inSpan(latency), inSpan(orders)])
        assert.strictEqual((yield* Metric.value(latency)).count, 3)
        assert.strictEqual((yield* Metric.value(orders)).count, 2)
        assert.deepStrictEqual(
          Array.from(registry.values(), ({ id }) => id),
          ["latency", "orders"]
        )
      }).pipe(Effect.provideService(Metric.MetricRegistry, registry))
    })
  )

  it.effect("have no examples where those are turned off", () =>
    Effect.gen(function* () {
      const { families } = yield* run(
        Effect.andThen(job("fulfil", "acme"), Metric.update(latency, 5).pipe(Effect.withSpan("slow"))),
        { OTEL_METRICS_EXEMPLAR_FILTER: "always_off" }
      )
      assert.lengthOf(countsOf(familyOf(families, "workflow_run_duration_seconds")), 1)
      assert.deepStrictEqual(families.flatMap(exemplarsOf), [])
    })
  )

  it.effect("of every kind are read, and one that throws is passed over", () =>
    Effect.gen(function* () {
      const registry: Metric.MetricRegistry = new Map()
      const families = yield* Effect.gen(function* () {
        yield* Metric.update(Metric.gauge("depth", { attributes: { queue: "jobs" } }), 3)
        yield* Metric.update(Metric.frequency("answers"), "ok")
        yield* Metric.update(Metric.counter("balance"), -2)
        yield* Metric.update(Metric.counter("big", { bigint: true, incremental: true }), 2n ** 60n)
        const size = Metric.summary("size", { maxAge: "1 minute", maxSize: 10, quantiles: [0.5] })
        yield* Metric.update(size, 7)
        registry.set("broken", {
          id: "broken",
          type: "Gauge",
          description: undefined,
          attributes: undefined,
          hooks: {
            get: () => {
              throw new Error("broken")
            },
            update: () => undefined,
            modify: () => undefined
          }
        })
        return yield* read
      }).pipe(Effect.provideService(Metric.MetricRegistry, registry))
      assert.deepStrictEqual(
        families.flatMap(({ samples, type }) => samples.map(({ labels, name, value }) => [type, name, labels, value])),
        [
          ["gauge", "depth", { queue: "jobs" }, 3],
          ["counter", "answers_total", { key: "ok" }, 1],
          ["gauge", "balance", {}, -2],
          ["counter", "big_total", {}, 2 ** 60],
          ["summary", "size", { quantile: "0.5" }, 7],
          ["summary", "size_sum", {}, 7],
          ["summary", "size_count", {}, 1]
        ]
      )
    })
  )
})

interface WireMetrics {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: {
      readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: { readonly stringValue?: string } }>
    }
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<{
        readonly name: string
        readonly unit?: string
        readonly histogram?: {
          readonly aggregationTemporality: number
          readonly dataPoints: ReadonlyArray<{
            readonly startTimeUnixNano: string
            readonly timeUnixNano: string
            readonly count: string
            readonly sum: number
            readonly bucketCounts: ReadonlyArray<string>
            readonly explicitBounds: ReadonlyArray<number>
            readonly exemplars?: ReadonlyArray<{
              readonly traceId: string
              readonly spanId: string
              readonly asDouble: number
            }>
          }>
        }
        readonly sum?: {
          readonly isMonotonic?: boolean
          readonly aggregationTemporality: number
          readonly dataPoints: ReadonlyArray<{ readonly asDouble: number }>
        }
      }>
    }>
  }>
}

const decode = ({ body, encoding }: FakeCollector.CollectedMessage): WireMetrics =>
  (encoding === "json" ? JSON.parse(Buffer.from(body).toString()) : Schema.decodeMetrics(body)) as WireMetrics

describe("TRACING_METRICS=otlp", () => {
  for (const [protocol, place] of [
    ["http/protobuf", "url"],
    ["http/json", "url"],
    ["grpc", "grpcUrl"]
  ] as const) {
    it.live(
      `sends all of them over ${protocol}, cumulative, with examples that are among the spans that were sent`,
      () =>
        Effect.gen(function* () {
          const collector = yield* FakeCollector.FakeCollector
          yield* Effect.gen(function* () {
            yield* job("fulfil", "acme")
            yield* Metric.update(Metric.counter("orders", { incremental: true }), 3)
          }).pipe(
            Effect.provide(TracingLive),
            Effect.provide(
              settings({
                TRACING_METRICS: "otlp",
                TRACING_EXPORTER: "otlp",
                TRACING_SERVICE_NAME: "orders",
                TRACING_ENDPOINT: collector[place],
                TRACING_PROTOCOL: protocol
              })
            ),
            Effect.provideService(Metric.MetricRegistry, new Map())
          )
          const [message, ...others] = yield* collector.messages
          assert.lengthOf(others, 0)
          const [ofResource] = decode(message!).resourceMetrics
          assert.isDefined(ofResource)
          assert.strictEqual(ofResource.resource.attributes[0]?.value.stringValue, "orders")
          const metrics = ofResource.scopeMetrics[0]!.metrics
          const runs = metrics.find(({ name }) => name === "workflow.run.duration")!
          assert.strictEqual(runs.unit, "s")
          assert.isDefined(runs.histogram)
          assert.strictEqual(runs.histogram.aggregationTemporality, 2)
          const [point] = runs.histogram.dataPoints
          assert.strictEqual(String(point?.count), "1")
          assert.strictEqual(point!.bucketCounts.length, point!.explicitBounds.length + 1)
          assert.strictEqual(
            point!.bucketCounts.reduce((sum, count) => sum + Number(count), 0),
            1
          )
          assert.isBelow(Number(point!.startTimeUnixNano), Number(point!.timeUnixNano))
          const spans = yield* collector.spans
          const [exemplar] = point!.exemplars!
          assert.strictEqual(exemplar?.spanId, spans.find(({ name }) => name === "workflow.execute")?.spanId)
          const orders = metrics.find(({ name }) => name === "orders")!
          assert.isDefined(orders.sum)
          assert.strictEqual(orders.sum.isMonotonic, true)
          assert.deepStrictEqual(
            orders.sum.dataPoints.map(({ asDouble }) => asDouble),
            [3]
          )
          assert.isDefined(metrics.find(({ name }) => name === "otel.sdk.span.started"))
        }).pipe(Effect.provide(FakeCollector.layer))
    )
  }

  it.live("sends them at intervals, and the end comes on time while the receiver hangs", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* Effect.gen(function* () {
        yield* collector.awaitMessages(2)
        yield* collector.respondWith(FakeCollector.hang, { times: Infinity })
        yield* Effect.withSpan(Effect.log("waits"), "waits")
      }).pipe(
        Effect.provide(TracingLive),
        Effect.provide(
          settings({
            TRACING_METRICS: "otlp",
            TRACING_METRICS_INTERVAL: "10",
            TRACING_LOGS: "otlp",
            TRACING_EXPORTER: "otlp",
            TRACING_SHUTDOWN_TIMEOUT: "800",
            TRACING_ENDPOINT: collector.url
          })
        ),
        // Spans, logs and metrics wait side by side
        Effect.timeout("2 seconds")
      )
      assert.deepStrictEqual([...new Set((yield* collector.messages).map(({ signal }) => signal))], ["metrics"])
    }).pipe(Effect.provide(FakeCollector.layer))
  )
})
