/**
 * A batch of spans as the body of an OTLP request, beside the serializers of others.
 *
 * All encode the same 512 steps, each made by its own tracer. What a batch has
 * in common is in them, tenant and workflow, and what differs is too: the ids of
 * executions change every eight spans, those of nodes with each.
 */
import { Traced } from "@gorax/tracing"
import * as Otel from "@opentelemetry/api"
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { BasicTracerProvider, type ReadableSpan, type SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Effect, Layer, Tracer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import * as assert from "node:assert/strict"
import { encode, encodeJson } from "../src/export/OtlpEncoder.ts"
import { fromReadableSpan } from "../src/export/ReadableSpan.ts"
import * as SpanBooks from "../src/model/SpanBooks.ts"
import * as SpanContext from "../src/model/SpanContext.ts"
import type { SpanData } from "../src/model/SpanData.ts"
import * as SpanLimits from "../src/model/SpanLimits.ts"
import * as OtlpBody from "../src/receiver/OtlpBody.ts"
import * as Samplers from "../src/sampling/Sampler.ts"
import * as GoraxTracer from "../src/tracer/GoraxTracer.ts"
import * as Ids from "../src/tracer/Ids.ts"
import * as HotPath from "./HotPath.ts"
import * as Step from "./Step.ts"
import * as Timing from "./Timing.ts"

const spansPerRun = 512

/** What they link to. */
const linked: Otel.SpanContext = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1
}
const ourLinked = SpanContext.toExternalSpan({ ...linked, traceState: "" })

interface Made {
  readonly attributes: Record<string, string | number | boolean | Array<string>>
  readonly event?: Record<string, string | number>
  readonly link?: boolean
}
type Make = (index: number) => Made

/** Five text attributes and an event. */
const typical: Make = (index) => ({
  attributes: {
    ...Step.expected.attributes,
    execution_id: `exec-${index >> 3}`,
    node_id: `${["charge-card", "reserve-stock", "ship-line"][index % 3]}-${index}`
  }
})

/** Numbers, truth values and a list besides, an event that says something, and a link. */
const mixed: Make = (index) => ({
  attributes: {
    ...typical(index).attributes,
    retry_count: index % 3,
    output_size_bytes: 1000 * index + 7,
    ratio: index / 7,
    validation_passed: true,
    tags: ["blue", `tag-${index}`]
  },
  event: { reason: "declined", attempt: index },
  link: true
})

const { events, name } = Step.expected
const eventName = events[0]!

/** Spans of the SDK go into `processor`. */
const withSdk = (make: Make, processor: SpanProcessor): (() => void) => {
  const resource = resourceFromAttributes({ "service.name": "bench" })
  const tracer = new BasicTracerProvider({ resource, spanProcessors: [processor] }).getTracer("bench", "1")
  const steps = Array.from({ length: spansPerRun }, (_, index) => make(index))
  return () => {
    const parent = tracer.startSpan("parent")
    const context = Otel.trace.setSpan(Otel.ROOT_CONTEXT, parent)
    for (const { attributes, event, link } of steps) {
      const span = tracer.startSpan(name, { attributes, links: link === true ? [{ context: linked }] : [] }, context)
      span.addEvent(eventName, event)
      span.end()
    }
  }
}

/** The spans of the SDK that were made and not yet taken. */
const sdk = (make: Make) => {
  let spans: Array<ReadableSpan> = []
  const nothing = () => Promise.resolve()
  const run = withSdk(make, { onStart() {}, onEnd: (span) => spans.push(span), shutdown: nothing, forceFlush: nothing })
  return (): Array<ReadableSpan> => {
    spans = []
    run()
    return spans
  }
}

const linking = Effect.map(Effect.orDie(Effect.currentSpan), (span) =>
  span.addLinks([{ span: ourLinked, attributes: {} }])
)

const step = ({ attributes, event, link }: Made): Effect.Effect<void> => {
  const marking = Traced.event(eventName, event)
  return (link === true ? Effect.andThen(linking, marking) : marking).pipe(Traced.span(name, { attributes }))
}

/** Runs what is made beforehand, as programs are. */
const inTurn = (steps: ReadonlyArray<Effect.Effect<void>>): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (const step of steps) yield* step
  }).pipe(Effect.withSpan("parent"))

const program = (make: Make): Effect.Effect<void> =>
  inTurn(Array.from({ length: spansPerRun }, (_, index) => step(make(index))))

/** The same of ours. */
const ours = (make: Make) => {
  let spans: Array<SpanData> = []
  const tracer = GoraxTracer.make({
    sink: { push: (span) => spans.push(span), flush: Effect.succeed({ exported: 0, left: 0 }) },
    sampler: Samplers.parentBased(Samplers.always),
    ids: Ids.secure(),
    limits: SpanLimits.defaults,
    resource: { attributes: { "service.name": "bench" } },
    scope: { name: "bench", version: "1" },
    books: SpanBooks.make()
  })
  const steps = Effect.provideService(program(make), Tracer.Tracer, tracer)
  return (): ReadonlyArray<SpanData> => {
    spans = []
    Effect.runSync(steps)
    // The parent ends last, and is not what is measured
    spans.length = spansPerRun
    return spans
  }
}

/** What `effect/observability` hands to its serializers. */
const native = async (make: Make): Promise<OtlpTracer.TraceData> => {
  const { promise, resolve } = Promise.withResolvers<OtlpTracer.TraceData>()
  const client = HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response())))
  const serialization = Effect.map(OtlpSerialization.OtlpSerialization, (json) => ({
    ...json,
    traces(data: OtlpTracer.TraceData) {
      resolve(data)
      return json.traces(data)
    }
  }))
  const layer = OtlpTracer.layer({
    url: "http://localhost:4318/v1/traces",
    maxBatchSize: 2 * spansPerRun,
    resource: { serviceName: "bench" }
  }).pipe(
    Layer.provide(Layer.effect(OtlpSerialization.OtlpSerialization, serialization)),
    Layer.provide([OtlpSerialization.layerJson, Layer.succeed(HttpClient.HttpClient, client)])
  )
  await Effect.runPromise(Effect.provide(program(make), layer))
  const data = await promise
  const [{ resource, scopeSpans }] = data.resourceSpans as [OtlpTracer.ResourceSpan]
  const steps = scopeSpans.map(({ scope, spans }) => ({ scope, spans: spans.filter((span) => span.name === name) }))
  return { resourceSpans: [{ resource, scopeSpans: steps }] }
}

/** What a receiver makes of a body, without what differs from one run to the next. */
const read = (bytes: Uint8Array, encoding: OtlpBody.OtlpEncoding) => {
  const received = OtlpBody.decode(bytes, encoding)
  assert.ok(received._tag === "Success")
  return received.success.spans.map((span) => ({
    name: span.name,
    kind: span.kind,
    hasParent: span.parentSpanId !== undefined,
    attributes: Object.fromEntries(span.attributes),
    events: span.events.map(({ attributes, name }) => ({ name, attributes })),
    links: span.links.map(({ span }) => span.spanId)
  }))
}

/** Everybody must say of these spans what the SDK's serializer says of its own. */
const checked = (make: Make, bytes: Uint8Array, encoding: OtlpBody.OtlpEncoding): void => {
  const theirs = read(ProtobufTraceSerializer.serializeRequest(sdk(make)())!, "protobuf")
  const said = read(bytes, encoding)
  assert.equal(said.length, theirs.length)
  for (const [index, span] of said.entries()) assert.deepEqual(span, theirs[index])
}

const encoding =
  <Spans>(
    make: Make,
    made: (make: Make) => Spans | Promise<Spans>,
    toBytes: (spans: Spans) => Uint8Array,
    as = "protobuf"
  ) =>
  async (): Promise<HotPath.Figures> => {
    const spans = await made(make)
    checked(make, toBytes(spans), as as OtlpBody.OtlpEncoding)
    return {
      figure: await Timing.perCall(() => toBytes(spans), spansPerRun),
      bytes: toBytes(spans).length / spansPerRun
    }
  }

/** From the opening of the spans to the bytes. */
const creating =
  <Spans>(maker: (make: Make) => () => Spans, toBytes: (spans: Spans) => Uint8Array) =>
  async (): Promise<HotPath.Figures> => {
    const make = maker(typical)
    checked(typical, toBytes(make()), "protobuf")
    return { figure: await Timing.perCall(() => toBytes(make()), spansPerRun) }
  }

/** What a loop of effects costs without spans. */
const idle = async (): Promise<HotPath.Figures> => {
  const steps = inTurn(Array.from({ length: spansPerRun }, () => Step.nothing))
  return { figure: await Timing.perCall(() => Effect.runSync(steps), spansPerRun) }
}

const protobuf = (spans: Array<ReadableSpan>): Uint8Array => ProtobufTraceSerializer.serializeRequest(spans)!
const json = (spans: Array<ReadableSpan>): Uint8Array => JsonTraceSerializer.serializeRequest(spans)!
const ofSdk = (make: Make) => sdk(make)()
const ofOurs = (make: Make) => ours(make)()

const bodyOf =
  (serialization: OtlpSerialization.OtlpSerialization["Service"]) =>
  (data: OtlpTracer.TraceData): Uint8Array => {
    const body = serialization.traces(data)
    assert.ok(body._tag === "Uint8Array")
    return body.body
  }
const nativeProtobuf = await Effect.runPromise(
  Effect.provide(Effect.map(OtlpSerialization.OtlpSerialization, bodyOf), OtlpSerialization.layerProtobuf)
)

export const path = HotPath.make({
  variants: {
    ours: encoding(typical, ofOurs, (spans) => encode(spans)),
    // Spans that know their times and ids already, as those of the SDK that pass through our pipeline
    passing: encoding(
      typical,
      (make) => ofSdk(make).map(fromReadableSpan),
      (spans) => encode(spans)
    ),
    sdk: encoding(typical, ofSdk, protobuf),
    native: encoding(typical, native, nativeProtobuf),
    oursMixed: encoding(mixed, ofOurs, (spans) => encode(spans)),
    sdkMixed: encoding(mixed, ofSdk, protobuf),
    oursJson: encoding(typical, ofOurs, (spans) => encodeJson(spans), "json"),
    sdkJson: encoding(typical, ofSdk, json, "json"),
    oursCreated: creating(ours, (spans) => encode(spans)),
    sdkCreated: creating(sdk, protobuf),
    idle
  },
  idle: { oursCreated: "idle" },
  bars: [
    {
      bar: "S5",
      name: "protobuf, typical span",
      ours: "ours",
      peer: "sdk",
      peerName: "OpenTelemetry SDK",
      unit: "ns",
      compares: "ratio",
      target: 0.22,
      guard: 0.3
    },
    {
      bar: "S5",
      name: "protobuf, ints, arrays, links",
      ours: "oursMixed",
      peer: "sdkMixed",
      peerName: "OpenTelemetry SDK",
      unit: "ns",
      compares: "ratio",
      target: 0.22,
      guard: 0.3
    },
    {
      bar: "S5",
      name: "create and encode",
      ours: "oursCreated",
      peer: "sdkCreated",
      peerName: "OpenTelemetry SDK",
      unit: "ns",
      compares: "ratio",
      target: 0.3,
      guard: 0.4
    },
    {
      bar: "S5",
      name: "protobuf, spans of the SDK",
      ours: "passing",
      peer: "sdk",
      peerName: "OpenTelemetry SDK",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S5",
      name: "json",
      ours: "oursJson",
      peer: "sdkJson",
      peerName: "OpenTelemetry SDK",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S5",
      name: "protobuf, typical span",
      ours: "ours",
      peer: "native",
      peerName: "effect/observability",
      unit: "ns",
      compares: "ratio"
    },
    {
      bar: "S5",
      name: "protobuf, bytes a span",
      ours: "ours",
      peer: "sdk",
      peerName: "OpenTelemetry SDK",
      figure: "bytes",
      unit: "B",
      compares: "ratio"
    }
  ]
})
