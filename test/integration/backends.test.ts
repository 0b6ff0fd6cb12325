/**
 * One program, sent to real backends by every protocol, and read back through their own query APIs; from the Collector,
 * which has none, through the file it writes.
 */
import { assert, describe, it } from "@effect/vitest"
import { type SpanData, type SpanExporter, Traced, Tracing } from "@gorax/tracing"
import { ConfigProvider, Effect, Schedule, Tracer } from "effect"
import * as fs from "node:fs/promises"

type Settings = Readonly<Record<string, string | undefined>>

const { env } = process
const jaegerUrl = env["TEST_JAEGER_URL"]
const zipkinUrl = env["TEST_ZIPKIN_URL"]
const collectorUrl = env["TEST_COLLECTOR_URL"]
const collectorFile = env["TEST_COLLECTOR_FILE"]

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
const found = <A>(
  ask: () => Promise<unknown>,
  read: (answer: any) => ReadonlyArray<A>
): Effect.Effect<ReadonlyArray<A>, string> =>
  Effect.tryPromise({ try: ask, catch: String }).pipe(
    Effect.map(read),
    Effect.filterOrFail(
      (spans) => spans.length === 3,
      (spans) => `${spans.length} spans`
    ),
    Effect.retry(Schedule.max([Schedule.spaced("100 millis"), Schedule.recurs(150)]))
  )

const json = (url: string) => async (): Promise<unknown> => (await fetch(url)).json()

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
      const back = yield* found(json(`${jaegerUrl}/api/traces/${told[0]!.traceId}`), read)
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
      const back = yield* found(json(`${zipkinUrl}/api/v2/trace/${told[0]!.traceId}`), read)
      assertSame(
        back.map(({ told }) => told),
        told
      )
      assert.isTrue(back.every(({ service }) => service === "orders"))
      assert.strictEqual(back.find(({ told }) => told.name === "charge").remote, "pay.example.com")
    })
  )
})

describe.skipIf(collectorUrl === undefined || collectorFile === undefined)("OpenTelemetry Collector", () => {
  const kinds = ["", "internal", "server", "client", "producer", "consumer"]

  const plain = (value: any): unknown =>
    value.arrayValue === undefined ? Object.values(value)[0] : value.arrayValue.values.map(plain)

  const attributes = (list: ReadonlyArray<any> = []) =>
    texts(list.map(({ key, value }) => [key, plain(value)] as const))

  /** A line of the file is a request that it would have sent on. */
  const read = (traceId: string) => (requests: ReadonlyArray<any>) =>
    requests
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ resource, scopeSpans }) =>
        scopeSpans
          .flatMap(({ spans }: any) => spans)
          .map((span: any) => ({
            resource: attributes(resource.attributes),
            types: Object.fromEntries(
              (span.attributes ?? []).map(({ key, value }: any) => [key, Object.keys(value)[0]])
            ),
            link: span.links?.[0],
            told: {
              traceId: span.traceId,
              spanId: span.spanId,
              parentSpanId: span.parentSpanId === "" ? undefined : span.parentSpanId,
              name: span.name,
              kind: kinds[span.kind] ?? "",
              start: Number(BigInt(span.startTimeUnixNano) / 1000n),
              attributes: attributes(span.attributes),
              failed: span.status?.code === 2,
              events: (span.events ?? []).map(({ name }: any) => name)
            } satisfies Told
          }))
      )
      .filter(({ told }) => told.traceId === traceId)

  // Its last line may be half written
  const file = async () => {
    const lines = (await fs.readFile(collectorFile ?? "", "utf8")).split("\n")
    return lines.slice(0, -1).map((line): unknown => JSON.parse(line))
  }

  const protocols = ["http/protobuf", "http/json", "grpc"]
  const ways = protocols.flatMap((protocol) =>
    ["none", "gzip", "zstd"].map((compression) => ({ protocol, compression }))
  )

  it.live.each(ways)("writes what it was told by $protocol, compression $compression", ({ compression, protocol }) =>
    Effect.gen(function* () {
      const told = yield* tell({
        TRACING_ENDPOINT:
          protocol === "grpc" ? (env["TEST_COLLECTOR_GRPC_URL"] ?? "http://localhost:4317") : collectorUrl,
        TRACING_PROTOCOL: protocol,
        TRACING_COMPRESSION: compression,
        TRACING_SERVICE_NAME: "orders",
        TRACING_SERVICE_VERSION: "2"
      })
      const back = yield* found(file, read(told[0]!.traceId))
      assertSame(
        back.map(({ told }) => told),
        told
      )
      for (const { resource } of back)
        assert.deepInclude(resource, { "service.name": "orders", "service.version": "2" })
      const charge = back.find(({ told }) => told.name === "charge")!
      assert.deepInclude(charge.types, {
        amount: "doubleValue",
        count: "intValue",
        gift: "boolValue",
        tags: "arrayValue"
      })
      assert.deepInclude(charge.link, { traceId: elsewhere.traceId, spanId: elsewhere.spanId })
      assert.deepStrictEqual(attributes(charge.link.attributes), { why: "batch" })
    })
  )
})
