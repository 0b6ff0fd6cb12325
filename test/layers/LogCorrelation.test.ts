import { assert, describe, it } from "@effect/vitest"
import { Carrier, Sampler, type SpanData, type SpanExporter, Traced, Tracing, TracingLive } from "@gorax/tracing"
import { ConfigProvider, Effect, Layer, Logger, References } from "effect"
import { TestConsole } from "effect/testing"

type Line = Readonly<Record<string, unknown>>

const settings = (values: Readonly<Record<string, string>>) =>
  ConfigProvider.layer(ConfigProvider.fromUnknown({ TRACING_ENABLED: "true", TRACING_EXPORTER: "none", ...values }))

const quiet = Logger.layer([])

/** What a JSON logger writes, in the order it is written. */
const collecting = () => {
  const lines: Array<{ readonly message: string; readonly annotations: Line }> = []
  const logger = Logger.map(Logger.formatJson, (json) => void lines.push(JSON.parse(json)))
  return { lines, layer: Logger.layer([logger]), logger }
}

const ids = /^[0-9a-f]+$/

const spanOf = (lines: ReadonlyArray<{ readonly message: string; readonly annotations: Line }>, message: string) => {
  const { span_id, trace_flags, trace_id } = lines.find((line) => line.message === message)!.annotations
  return [trace_id, span_id, trace_flags]
}

const program = Effect.gen(function* () {
  yield* Effect.log("before")
  yield* Effect.gen(function* () {
    yield* Effect.log("outer")
    yield* Effect.log("inner").pipe(Traced.step("inner"))
    yield* Effect.log("withSpan").pipe(Effect.withSpan("by hand"))
  }).pipe(Traced.workflow("greet", { tenantId: "acme", executionId: "exec-1" }))
  yield* Effect.log("after")
})

describe("a log line inside a span", () => {
  it.effect("says which trace and which span it was written in, and whose run it is", () =>
    Effect.gen(function* () {
      const { layer, lines } = collecting()
      const spans: Array<SpanData> = []
      const exporter: SpanExporter = { export: (batch) => Effect.sync(() => void spans.push(...batch)) }
      yield* program.pipe(
        Effect.provide(Tracing.layerConfig({ exporters: [exporter] })),
        Effect.provide([settings({}), layer])
      )
      const [before] = lines.filter(({ message }) => message === "before")
      assert.deepStrictEqual(before?.annotations, {})
      assert.deepStrictEqual(lines.find(({ message }) => message === "after")?.annotations, {})
      for (const [message, name] of [
        ["outer", "workflow.execute"],
        ["inner", "workflow.step.execute"],
        ["withSpan", "by hand"]
      ] as const) {
        const span = spans.find((span) => span.name === name)!
        const { annotations } = lines.find((line) => line.message === message)!
        assert.deepStrictEqual(annotations, {
          tenant_id: "acme",
          workflow_id: "greet",
          execution_id: "exec-1",
          trace_id: span.traceId,
          span_id: span.spanId,
          trace_flags: "03"
        })
      }
    })
  )

  it.effect("says so wherever its loggers are provided: around tracing, inside, or beside it", () =>
    Effect.gen(function* () {
      const within = (provide: (logs: Layer.Layer<never>) => Effect.Effect<void, unknown>) =>
        Effect.gen(function* () {
          const { layer, lines } = collecting()
          yield* provide(layer)
          assert.deepStrictEqual(
            lines.filter(({ message }) => message !== "Tracing is on").map(({ message }) => message),
            ["before", "outer", "inner", "withSpan", "after"]
          )
          assert.match(String(spanOf(lines, "inner")[1]), ids)
          assert.match(String(spanOf(lines, "withSpan")[1]), ids)
        })
      const tracing = TracingLive.pipe(Layer.provide([settings({}), quiet]))
      yield* within((logs) => program.pipe(Effect.provide(tracing), Effect.provide(logs)))
      yield* within((logs) => program.pipe(Effect.provide(logs), Effect.provide(tracing)))
      yield* within((logs) => program.pipe(Effect.provide([logs, tracing])))
      yield* within((logs) => program.pipe(Effect.provide([tracing, logs])))
      yield* within((logs) => program.pipe(Effect.provide(logs), Effect.withSpan("around"), Effect.provide(tracing)))
    })
  )

  for (const [form, logger, line] of [
    ["pretty", Logger.consolePretty({ colors: false }), /^trace_id:\n[0-9a-f]{32}$/m],
    [
      "JSON",
      Logger.consoleJson,
      /"annotations":\{.*"trace_id":"[0-9a-f]{32}","span_id":"[0-9a-f]{16}","trace_flags":"03"/
    ],
    ["logfmt", Logger.consoleLogFmt, / trace_id=[0-9a-f]{32} span_id=[0-9a-f]{16} trace_flags=03$/m],
    ["structured", Logger.consoleStructured, /[0-9a-f]{32}/],
    ["plain", Logger.defaultLogger, /[0-9a-f]{32}/]
  ] as const) {
    it.effect(`says so in Effect's ${form} form`, () =>
      Effect.gen(function* () {
        yield* Effect.log("working").pipe(
          Effect.withSpan("work"),
          Effect.provide(TracingLive),
          Effect.provide([settings({}), Logger.layer([logger])])
        )
        const written = (yield* TestConsole.logLines)
          .map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)))
          .join("\n")
        assert.match(written, line)
      })
    )
  }

  it.effect("says whose run it is where only the span knows, and keeps its own word where it has one", () =>
    Effect.gen(function* () {
      const { layer, lines } = collecting()
      yield* Effect.gen(function* () {
        yield* Effect.log("span's")
        yield* Effect.log("own").pipe(Effect.annotateLogs({ tenant_id: "mine" }))
      }).pipe(
        Effect.withSpan("job", { attributes: { tenant_id: "acme", execution_id: "exec-7" } }),
        Effect.provide(TracingLive),
        Effect.provide([settings({}), layer])
      )
      const annotations = (message: string) => lines.find((line) => line.message === message)!.annotations
      assert.strictEqual(annotations("span's")["tenant_id"], "acme")
      assert.strictEqual(annotations("span's")["execution_id"], "exec-7")
      assert.strictEqual(annotations("own")["tenant_id"], "mine")
      assert.strictEqual(annotations("own")["execution_id"], "exec-7")
    })
  )

  it.effect("says by its flags that its trace was left out", () =>
    Effect.gen(function* () {
      const { layer, lines } = collecting()
      yield* program.pipe(Effect.provide(TracingLive), Effect.provide([settings({ TRACING_SAMPLE_RATE: "0" }), layer]))
      const [traceId, spanId, flags] = spanOf(lines, "outer")
      assert.strictEqual(flags, "02")
      assert.deepStrictEqual(spanOf(lines, "inner"), [traceId, spanId, flags])
    })
  )

  it.effect("of a request whose sender has a trace says that one, although no span is open yet", () =>
    Effect.gen(function* () {
      const { layer, lines } = collecting()
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      yield* Effect.log("arrived").pipe(
        Traced.span("handle"),
        Carrier.continueFrom({ traceparent }),
        Effect.provide(TracingLive),
        Effect.provide([settings({}), layer])
      )
      assert.strictEqual(spanOf(lines, "arrived")[0], "0af7651916cd43dd8448eb211c80319c")
    })
  )

  it.effect("settles sampling only when it is really written", () =>
    Effect.gen(function* () {
      const { layer } = collecting()
      const seen: Array<ReadonlyArray<string>> = []
      const sampler: Sampler.Sampler = {
        description: "remembers what it was shown",
        decide: ({ attributes }) => {
          seen.push([...attributes.keys()])
          return { sampled: true, reason: "test" }
        }
      }
      const job = (level: "Debug" | "Info") =>
        Effect.gen(function* () {
          yield* Effect.logWithLevel(level)("early")
          yield* Effect.annotateCurrentSpan("late", true)
        }).pipe(Effect.withSpan("job"))
      yield* Effect.andThen(job("Debug"), job("Info")).pipe(
        Effect.provideService(References.MinimumLogLevel, "Info"),
        Effect.provide(Tracing.layerConfig({ sampler })),
        Effect.provide([settings({}), layer])
      )
      assert.deepStrictEqual(seen, [["late"], []])
    })
  )

  it.effect("is left alone when TRACING_LOG_CORRELATION says so, and where tracing is off", () =>
    Effect.gen(function* () {
      const annotations = (values: Readonly<Record<string, string>>) =>
        Effect.gen(function* () {
          const { layer, lines } = collecting()
          yield* program.pipe(Effect.provide(TracingLive), Effect.provide([settings(values), layer]))
          return lines.find(({ message }) => message === "inner")!.annotations
        })
      const stamped = { tenant_id: "acme", workflow_id: "greet", execution_id: "exec-1" }
      assert.deepStrictEqual(yield* annotations({ TRACING_LOG_CORRELATION: "false" }), stamped)
      assert.deepStrictEqual(yield* annotations({ TRACING_ENABLED: "false" }), stamped)
    })
  )
})

describe("log lines as events of their spans", () => {
  const eventsOf = (values: Readonly<Record<string, string>>, logs: Layer.Layer<never> = Layer.empty) =>
    Effect.gen(function* () {
      const spans: Array<SpanData> = []
      const exporter: SpanExporter = { export: (batch) => Effect.sync(() => void spans.push(...batch)) }
      yield* Effect.log("hello").pipe(
        Effect.withSpan("work"),
        Effect.provide(logs),
        Effect.provide(Tracing.layerConfig({ exporters: [exporter] })),
        Effect.provide(settings(values))
      )
      return spans.flatMap(({ events }) => events.map(({ name }) => name))
    })

  it.effect("are a choice: there are none unless TRACING_LOG_EVENTS says so", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* eventsOf({}), [])
      assert.deepStrictEqual(yield* eventsOf({ TRACING_LOG_EVENTS: "true" }), ["hello"])
      assert.deepStrictEqual(yield* eventsOf({ TRACING_LOG_EVENTS: "true", TRACING_LOG_CORRELATION: "false" }), [
        "hello"
      ])
    })
  )

  it.effect("follow the setting where loggers are added to Effect's own, too", () =>
    Effect.gen(function* () {
      const added = Logger.layer([Logger.make(() => undefined)], { mergeWithExisting: true })
      assert.deepStrictEqual(yield* eventsOf({}, added), [])
      assert.deepStrictEqual(yield* eventsOf({ TRACING_LOG_EVENTS: "true" }, added), ["hello"])
    })
  )
})
