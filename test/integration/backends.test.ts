/**
 * One program, sent to real backends by every protocol, and read back through their own query APIs.
 */
import { assert, describe, it } from "@effect/vitest"
import { type SpanData, type SpanExporter, Traced, Tracing } from "@gorax/tracing"
import { ConfigProvider, Effect, Schedule, Tracer } from "effect"

type Settings = Readonly<Record<string, string | undefined>>

const { env } = process
const jaegerUrl = env["TEST_JAEGER_URL"]
const zipkinUrl = env["TEST_ZIPKIN_URL"]

const elsewhere = Tracer.externalSpan({ traceId: "f".repeat(32), spanId: "e".repeat(16), sampled: true })

const program = Effect.gen(function* () {
  yield* Traced.event("step.started", { attempt: 1, queue: "orders" })
  yield* Effect.fail("declined").pipe(
    Effect.withSpan("charge", {
      kind: "client",
      attributes: {
        "server.address": "pay.example.com",
        amount: 12.5,
        count: 3,
        gift: true,
        tags: ["a", "b"],
        "naïve ✓": "漢"
      },
      links: [{ span: elsewhere, attributes: { why: "batch" } }]
    }),
    Effect.ignore
  )
}).pipe(
  Traced.step("charge-card", { type: "http" }),
  Traced.workflow("fulfil-order", { tenantId: "acme", executionId: "e-1" })
)

/** A span as every backend can tell it: texts, in microseconds. */
interface Told {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: string
  readonly start: number
  readonly attributes: Readonly<Record<string, string>>
  readonly failed: boolean
  readonly events: ReadonlyArray<string>
}

const text = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value))

const texts = (attributes: Iterable<readonly [string, unknown]>): Record<string, string> =>
  Object.fromEntries(Array.from(attributes, ([key, value]) => [key, text(value)]))

const toTold = (span: SpanData): Told => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId,
  name: span.name,
  kind: span.kind,
  start: Number(span.startTime / 1000n),
  attributes: texts(span.attributes),
  failed: span.statusCode === "error",
  events: span.events.map(({ name }) => name)
})

/** Runs the program with these settings, and gives what it told. */
const tell = (settings: Settings) =>
  Effect.gen(function* () {
    const spans: Array<SpanData> = []
    const remember: SpanExporter = { export: (batch) => Effect.sync(() => void spans.push(...batch)) }
    yield* program.pipe(
      Effect.provide(Tracing.layerConfig({ exporters: [remember] })),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ TRACING_ENABLED: "true", ...settings })))
    )
    assert.strictEqual(spans.length, 3)
    return spans.map(toTold)
  })

/** Asks until all spans are there: backends take them before they can be found. */
const found = <A>(url: string, read: (answer: any) => ReadonlyArray<A>): Effect.Effect<ReadonlyArray<A>, string> =>
  Effect.tryPromise({ try: async () => (await fetch(url)).json(), catch: String }).pipe(
    Effect.map(read),
    Effect.filterOrFail(
      (spans) => spans.length === 3,
      (spans) => `${spans.length} spans`
    ),
    Effect.retry(Schedule.max([Schedule.spaced("100 millis"), Schedule.recurs(150)]))
  )

const byId = (spans: ReadonlyArray<Told>) => [...spans].sort((self, that) => (self.spanId < that.spanId ? -1 : 1))

/** Same tree, same names, same attributes; a backend may say more about a span than we did. */
const assertSame = (read: ReadonlyArray<Told>, told: ReadonlyArray<Told>) => {
  const known = byId(told)
  for (const [index, span] of byId(read).entries()) {
    const { attributes, ...rest } = known[index]!
    const { attributes: back, ...others } = span
    assert.deepStrictEqual(others, rest)
    assert.deepInclude(back, attributes)
  }
}

const padded = (id: string | undefined, length: number) => id?.padStart(length, "0")

describe.skipIf(jaegerUrl === undefined)("Jaeger", () => {
  const value = ({ key, value }: { readonly key: string; readonly value: unknown }) => [key, value] as const

  const read = (answer: any) => {
    const [trace] = answer.data ?? []
    return (trace?.spans ?? []).map((span: any) => {
      const tags = texts(span.tags.map(value))
      const logs: ReadonlyArray<Record<string, string>> = span.logs.map((log: any) => texts(log.fields.map(value)))
      return {
        service: trace.processes[span.processID].serviceName as string,
        version: texts(trace.processes[span.processID].tags.map(value))["service.version"],
        link: span.references.find(({ refType }: any) => refType === "FOLLOWS_FROM")?.spanID as string | undefined,
        types: Object.fromEntries(span.tags.map(({ key, type }: any) => [key, type])) as Record<string, string>,
        told: {
          traceId: padded(span.traceID, 32)!,
          spanId: padded(span.spanID, 16)!,
          parentSpanId: padded(span.references.find(({ refType }: any) => refType === "CHILD_OF")?.spanID, 16),
          name: span.operationName,
          kind: tags["span.kind"] ?? "internal",
          start: span.startTime,
          attributes: tags,
          failed: tags["error"] === "true",
          // OTLP has links of its own; in Thrift what they say is a log
          events: logs.map(({ event }) => event ?? "").filter((name) => name !== "link")
        } satisfies Told
      }
    })
  }

  it.live.each([
    ["OTLP http/protobuf", { TRACING_ENDPOINT: env["TEST_JAEGER_OTLP_URL"] ?? "http://localhost:4318" }],
    [
      "OTLP http/json",
      { TRACING_ENDPOINT: env["TEST_JAEGER_OTLP_URL"] ?? "http://localhost:4318", TRACING_PROTOCOL: "http/json" }
    ],
    [
      "OTLP gRPC",
      { TRACING_ENDPOINT: env["TEST_JAEGER_GRPC_URL"] ?? "http://localhost:4317", TRACING_PROTOCOL: "grpc" }
    ],
    [
      "Thrift over HTTP",
      {
        TRACING_EXPORTER: "jaeger",
        TRACING_JAEGER_ENDPOINT: env["TEST_JAEGER_THRIFT_URL"] ?? "http://localhost:14268"
      }
    ],
    [
      "Thrift over UDP",
      { TRACING_EXPORTER: "jaeger", TRACING_JAEGER_AGENT: env["TEST_JAEGER_AGENT"] ?? "localhost:6831" }
    ]
  ] as const)("tells by %s the trace that it was told", ([protocol, settings]) =>
    Effect.gen(function* () {
      const service = `orders by ${protocol}`
      const told = yield* tell({ ...settings, TRACING_SERVICE_NAME: service, TRACING_SERVICE_VERSION: "2" })
      const back = yield* found(`${jaegerUrl}/api/traces/${told[0]!.traceId}`, read)
      assertSame(
        back.map(({ told }: any) => told),
        told
      )
      for (const { service: named, version } of back as any) assert.deepStrictEqual([named, version], [service, "2"])
      const charge: any = back.find(({ told }: any) => told.name === "charge")
      assert.deepInclude(charge.types, { amount: "float64", count: "int64", gift: "bool" })
      assert.strictEqual(charge.link, elsewhere.spanId)
    })
  )
})

describe.skipIf(zipkinUrl === undefined)("Zipkin", () => {
  const read = (answer: any): ReadonlyArray<any> =>
    answer.map?.((span: any) => ({
      service: span.localEndpoint.serviceName,
      remote: span.remoteEndpoint?.serviceName,
      told: {
        traceId: span.traceId,
        spanId: span.id,
        parentSpanId: span.parentId,
        name: span.name,
        kind: span.kind?.toLowerCase() ?? "internal",
        start: span.timestamp,
        attributes: span.tags ?? {},
        failed: "error" in (span.tags ?? {}),
        events: (span.annotations ?? []).map(({ value }: any) => value.replace(/^"(.*?)": \{.*\}$/, "$1"))
      } satisfies Told
    })) ?? []

  it.live("tells the trace that it was told", () =>
    Effect.gen(function* () {
      const told = yield* tell({
        TRACING_EXPORTER: "zipkin",
        TRACING_ZIPKIN_ENDPOINT: zipkinUrl,
        TRACING_SERVICE_NAME: "orders"
      })
      const back = yield* found(`${zipkinUrl}/api/v2/trace/${told[0]!.traceId}`, read)
      assertSame(
        back.map(({ told }) => told),
        told
      )
      assert.isTrue(back.every(({ service }) => service === "orders"))
      assert.strictEqual(back.find(({ told }) => told.name === "charge").remote, "pay.example.com")
    })
  )
})
