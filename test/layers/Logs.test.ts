import { assert, describe, it } from "@effect/vitest"
import { Traced, Tracing, TracingConfig, TracingHealth, TracingLive } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { ConfigProvider, Data, Effect, Fiber, Logger, Metric, Result } from "effect"
import * as Incubating from "@opentelemetry/semantic-conventions/incubating"
import * as Schema from "../export/OtlpEncoder.schema.ts"

interface WireRecord {
  readonly timeUnixNano: string
  readonly severityNumber: number
  readonly severityText: string
  readonly eventName?: string
  readonly body: { readonly stringValue?: string; readonly intValue?: string }
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: Readonly<Record<string, unknown>> }>
  readonly flags?: number
  readonly traceId?: string
  readonly spanId?: string
}

interface WireLogs {
  readonly resourceLogs: ReadonlyArray<{
    readonly resource: { readonly attributes: WireRecord["attributes"] }
    readonly scopeLogs: ReadonlyArray<{
      readonly scope: { readonly name: string; readonly version: string }
      readonly logRecords: ReadonlyArray<WireRecord>
    }>
  }>
}

const decode = ({ body, encoding }: FakeCollector.CollectedMessage): WireLogs =>
  (encoding === "json" ? JSON.parse(Buffer.from(body).toString()) : Schema.decodeLogs(body)) as WireLogs

const recordsIn = (messages: ReadonlyArray<FakeCollector.CollectedMessage>): ReadonlyArray<WireRecord> =>
  messages.flatMap((message) =>
    decode(message).resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
  )

const attributesOf = ({ attributes }: Pick<WireRecord, "attributes">): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

const settings = (collector: { readonly url: string }, values: Readonly<Record<string, string>> = {}) =>
  ConfigProvider.layer(
    ConfigProvider.fromUnknown({
      TRACING_ENABLED: "true",
      TRACING_SERVICE_NAME: "orders",
      TRACING_ENDPOINT: collector.url,
      TRACING_LOGS: "otlp",
      ...values
    })
  )

const quiet = Logger.layer([])

/** Runs a program under tracing whose lines go to a collector alone, and gives what arrived there. */
const run = (
  program: Effect.Effect<unknown, unknown>,
  values: (collector: {
    readonly url: string
    readonly grpcUrl: string
  }) => Readonly<Record<string, string>> = () => ({}),
  plugins: Tracing.TracingPlugins = {}
) =>
  Effect.gen(function* () {
    const collector = yield* FakeCollector.FakeCollector
    yield* Effect.exit(program).pipe(
      Effect.provide(Tracing.layerConfig(plugins)),
      Effect.provide([settings(collector, values(collector)), quiet])
    )
    return { messages: yield* collector.messages, spans: yield* collector.spans }
  }).pipe(Effect.provide(FakeCollector.layer))

class Declined extends Data.TaggedError("Declined")<{ readonly message: string }> {}

describe("TRACING_LOGS=otlp", () => {
  for (const [protocol, place] of [
    ["http/protobuf", "url"],
    ["http/json", "url"],
    ["grpc", "grpcUrl"]
  ] as const) {
    it.live(`sends every line with its level, its run and its span over ${protocol}, as the process of the spans`, () =>
      Effect.gen(function* () {
        const { messages, spans } = yield* run(
          Effect.gen(function* () {
            yield* Effect.logInfo("before")
            yield* Effect.logWarning("careful", { retries: 2 }).pipe(
              Effect.annotateLogs({ sku: "tea", count: 3 }),
              Traced.workflow("fulfil", { tenantId: "acme", executionId: "exec-1" })
            )
          }),
          (collector) => ({ TRACING_PROTOCOL: protocol, TRACING_ENDPOINT: collector[place] })
        )
        assert.deepStrictEqual(
          [...new Set(messages.map(({ protocol, signal }) => `${protocol} ${signal}`))],
          [`${protocol === "grpc" ? "grpc" : "http"} logs`]
        )
        const [before, careful] = recordsIn(messages) as readonly [WireRecord, WireRecord]
        assert.strictEqual(before.body.stringValue, "before")
        assert.strictEqual(before.severityNumber, 9)
        assert.isUndefined(before.traceId)
        const [span] = spans
        assert.strictEqual(careful.body.stringValue, 'careful {"retries":2}')
        assert.strictEqual(careful.severityNumber, 13)
        assert.strictEqual(careful.severityText, "WARN")
        assert.strictEqual(careful.traceId, span?.traceId)
        assert.strictEqual(careful.spanId, span?.spanId)
        assert.strictEqual(careful.flags, 3)
        assert.isAbove(Number(careful.timeUnixNano), 1.6e18)
        const { sku, tenant_id, workflow_id, execution_id, trace_id } = attributesOf(careful)
        assert.deepStrictEqual(
          [sku, tenant_id, workflow_id, execution_id, trace_id],
          ["tea", "acme", "fulfil", "exec-1", undefined]
        )
        const { resource, scopeLogs } = decode(messages[0]!).resourceLogs[0]!
        assert.strictEqual(attributesOf(resource)["service.name"], "orders")
        assert.deepStrictEqual({ ...scopeLogs[0]!.scope }, { ...span!.scope })
      })
    )
  }

  it.live("tells the error of a line, and takes out what looks like a secret", () =>
    Effect.gen(function* () {
      const { messages } = yield* run(
        Effect.fail(new Declined({ message: "card declined, token=abcdef1234567890" })).pipe(
          Effect.tapCause((cause) =>
            Effect.logError("payment failed, password=hunter2", cause).pipe(
              Effect.annotateLogs({ api_key: "sk-secret" })
            )
          )
        )
      )
      const [record] = recordsIn(messages)
      const attributes = attributesOf(record!)
      assert.strictEqual(attributes["exception.type"], "Declined")
      assert.match(String(attributes["exception.message"]), /^card declined, token=REDACTED/)
      assert.match(String(attributes["exception.stacktrace"]), /Logs\.test/)
      assert.strictEqual(attributes["api_key"], "REDACTED")
      assert.strictEqual(record?.severityNumber, 17)
      for (const { body } of messages) assert.notMatch(Buffer.from(body).toString(), /hunter2|sk-secret|abcdef123456/)
    })
  )

  it.live("sends lines of spans whose own loggers replaced those of the layer", () =>
    Effect.gen(function* () {
      const printed: Array<unknown> = []
      const own = Logger.layer([Logger.make(({ message }) => void printed.push(message))])
      const { messages } = yield* run(Effect.log("inside").pipe(Effect.withSpan("work"), Effect.provide(own)))
      assert.deepStrictEqual(
        recordsIn(messages).map(({ body }) => body.stringValue),
        ["inside"]
      )
      assert.lengthOf(printed, 1)
    })
  )

  it.live("lets a filter change records or leave them out", () =>
    Effect.gen(function* () {
      const { messages } = yield* run(
        Effect.andThen(Effect.log("for everybody"), Effect.log("for nobody")),
        undefined,
        { logFilter: (record) => (record.body === "for nobody" ? undefined : { ...record, body: "changed" }) }
      )
      assert.deepStrictEqual(
        recordsIn(messages).map(({ body }) => body.stringValue),
        ["changed"]
      )
    })
  )

  it.live("takes any message at all: cycles, getters that throw, half characters", () =>
    Effect.gen(function* () {
      const cycle: Record<string, unknown> = {}
      cycle["self"] = cycle
      const trap = Object.defineProperty({}, "boom", { enumerable: true, get: () => assert.fail("never called") })
      const { messages } = yield* run(
        Effect.forEach(
          [cycle, trap, "half \ud83d", 7, 12n, Symbol("s"), undefined, () => 1, ["a", 1]],
          (message) => Effect.log(message).pipe(Effect.annotateLogs({ message, "": "nothing" })),
          { discard: true }
        ),
        () => ({ TRACING_LOGS_PROTOCOL: "http/json" })
      )
      const records = recordsIn(messages)
      assert.lengthOf(records, 9)
      assert.strictEqual(records[2]?.body.stringValue, "half \ufffd")
      assert.strictEqual(records[3]?.body.intValue, "7")
    })
  )

  it.live("is tried again while the receiver is away, and all arrives when it is back", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* collector.respondWith(503, { times: 2 })
      yield* Effect.forEach(["a", "b", "c"], (line) => Effect.log(line)).pipe(
        Effect.andThen(collector.awaitMessages(1)),
        Effect.provide(TracingLive),
        Effect.provide([
          settings(collector, {
            TRACING_LOGS_BATCH_TIMEOUT: "10",
            TRACING_RETRY_DELAY: "10",
            TRACING_EXPORTER: "none"
          }),
          quiet
        ])
      )
      assert.deepStrictEqual(
        recordsIn(yield* collector.messages).map(({ body }) => body.stringValue),
        ["a", "b", "c"]
      )
      assert.deepStrictEqual(
        (yield* collector.requests).map(({ path, status }) => `${path} ${status}`),
        ["/v1/logs 503", "/v1/logs 503", "/v1/logs 200"]
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("is bounded while the receiver hangs: what comes on top is counted, and the end comes on time", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* collector.respondWith(FakeCollector.hang, { times: Infinity })
      const counts = yield* Effect.gen(function* () {
        yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.log("again"), { discard: true })
        const snapshot = yield* Metric.snapshot
        return snapshot.flatMap((metric) =>
          metric.type === "Counter" && metric.id === "otel.sdk.processor.log.processed"
            ? [[metric.attributes?.["error.type"], metric.state.count]]
            : []
        )
      }).pipe(
        Effect.provide(TracingLive),
        Effect.provide([
          settings(collector, {
            TRACING_LOGS_QUEUE_SIZE: "10",
            TRACING_SHUTDOWN_TIMEOUT: "100",
            TRACING_EXPORTER: "none"
          }),
          quiet
        ]),
        Effect.provideService(Metric.MetricRegistry, new Map()),
        Effect.timeout("2 seconds")
      )
      assert.strictEqual(Incubating.METRIC_OTEL_SDK_PROCESSOR_LOG_PROCESSED, "otel.sdk.processor.log.processed")
      assert.strictEqual(Incubating.METRIC_OTEL_SDK_EXPORTER_LOG_EXPORTED, "otel.sdk.exporter.log.exported")
      assert.deepStrictEqual(counts, [
        [undefined, 10],
        ["queue_full", 90],
        ["already_shutdown", 0]
      ])
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("is bounded in bytes, too, however long the lines are", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.log("x".repeat(4000)), { discard: true }).pipe(
        Effect.provide(TracingLive),
        Effect.provide([settings(collector, { TRACING_LOGS_QUEUE_BYTES: "80000", TRACING_EXPORTER: "none" }), quiet])
      )
      assert.lengthOf(recordsIn(yield* collector.messages), 10)
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("is flushed by TracingHealth.flush, and delivers in order what is more than a batch", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* Effect.gen(function* () {
        yield* Effect.forEach(Array.from({ length: 25 }), (_, index) => Effect.log(index), { discard: true })
        yield* TracingHealth.flush
        assert.lengthOf(yield* collector.messages, 3)
        assert.deepStrictEqual(
          recordsIn(yield* collector.messages).map(({ body }) => Number(body.intValue)),
          Array.from({ length: 25 }, (_, index) => index)
        )
      }).pipe(
        Effect.provide(TracingLive),
        Effect.provide([
          settings(collector, {
            TRACING_LOGS_BATCH_SIZE: "10",
            TRACING_LOGS_BATCH_TIMEOUT: "60000",
            TRACING_EXPORTER: "none"
          }),
          quiet
        ]),
        // Nothing is left to wait for when it closes
        Effect.timeout("2 seconds")
      )
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("does not send lines about its own delivery, so it comes to rest", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const fiber = yield* Effect.log("once").pipe(
        Effect.andThen(Effect.never),
        Effect.provide(TracingLive),
        Effect.provide([settings(collector, { TRACING_LOGS_BATCH_TIMEOUT: "1", TRACING_EXPORTER: "none" }), quiet]),
        Effect.forkChild
      )
      yield* collector.awaitMessages(1)
      yield* Fiber.interrupt(fiber)
      assert.lengthOf(yield* collector.requests, 1)
    }).pipe(Effect.provide(FakeCollector.layer))
  )
})

describe("exceptions of spans", () => {
  const failing = Effect.fail(new Declined({ message: "card declined" })).pipe(
    Traced.step("charge"),
    Traced.workflow("fulfil", { tenantId: "acme", executionId: "exec-1" })
  )
  const told = (values: Readonly<Record<string, string>>) =>
    Effect.map(
      run(failing, () => values),
      ({ messages, spans }) => ({
        records: recordsIn(messages),
        spans,
        events: spans.flatMap(({ events }) => events.map(({ name }) => name))
      })
    )

  it.live("are events of their spans unless something else is said", () =>
    Effect.gen(function* () {
      const { events, records } = yield* told({})
      assert.deepStrictEqual(events, ["exception"])
      assert.lengthOf(records, 0)
    })
  )

  for (const [values, expected] of [
    [{ TRACING_EXCEPTIONS: "logs" }, []],
    [{ OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: "logs" }, []],
    [{ TRACING_EXCEPTIONS: "both" }, ["exception"]],
    [{ OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: "logs/dup" }, ["exception"]]
  ] as const) {
    it.live(`become log records with ${JSON.stringify(values)}`, () =>
      Effect.gen(function* () {
        const { events, records, spans } = yield* told(values)
        assert.deepStrictEqual(events, [...expected])
        assert.lengthOf(records, 1)
        const [record] = records as readonly [WireRecord]
        const step = spans.find(({ name }) => name === "workflow.step.execute")!
        assert.strictEqual(record.eventName, "exception")
        assert.strictEqual(record.body.stringValue, "card declined")
        assert.strictEqual(record.spanId, step.spanId)
        const { execution_id, node_id, tenant_id, ...attributes } = attributesOf(record)
        assert.deepStrictEqual([tenant_id, execution_id, node_id], ["acme", "exec-1", "charge"])
        assert.strictEqual(attributes["exception.type"], "Declined")
        assert.strictEqual(step.statusCode, "error")
      })
    )
  }

  it("cannot become log records that nobody sends, if asked for by our own name", () => {
    const read = (texts: Readonly<Record<string, string>>) =>
      TracingConfig.fromRecord({ TRACING_ENABLED: "true", ...texts })
    const refused = read({ TRACING_EXCEPTIONS: "logs" })
    assert.isTrue(Result.isFailure(refused) && /TRACING_EXCEPTIONS/.test(refused.failure.message))
    const ignored = Result.getOrThrow(read({ OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: "logs" }))
    assert.strictEqual(ignored.logs.exceptions, "events")
  })
})

describe("where log records go", () => {
  const sent = (texts: Readonly<Record<string, string>>) => {
    const { logs } = Result.getOrThrow(
      TracingConfig.fromRecord({ TRACING_ENABLED: "true", TRACING_LOGS: "otlp", ...texts })
    )
    const { endpoint, headers } = logs.sent!.otlp
    return [endpoint.protocol, endpoint.display, headers] as const
  }
  const place = (texts: Readonly<Record<string, string>>) => sent(texts).slice(0, 2).join(" ")

  it("is where spans go, unless something is said of spans or of logs alone", () => {
    assert.strictEqual(place({}), "http/protobuf http://localhost:4318/v1/logs")
    assert.strictEqual(place({ TRACING_ENDPOINT: "http://c:4318" }), "http/protobuf http://c:4318/v1/logs")
    assert.strictEqual(place({ TRACING_ENDPOINT: "http://c/base/v1/traces" }), "http/protobuf http://c/base/v1/logs")
    assert.strictEqual(place({ TRACING_ENDPOINT: "localhost:4317" }), "grpc http://localhost:4317")
    assert.strictEqual(
      place({ TRACING_ENDPOINT: "http://c:4318", TRACING_PROTOCOL: "http/json" }),
      "http/json http://c:4318/v1/logs"
    )
    assert.strictEqual(
      place({ TRACING_ENDPOINT: "http://c:4318", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }),
      "http/protobuf http://c:4318/v1/logs"
    )
    assert.strictEqual(
      place({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t/x", OTEL_EXPORTER_OTLP_ENDPOINT: "http://all" }),
      "http/protobuf http://all/v1/logs"
    )
    assert.strictEqual(
      place({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t/x" }),
      "http/protobuf http://localhost:4318/v1/logs"
    )
    assert.strictEqual(
      place({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://l/exact", OTEL_EXPORTER_OTLP_ENDPOINT: "http://all" }),
      "http/protobuf http://l/exact"
    )
    assert.strictEqual(
      place({ TRACING_LOGS_ENDPOINT: "http://loki:3100/otlp", TRACING_ENDPOINT: "localhost:4317" }),
      "http/protobuf http://loki:3100/otlp/v1/logs"
    )
  })

  it("is refused by name where it is no place", () => {
    const result = TracingConfig.fromRecord({
      TRACING_ENABLED: "true",
      TRACING_LOGS: "otlp",
      TRACING_LOGS_ENDPOINT: "ftp://logs"
    })
    assert.isTrue(Result.isFailure(result) && /TRACING_LOGS_ENDPOINT/.test(result.failure.message))
  })
})
