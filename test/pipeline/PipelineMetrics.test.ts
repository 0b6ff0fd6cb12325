import { assert, describe, it } from "@effect/vitest"
import * as Incubating from "@opentelemetry/semantic-conventions/incubating"
import { ExportError, type SpanExporter, Tracing, TracingHealth } from "@gorax/tracing"
import { ConfigProvider, Effect, Layer, Logger, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"

const refusal = new ExportError({ reason: "Rejected", endpoint: "there", advice: "Look at its log." })

const layerOf = (exporter: SpanExporter) =>
  Tracing.layerConfig({ exporters: [exporter] }).pipe(
    Layer.provide([
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          TRACING_ENABLED: "true",
          TRACING_EXPORTER: "none",
          TRACING_BATCH_QUEUE_SIZE: "4",
          TRACING_BATCH_SIZE: "2",
          TRACING_MAX_CONCURRENT_EXPORTS: "1"
        })
      ),
      Logger.layer([])
    ])
  )

/** With a registry of its own, so that nothing is seen of other tests. */
const alone = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, Metric.MetricRegistry, new Map())

const work = Effect.withSpan(Effect.void, "work")

/** Every number by its name and what tells it apart. */
const read = Effect.map(Metric.snapshot, (all) =>
  Object.fromEntries(
    all.map((metric) => {
      const { "error.type": error, reason } = metric.attributes ?? {}
      const state = metric.state as { readonly count?: number; readonly value?: number }
      return [[metric.id, error ?? reason].filter(Boolean).join(" "), state.value ?? state.count]
    })
  )
)

describe("PipelineMetrics", () => {
  it.effect("tells the books, as they are when somebody asks", () => {
    let answer: Effect.Effect<void, ExportError> = Effect.never
    return Effect.gen(function* () {
      yield* Effect.forEach([1, 2], () => work)
      yield* TestClock.adjust(0)
      yield* Effect.forEach([1, 2, 3, 4, 5], () => work)
      yield* Effect.withSpan(Effect.void, "left out", { sampled: false })
      const open = yield* Effect.makeSpan("open")
      const busy = yield* read
      assert.strictEqual(open.status._tag, "Started")
      assert.deepInclude(busy, {
        "otel.sdk.span.started": 9,
        "otel.sdk.span.live": 1,
        "gorax.tracing.span.sampled_out": 1,
        "otel.sdk.processor.span.queue.size": 4,
        "otel.sdk.processor.span.queue.capacity": 4,
        "otel.sdk.processor.span.processed": 2,
        "otel.sdk.processor.span.processed queue_full": 1,
        "otel.sdk.processor.span.processed already_shutdown": 0,
        "otel.sdk.exporter.span.inflight": 2,
        "otel.sdk.exporter.span.exported": 0,
        "otel.sdk.exporter.span.exported rejected": 0,
        "gorax.tracing.span.dropped queue_full": 1
      })
      assert.notProperty(busy, "otel.sdk.exporter.operation.duration")
      answer = Effect.fail(refusal)
      yield* TestClock.adjust("5 minutes")
      yield* TracingHealth.flush
      const settled = yield* read
      assert.deepInclude(settled, {
        "otel.sdk.processor.span.queue.size": 0,
        "otel.sdk.processor.span.processed": 6,
        "otel.sdk.exporter.span.inflight": 0,
        "otel.sdk.exporter.span.exported rejected": 6,
        // What hung was given up after five minutes
        "otel.sdk.exporter.operation.duration interrupted": 1,
        "otel.sdk.exporter.operation.duration Rejected": 2
      })
    }).pipe(Effect.provide(layerOf({ export: () => Effect.suspend(() => answer) })), alone)
  })

  it.effect("measures each batch once, all its tries included", () =>
    Effect.gen(function* () {
      yield* Effect.forEach([1, 2, 3], () => work)
      yield* TestClock.adjust("20 seconds")
      const [duration] = (yield* Metric.snapshot).filter(({ id }) => id === "otel.sdk.exporter.operation.duration")
      assert.deepInclude(duration?.state, { count: 2, sum: 14, min: 7, max: 7 })
      assert.deepStrictEqual(duration?.attributes, {
        unit: "s",
        "otel.component.type": "own_span_exporter",
        "otel.component.name": "own_span_exporter/0"
      })
    }).pipe(Effect.provide(layerOf({ export: () => Effect.sleep("7 seconds") })), alone)
  )

  it.effect("shows a reason that nobody foresaw from the second reading on", () =>
    Effect.gen(function* () {
      yield* work
      yield* read
      assert.strictEqual((yield* read)["gorax.tracing.span.dropped stage_failed"], 1)
    }).pipe(
      Effect.provide(
        Tracing.layer({
          exporter: "none",
          stages: [
            (next) =>
              Effect.succeed({
                ...next,
                push: () => {
                  throw new Error("broken")
                }
              })
          ]
        })
      ),
      Effect.provide(Logger.layer([])),
      alone
    )
  )

  it.effect("takes its metrics away when the layer is released", () =>
    Effect.gen(function* () {
      yield* work.pipe(Effect.provide(layerOf({ export: () => Effect.void })))
      const left = (yield* Metric.snapshot).map(({ id }) => id)
      assert.deepStrictEqual(left, ["otel.sdk.exporter.operation.duration"])
    }).pipe(alone)
  )

  it.effect("uses OpenTelemetry's names where there are any", () =>
    Effect.gen(function* () {
      yield* work
      yield* TracingHealth.flush
      const all = yield* Metric.snapshot
      const names = new Set<unknown>(Object.values(Incubating))
      const ids = [...new Set(all.map(({ id }) => id))].toSorted()
      assert.deepStrictEqual(
        ids.filter((id) => !names.has(id)),
        [
          "gorax.tracing.redaction.masked",
          "gorax.tracing.span.dropped",
          "gorax.tracing.span.let_go",
          "gorax.tracing.span.sampled_out",
          "gorax.tracing.span.undecided",
          "gorax.tracing.trace.refused"
        ]
      )
      for (const key of all.flatMap(({ attributes = {} }) => Object.keys(attributes))) {
        assert.isTrue(names.has(key) || ["error.type", "unit", "reason", "rule"].includes(key), key)
      }
    }).pipe(Effect.provide(layerOf({ export: () => Effect.void })), alone)
  )

  it.effect("is read by Effect's own exporters of metrics", () =>
    Effect.gen(function* () {
      yield* work
      const text = yield* PrometheusMetrics.format()
      assert.match(text, /^# TYPE otel_sdk_span_started counter\notel_sdk_span_started 1$/m)
      assert.match(text, /^otel_sdk_processor_span_queue_size\{.*batching_span_processor\/0"\} 1$/m)
      assert.match(text, /^otel_sdk_processor_span_processed\{.*error_type="queue_full"\} 0$/m)
    }).pipe(Effect.provide(layerOf({ export: () => Effect.void })), alone)
  )
})
