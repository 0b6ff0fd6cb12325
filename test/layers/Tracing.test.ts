import { assert, describe, it } from "@effect/vitest"
import { OtelTracer, Resource } from "@effect/opentelemetry"
import * as Otel from "@opentelemetry/api"
import { InMemorySpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { ConfigProvider, Effect, Fiber, Layer, Logger, Option, References } from "effect"
import {
  Baggage,
  Carrier,
  type SpanData,
  type SpanExporter,
  type Stage,
  Sampler,
  Traced,
  Tracing,
  TracingConfig,
  TracingLive
} from "@gorax/tracing"
import packageJson from "../../package.json" with { type: "json" }
import * as Delivery from "../../src/layers/Delivery.ts"

const settings = (values: Readonly<Record<string, string>>) => ConfigProvider.layer(ConfigProvider.fromUnknown(values))

/** An exporter of our own that remembers. */
const remembering = () => {
  const spans: Array<SpanData> = []
  const exporter: SpanExporter = {
    export: (batch) =>
      Effect.sync(() => {
        spans.push(...batch)
      })
  }
  return { spans, exporter }
}

/** Log lines with their annotations, of all levels. */
const listening = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([
    Logger.make(({ fiber, logLevel, message }) => {
      const annotations = JSON.stringify(fiber.getRef(References.CurrentLogAnnotations))
      lines.push(`${logLevel} ${String(message)} ${annotations}`)
    })
  ])
  return { lines, layer }
}

describe("while it lives", () => {
  it.effect("spans reach the exporter, at the latest when the layer is released", () =>
    Effect.gen(function* () {
      const { exporter, spans } = remembering()
      yield* Effect.void.pipe(
        Traced.step("inner"),
        Traced.workflow("outer", { tenantId: "acme", executionId: "1" }),
        Effect.provide(Tracing.layer({ serviceName: "orders", exporter: "none", exporters: [exporter] }))
      )
      assert.deepStrictEqual(
        spans.map((span) => span.name),
        ["workflow.step.execute", "workflow.execute"]
      )
      assert.strictEqual(spans[0]?.resource.attributes["service.name"], "orders")
      assert.deepStrictEqual(spans[0]?.scope, { name: "@gorax/tracing", version: packageJson.version })
      assert.deepStrictEqual(Delivery.scope, spans[0]?.scope)
    })
  )

  it.effect("spans that are open when it is released are told as interrupted, whoever runs them", () =>
    Effect.gen(function* () {
      const { exporter, spans } = remembering()
      const never = (name: string) => Effect.never.pipe(Traced.step("inside"), Traced.step(name))
      const fibers = yield* Effect.gen(function* () {
        const startImmediately = { startImmediately: true }
        const detached = yield* Effect.forkDetach(never("detached"), startImmediately)
        const child = yield* Effect.forkChild(never("child"), startImmediately)
        yield* Effect.forkScoped(never("scoped"), startImmediately)
        const forgotten = yield* Effect.makeSpan("forgotten")
        forgotten.attribute("node_id", "forgotten")
        return [detached, child]
      }).pipe(
        Effect.scoped,
        Effect.provide(Tracing.layer({ exporter: "none", exporters: [exporter], otelContext: "off" }))
      )
      const told = spans.map(
        ({ attributes }) => `${String(attributes.get("node_id"))} ${attributes.get("effect.fiber.interrupted")}`
      )
      assert.deepStrictEqual(told.toSorted(), [
        "child true",
        "detached true",
        "forgotten true",
        "inside true",
        "inside true",
        "inside true",
        "scoped true"
      ])
      // What goes on afterwards ends nothing twice
      yield* Fiber.interruptAll(fibers)
      assert.strictEqual(spans.length, told.length)
    })
  )

  it.effect("an exporter of OpenTelemetry plugs in", () =>
    Effect.gen(function* () {
      const exporter = new InMemorySpanExporter()
      let exported: ReadonlyArray<string> = []
      const shutdown = exporter.shutdown.bind(exporter)
      exporter.shutdown = () => {
        exported = exporter.getFinishedSpans().map((span) => span.name)
        return shutdown()
      }
      yield* Effect.void.pipe(
        Effect.withSpan("work"),
        Effect.provide(Tracing.layer({ exporter: "none", exporters: [exporter] }))
      )
      assert.deepStrictEqual(exported, ["work"])
    })
  )

  it.effect("a processor of OpenTelemetry is told of beginnings, to which it may add, and of ends", () =>
    Effect.gen(function* () {
      const told: Array<unknown> = []
      const processor: SpanProcessor = {
        onStart(span) {
          told.push(["start", span.name])
          span.setAttribute("added", true)
        },
        onEnd(span) {
          told.push(["end", span.name, { ...span.attributes }, span.resource.attributes["service.name"]])
        },
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve()
      }
      yield* Effect.void.pipe(
        Effect.withSpan("work", { attributes: { own: 1 } }),
        Effect.provide(Tracing.layer({ serviceName: "orders", exporter: "none", spanProcessors: [processor] }))
      )
      assert.deepStrictEqual(told, [
        ["start", "work"],
        ["end", "work", { added: true, own: 1 }, "orders"]
      ])
    })
  )

  it.effect("stages are met in the order they are listed", () =>
    Effect.gen(function* () {
      const met: Array<string> = []
      const stage =
        (name: string): Stage =>
        (next) =>
          Effect.succeed({
            ...next,
            push(span) {
              met.push(name)
              next.push(span)
            }
          })
      const { exporter, spans } = remembering()
      yield* Effect.void.pipe(
        Effect.withSpan("work"),
        Effect.provide(
          Tracing.layer({ exporter: "none", exporters: [exporter], stages: [stage("first"), stage("second")] })
        )
      )
      assert.deepStrictEqual(met, ["first", "second"])
      assert.strictEqual(spans.length, 1)
    })
  )

  it.effect("a sampler of one's own decides", () =>
    Effect.gen(function* () {
      const { exporter, spans } = remembering()
      yield* Effect.void.pipe(
        Effect.withSpan("work"),
        Effect.provide(Tracing.layer({ exporter: "none", exporters: [exporter], sampler: Sampler.never }))
      )
      assert.strictEqual(spans.length, 0)
    })
  )

  it.live("an exporter that hangs keeps the program no longer than the shutdown timeout", () =>
    Effect.gen(function* () {
      const { layer, lines } = listening()
      const result = yield* Effect.succeed("result").pipe(
        Effect.withSpan("work"),
        Effect.provide(
          Tracing.layer({ exporter: "none", exporters: [{ export: () => Effect.never }], shutdownTimeout: "50 millis" })
        ),
        Effect.provide(layer)
      )
      assert.strictEqual(result, "result")
      assert.isTrue(
        lines.some((line) => line.startsWith("Warn Tracing lost spans: 1 not delivered")),
        lines.join("\n")
      )
    })
  )

  it.effect("an exporter that dies harms nobody", () =>
    Effect.gen(function* () {
      const { layer } = listening()
      const result = yield* Effect.succeed("result").pipe(
        Effect.withSpan("work"),
        Effect.provide(Tracing.layer({ exporter: "none", exporters: [{ export: () => Effect.die("bang") }] })),
        Effect.provide(layer)
      )
      assert.strictEqual(result, "result")
    })
  )
})

describe("at start it says", () => {
  it.effect("what is on, without credentials", () =>
    Effect.gen(function* () {
      const { layer, lines } = listening()
      yield* Effect.void.pipe(
        Effect.provide(TracingLive),
        Effect.provide([
          layer,
          settings({
            TRACING_ENABLED: "true",
            TRACING_SERVICE_NAME: "orders",
            TRACING_ENDPOINT: "http://user:hunter2@localhost:4318",
            TRACING_SAMPLE_RATE: "0.25"
          })
        ])
      )
      assert.strictEqual(
        lines[0],
        `Info Tracing is on {"service":"orders","exporter":"http/protobuf","endpoint":"http://localhost:4318/v1/traces",` +
          `"sampler":"parentbased_traceidratio(0.25)"}`
      )
      assert.notInclude(lines.join(), "hunter2")
    })
  )

  it.effect("that it is off, and which variable turns it on", () =>
    Effect.gen(function* () {
      const { layer, lines } = listening()
      const traceId = yield* Traced.currentTraceId.pipe(
        Effect.withSpan("work"),
        Effect.provide(TracingLive),
        Effect.provide([layer, settings({ OTEL_TRACES_EXPORTER: "console" })])
      )
      assert.isTrue(Option.isNone(traceId))
      assert.deepStrictEqual(lines, ["Info Tracing is off. TRACING_ENABLED=true turns it on. {}"])
    })
  )
})

describe("a wrong setting fails it with a typed error", () => {
  it.effect("that names all of them at once", () =>
    Effect.gen(function* () {
      const error = yield* Effect.void.pipe(
        Effect.provide(TracingLive),
        Effect.provide(
          settings({ TRACING_ENABLED: "yes please", TRACING_SAMPLE_RATE: "2", TRACING_HEADERS: "hunter2" })
        ),
        Effect.flip
      )
      assert.instanceOf(error, TracingConfig.TracingConfigError)
      assert.deepStrictEqual(error.problems.map(({ key }) => key).sort(), [
        "TRACING_ENABLED",
        "TRACING_HEADERS",
        "TRACING_SAMPLE_RATE"
      ])
      assert.include(error.message, "yes please")
      assert.notInclude(error.message, "hunter2")
    })
  )

  it.effect("also when it was made in code", () =>
    Effect.gen(function* () {
      const error = yield* Effect.void.pipe(Effect.provide(Tracing.layer({ sampleRate: 7 })), Effect.flip)
      assert.instanceOf(error, TracingConfig.TracingConfigError)
      assert.include(error.message, "TRACING_SAMPLE_RATE")
    })
  )
})

describe("across boundaries", () => {
  const layerOf = (texts: Readonly<Record<string, string>>) => TracingLive.pipe(Layer.provide(settings(texts)))
  const arrived = {
    traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
    b3: `${"c".repeat(32)}-${"d".repeat(16)}-0`
  }

  it.effect("the formats are those that were chosen, and the first that is found in their order is read", () =>
    Effect.gen(function* () {
      const handedOn = Carrier.inject().pipe(Carrier.continueFrom(arrived))
      assert.deepStrictEqual(
        yield* handedOn.pipe(Effect.provide(layerOf({ TRACING_PROPAGATORS: "b3,tracecontext" }))),
        {
          b3: arrived.b3,
          traceparent: `00-${"c".repeat(32)}-${"d".repeat(16)}-00`
        }
      )
      assert.deepStrictEqual(yield* handedOn.pipe(Effect.provide(layerOf({ OTEL_PROPAGATORS: "tracecontext,b3" }))), {
        b3: `${"a".repeat(32)}-${"b".repeat(16)}-1`,
        traceparent: arrived.traceparent
      })
      assert.deepStrictEqual(yield* handedOn.pipe(Effect.provide(layerOf({ TRACING_PROPAGATORS: "none" }))), {})
    })
  )

  it.effect("where tracing is off, every format hands on what it was handed, byte for byte", () =>
    Effect.gen(function* () {
      for (const [name, headers] of [
        ["tracecontext,baggage", { traceparent: arrived.traceparent.replace(/01$/, "ff"), baggage: "a=1;p,b=%20" }],
        ["b3", { b3: `${"c".repeat(32)}-${"d".repeat(16)}-d` }],
        ["b3", { b3: `${"c".repeat(32)}-${"d".repeat(16)}` }],
        ["b3multi", { "x-b3-traceid": "c".repeat(32), "x-b3-spanid": "d".repeat(16), "x-b3-flags": "1" }],
        ["jaeger", { "uber-trace-id": `${"c".repeat(32)}:${"d".repeat(16)}:0:3`, "uberctx-a": "1" }],
        ["xray", { "x-amzn-trace-id": `Root=1-cccccccc-${"c".repeat(24)};Parent=${"d".repeat(16)};Sampled=?` }]
      ] as const) {
        const handedOn = Carrier.inject().pipe(Traced.span("work"), Carrier.continueFrom(headers))
        assert.deepStrictEqual(yield* handedOn.pipe(Effect.provide(layerOf({ TRACING_PROPAGATORS: name }))), headers)
      }
    })
  )

  it.effect("baggage beyond its budget stays behind, entry by entry", () =>
    Effect.gen(function* () {
      const headers = yield* Carrier.inject().pipe(
        Baggage.set("c", "fits"),
        Baggage.set("b", "is too long to fit"),
        Baggage.set("a", "1"),
        Effect.provide(layerOf({ TRACING_BAGGAGE_MAX_BYTES: "10" }))
      )
      assert.deepStrictEqual(headers, { baggage: "a=1,c=fits" })
    })
  )
})

describe("OpenTelemetry's world", () => {
  it.live("code that knows only OpenTelemetry joins the trace, and is let go afterwards", () =>
    Effect.gen(function* () {
      const { exporter, spans } = remembering()
      yield* Effect.promise(async () => {
        await Promise.resolve()
        Otel.trace.getTracer("foreign").startActiveSpan("foreign", (span) => span.end())
      }).pipe(
        Effect.withSpan("ours"),
        Effect.provide(Tracing.layer({ exporter: "none", exporters: [exporter], otelContext: "on" }))
      )
      const [foreign, ours] = spans
      assert.deepStrictEqual([foreign?.name, ours?.name], ["foreign", "ours"])
      assert.strictEqual(foreign?.parentSpanId, ours?.spanId)
      assert.strictEqual(foreign?.traceId, ours?.traceId)
      assert.deepStrictEqual(foreign?.scope.name, "foreign")
      assert.isFalse(Otel.trace.getTracer("later").startSpan("later").isRecording())
    })
  )

  it.live("its spans are parents of ours", () =>
    Effect.gen(function* () {
      const { exporter, spans } = remembering()
      yield* Effect.context().pipe(
        Effect.flatMap((context) =>
          Effect.promise(() =>
            Otel.trace
              .getTracer("foreign")
              .startActiveSpan("foreign", (span) =>
                Effect.runPromiseWith(context)(Effect.void.pipe(Effect.withSpan("ours"))).finally(() => span.end())
              )
          )
        ),
        Effect.provide(Tracing.layer({ exporter: "none", exporters: [exporter] }))
      )
      const [ours, foreign] = spans
      assert.strictEqual(ours?.name, "ours")
      assert.strictEqual(ours?.parentSpanId, foreign?.spanId)
      assert.isFalse(ours?.parentIsRemote)
    })
  )

  it.live("its propagation API hands our context and baggage on", () =>
    Effect.gen(function* () {
      const carried: Record<string, string> = {}
      const own = yield* Effect.gen(function* () {
        yield* Effect.sync(() => Otel.propagation.inject(Otel.context.active(), carried))
        return yield* Carrier.inject()
      }).pipe(
        Effect.withSpan("work"),
        Carrier.continueFrom({
          traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
          tracestate: "v=1",
          baggage: "tier=gold"
        }),
        Effect.provide(Tracing.layer({ exporter: "none", otelContext: "on" }))
      )
      assert.deepStrictEqual(carried, own)
      assert.deepInclude(own, { tracestate: "v=1", baggage: "tier=gold" })
    })
  )

  it.live("its propagation API speaks the formats that were chosen, and sees a header that was sent twice", () =>
    Effect.gen(function* () {
      const getter = {
        keys: (carrier: Record<string, string | Array<string>>) => Object.keys(carrier),
        get: (carrier: Record<string, string | Array<string>>, key: string) => carrier[key]
      }
      const b3 = `${"a".repeat(32)}-${"b".repeat(16)}-d`
      yield* Effect.sync(() => {
        const extracted = Otel.propagation.extract(Otel.ROOT_CONTEXT, { B3: b3, "uberctx-tier": "gold" }, getter)
        const carried: Record<string, string> = {}
        Otel.propagation.inject(extracted, carried)
        assert.deepInclude(carried, { b3, "uberctx-tier": "gold" })
        const twice = Otel.propagation.extract(Otel.ROOT_CONTEXT, { b3: [b3, b3] }, getter)
        assert.isUndefined(Otel.trace.getSpanContext(twice))
        const deferred = Otel.propagation.extract(Otel.ROOT_CONTEXT, { b3: b3.slice(0, -2) }, getter)
        assert.strictEqual(Otel.trace.getSpanContext(deferred)?.traceFlags, 0)
        // Some getters do not know their keys
        const blind = Otel.propagation.extract(Otel.ROOT_CONTEXT, { b3 }, { ...getter, keys: () => [] })
        assert.strictEqual(Otel.trace.getSpanContext(blind)?.traceId, "a".repeat(32))
      })
    }).pipe(Effect.provide(Tracing.layer({ exporter: "none", otelContext: "on", propagators: ["b3", "jaeger"] })))
  )

  it.effect("`OtelTracer.currentOtelSpan` is our span, and the resource is shared", () =>
    Effect.gen(function* () {
      yield* Effect.gen(function* () {
        const span = yield* OtelTracer.currentOtelSpan
        assert.strictEqual(span.spanContext().spanId, (yield* Effect.currentSpan).spanId)
        assert.strictEqual(span.spanContext().traceState?.serialize(), "v=1")
        assert.strictEqual((yield* Resource.Resource).attributes["service.name"], "orders")
      }).pipe(
        Effect.withSpan("work"),
        Carrier.continueFrom({ traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, tracestate: "v=1" }),
        Effect.provide(Tracing.layer({ serviceName: "orders", exporter: "none" }))
      )
    })
  )
})

it.effect("two layers in one process keep their spans apart", () =>
  Effect.gen(function* () {
    const one = remembering()
    const two = remembering()
    const run = (name: string, { exporter }: typeof one) =>
      Effect.yieldNow.pipe(
        Effect.withSpan(name),
        Effect.provide(Layer.fresh(Tracing.layer({ exporter: "none", exporters: [exporter] })))
      )
    yield* Effect.all([run("one", one), run("two", two)], { concurrency: 2 })
    assert.deepStrictEqual([one.spans.map((span) => span.name), two.spans.map((span) => span.name)], [["one"], ["two"]])
  })
)
