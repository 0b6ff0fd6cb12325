import { assert, describe, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { resourceFromAttributes } from "@opentelemetry/resources"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor
} from "@opentelemetry/sdk-trace-base"
import { fromReadableSpan, ReadableSpanView, toReadableSpan } from "../../src/export/ReadableSpan.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as spans from "./spans.ts"

const remote: Otel.SpanContext = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1,
  isRemote: true,
  traceState: Otel.createTraceState("vendor=a,other=b")
}

const resource = resourceFromAttributes({ "service.name": "shop", "service.instance.count": 2 })

/** Spans as the SDK itself makes them: a full one, its bare child, and a root without version or message. */
const sdkSpans = (): ReadonlyArray<ReadableSpan> => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    spanLimits: { attributeCountLimit: 8, eventCountLimit: 2, linkCountLimit: 2, attributePerEventCountLimit: 1 }
  })
  const tracer = provider.getTracer("shop-http", "1.2.3")
  const full = tracer.startSpan(
    "POST /orders",
    {
      kind: Otel.SpanKind.SERVER,
      startTime: [1_700_000_000, 123_456_789],
      attributes: {
        text: "ü",
        whole: 3,
        part: 0.5,
        yes: true,
        texts: ["a", "b"],
        numbers: [1, 2.5],
        none: [],
        no: false,
        dropped: 1
      },
      links: [{ context: remote, attributes: { why: "batch" } }]
    },
    Otel.trace.setSpanContext(Otel.ROOT_CONTEXT, remote)
  )
  full.addEvent("first", { a: 1, b: 2 }, [1_700_000_001, 1])
  full.addEvent("second", [1_700_000_001, 2])
  full.addEvent("third", [1_700_000_001, 3])
  full.setStatus({ code: Otel.SpanStatusCode.ERROR, message: "declined" })
  const child = tracer.startSpan("child", { kind: Otel.SpanKind.PRODUCER }, Otel.trace.setSpan(Otel.ROOT_CONTEXT, full))
  child.setStatus({ code: Otel.SpanStatusCode.OK })
  child.end()
  full.end([1_700_000_002, 5])
  const root = provider.getTracer("bare").startSpan("root", { root: true, kind: Otel.SpanKind.CONSUMER })
  root.end()
  return exporter.getFinishedSpans()
}

/** The same span as our tracer would have made it: a plain object, of which no original is known. */
const ours = (span: ReadableSpan): SpanData => ({ ...fromReadableSpan(span) })

const json = (found: ReadonlyArray<ReadableSpan>): unknown =>
  JSON.parse(new TextDecoder().decode(JsonTraceSerializer.serializeRequest([...found])))

describe("ReadableSpan", () => {
  it("our view of a span goes out in the same bytes as the SDK's own span", () => {
    const theirs = sdkSpans()
    const views = theirs.map((span) => new ReadableSpanView(ours(span)))
    assert.deepStrictEqual(json(views), json(theirs))
    assert.deepStrictEqual(
      ProtobufTraceSerializer.serializeRequest(views),
      ProtobufTraceSerializer.serializeRequest([...theirs])
    )
  })

  it("every field of the view has the value and the type of the SDK's", () => {
    for (const theirs of sdkSpans()) {
      const view = new ReadableSpanView(ours(theirs))
      for (const key of [
        "name",
        "kind",
        "startTime",
        "endTime",
        "duration",
        "status",
        "attributes",
        "ended",
        "resource",
        "droppedAttributesCount",
        "droppedEventsCount",
        "droppedLinksCount"
      ] as const) {
        assert.deepEqual(view[key], theirs[key], `${theirs.name}: ${key}`)
      }
      assert.strictEqual(view.spanContext().spanId, theirs.spanContext().spanId)
      assert.strictEqual(view.parentSpanContext?.spanId, theirs.parentSpanContext?.spanId)
      assert.strictEqual(view.spanContext().traceState?.serialize(), theirs.spanContext().traceState?.serialize())
    }
  })

  it("spans of one resource and scope are grouped, though nobody converted them together", () => {
    const views = [1, 2, 3].map(() => new ReadableSpanView(spans.make({})))
    const [group, ...others] = (json(views) as any).resourceSpans
    assert.strictEqual(others.length, 0)
    assert.strictEqual(group.scopeSpans.length, 1)
    assert.strictEqual(group.scopeSpans[0].spans.length, 3)
  })

  it("a span of the SDK that passed our pipeline untouched leaves as itself, a changed one does not", () => {
    const [theirs] = sdkSpans()
    const entered = fromReadableSpan(theirs!)
    assert.strictEqual(toReadableSpan(entered), theirs)
    const masked = { ...entered, attributes: new Map([["text", "masked"]]) }
    assert.deepStrictEqual(toReadableSpan(masked).attributes, { text: "masked" })
    const derived: SpanData = Object.create(entered, { name: { value: "renamed" } })
    assert.strictEqual(toReadableSpan(derived).name, "renamed")
  })

  it("a link to a span of this process is not called remote", () => {
    const span = { _tag: "Span", traceId: remote.traceId, spanId: remote.spanId, sampled: true, annotations: new Map() }
    const link = (target: any) =>
      new ReadableSpanView(spans.make({ links: [{ span: target, attributes: {} }] })).links[0]!.context
    assert.isFalse(link({ ...span, traceFlags: 3, traceState: "" }).isRemote)
    assert.isTrue(link(SpanContext.toExternalSpan({ ...remote, traceState: "a=b" })).isRemote)
  })
})
