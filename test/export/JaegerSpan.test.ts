import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as JaegerBatch from "../../src/export/JaegerBatch.ts"
import * as ThriftBinary from "../../src/export/ThriftBinary.ts"
import * as ThriftCompact from "../../src/export/ThriftCompact.ts"
import { words } from "../../src/export/ThriftWriter.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as Arbitrary from "./OtlpEncoder.arbitrary.ts"
import * as jaeger from "./jaeger.ts"
import * as spans from "./spans.ts"
import * as thrift from "./thrift.ts"

const other = { traceId: "f".repeat(32), spanId: "e".repeat(16), traceFlags: 1, traceState: "" }

const link = (attributes = {}) => ({ span: SpanContext.toExternalSpan(other), attributes })

const read = (span: SpanData) => jaeger.span(thrift.fromBinary(JaegerBatch.encodeBinary(span)))

describe("JaegerSpan", () => {
  it("has ids as signed numbers, times in microseconds, and of the flags only that it was sampled", () => {
    const found = read(
      spans.make({
        traceId: "ff00000000000000800000000000000a",
        spanId: "ff00000000000000",
        parentSpanId: "00f067aa0ba902b7",
        name: "POST /orders",
        startTime: 1_700_000_000_123_456_789n,
        endTime: 1_700_000_000_123_458_788n,
        traceFlags: 0x03
      })
    )
    assert.deepStrictEqual(found, {
      traceId: "ff00000000000000800000000000000a",
      spanId: "ff00000000000000",
      parentSpanId: "00f067aa0ba902b7",
      name: "POST /orders",
      references: [],
      flags: 1,
      startTime: 1_700_000_000_123_456n,
      duration: 1n,
      tags: {
        "otel.scope.name": "string:test",
        "otel.library.name": "string:test",
        "otel.scope.version": "string:1",
        "otel.library.version": "string:1"
      },
      logs: []
    })
  })

  it("an id is the number that Go reads out of the specification's example", () => {
    const struct = thrift.fromBinary(JaegerBatch.encodeBinary(spans.make({ spanId: "ff00000000000000" })))
    assert.strictEqual(struct[3], -72057594037927936n)
    assert.strictEqual(struct[4], 0n)
  })

  it("attributes keep their types, and lists become JSON", () => {
    const { tags } = read(
      spans.make({
        attributes: {
          text: "a",
          whole: 42,
          negative: -7,
          part: 0.5,
          large: 2 ** 53,
          yes: true,
          list: ["a", "b"],
          none: []
        }
      })
    )
    assert.include(tags, {
      text: "string:a",
      whole: "long:42",
      negative: "long:-7",
      part: "double:0.5",
      large: "double:9007199254740992",
      yes: "bool:true",
      list: 'string:["a","b"]',
      none: "string:[]"
    })
  })

  it("kind, status, trace state and what was dropped are tags; a failure is marked whatever the span said itself", () => {
    const { tags } = read(
      spans.make({
        kind: "consumer",
        statusCode: "error",
        statusMessage: "no funds",
        attributes: { error: false },
        traceState: "vendor=1",
        droppedAttributes: 1,
        droppedEvents: 2,
        droppedLinks: 3
      })
    )
    assert.include(tags, {
      "span.kind": "string:consumer",
      "otel.status_code": "string:ERROR",
      "otel.status_description": "string:no funds",
      error: "bool:true",
      "w3c.tracestate": "string:vendor=1",
      "otel.dropped_attributes_count": "long:1",
      "otel.dropped_events_count": "long:2",
      "otel.dropped_links_count": "long:3"
    })
    const fine = read(spans.make({ statusCode: "ok" })).tags
    assert.strictEqual(fine["otel.status_code"], "string:OK")
    assert.doesNotHaveAnyKeys(fine, ["error", "span.kind", "otel.status_description", "otel.dropped_events_count"])
  })

  it("a link is a reference that follows from, after the parent; what it says of itself is a log", () => {
    const found = read(spans.make({ parentSpanId: "1".repeat(16), links: [link(), link({ why: "batch" })] }))
    const follows = `FOLLOWS_FROM ${other.traceId} ${other.spanId}`
    assert.deepStrictEqual(found.references, [`CHILD_OF ${found.traceId} ${"1".repeat(16)}`, follows, follows])
    assert.deepStrictEqual(found.logs, [
      {
        time: 1_700_000_000_000_000n,
        fields: {
          event: "string:link",
          trace_id: `string:${other.traceId}`,
          span_id: `string:${other.spanId}`,
          why: "string:batch"
        }
      }
    ])
    assert.deepStrictEqual(read(spans.make({ links: [link()] })).references, [follows])
  })

  it("an event is a log, named by its own attribute where it has one", () => {
    const time = 1_700_000_000_000_002_999n
    const { logs } = read(
      spans.make({
        events: [
          { name: "step.started", time, attributes: { attempt: 1 }, droppedAttributes: 0 },
          { name: "exception", time, attributes: { event: "mine" }, droppedAttributes: 4 }
        ]
      })
    )
    assert.deepStrictEqual(logs, [
      { time: 1_700_000_000_000_002n, fields: { event: "string:step.started", attempt: "long:1" } },
      {
        time: 1_700_000_000_000_002n,
        fields: { event: "string:mine", "otel.event.dropped_attributes_count": "long:4" }
      }
    ])
  })

  it("the process is named by service.name, and has the rest of the resource as tags", () => {
    const resource = { attributes: { "service.name": "orders", "service.version": "2", replicas: 3 } }
    const body = JaegerBatch.toBody(resource, [JaegerBatch.encodeBinary(spans.make({ name: "a" }))])
    const found = jaeger.batch(thrift.fromBinary(body))
    assert.deepInclude(found, {
      service: "orders",
      process: { "service.version": "string:2", replicas: "long:3" }
    })
    assert.deepStrictEqual(
      found.spans.map(({ name }) => name),
      ["a"]
    )
    const nameless = jaeger.batch(thrift.fromBinary(JaegerBatch.toBody({ attributes: {} }, [])))
    assert.deepStrictEqual(nameless, { service: "unknown_service:node", process: {}, spans: [] })
  })

  it("a span without valid ids is not written", () => {
    assert.throws(() => JaegerBatch.encodeBinary(spans.make({ spanId: "0".repeat(16) })), /invalid span id/)
  })

  it("both protocols say the same of any span, and nothing of it is lost", () => {
    fc.assert(
      fc.property(Arbitrary.batch(1, 3), (batch) => {
        for (const span of batch) {
          const binary = thrift.fromBinary(JaegerBatch.encodeBinary(span))
          assert.deepStrictEqual(thrift.fromCompact(JaegerBatch.encodeCompact(span)), binary)
          const found = jaeger.span(binary)
          assert.strictEqual(found.traceId, span.traceId)
          assert.strictEqual(found.spanId, span.spanId)
          assert.strictEqual(found.name, Buffer.from(span.name).toString())
          assert.strictEqual(found.startTime, span.startTime / 1000n)
          assert.strictEqual(found.duration, (span.endTime - span.startTime) / 1000n)
          const keys = Object.keys(found.tags)
          for (const key of span.attributes.keys()) assert.include(keys, Buffer.from(key).toString())
          assert.strictEqual(
            found.logs.length,
            span.events.length + span.links.filter(({ attributes }) => Object.keys(attributes).length > 0).length
          )
        }
      }),
      { numRuns: 300 }
    )
  })
})

describe("ThriftCompact and ThriftBinary", () => {
  const int64 = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(0n, 1n, -1n, 63n, 64n, -64n, -65n, 2n ** 31n, 2n ** 32n, 2n ** 63n - 1n, -(2n ** 63n))
  )

  it("any value is read back as it was, at any place in a struct", () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(fc.integer({ min: 1, max: 32_767 }), { minLength: 5, maxLength: 5 })
          .map((ids) => ids.sort((self, that) => self - that)),
        int64,
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.double({ noNaN: true }),
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.boolean(),
        fc.nat({ max: 40 }),
        ([first, second, third, fourth, fifth], long, int, double, text, flag, size) => {
          for (const [make, decode] of [
            [ThriftBinary.make, thrift.fromBinary],
            [ThriftCompact.make, thrift.fromCompact]
          ] as const) {
            const to = make()
            to.begin()
            to.i64(first!, Number(long >> 32n), Number(BigInt.asIntN(32, long)))
            to.i32(second!, int)
            to.begin(third)
            to.double(1, double)
            to.text(2, text)
            to.end()
            to.bool(fourth!, flag)
            to.list(fifth!, size)
            for (let index = 0; index < size; index++) {
              to.begin()
              to.i32(1, index)
              to.end()
            }
            to.end()
            assert.deepStrictEqual(decode(to.finish()), {
              [first!]: long,
              [second!]: int,
              [third!]: { 1: double, 2: text },
              [fourth!]: flag,
              [fifth!]: Array.from({ length: size }, (_, index) => ({ 1: index }))
            })
          }
        }
      )
    )
  })

  it("a whole number becomes the two words it is made of", () => {
    for (const number of [0, 1, -1, 2 ** 31, 2 ** 32, -(2 ** 32) - 1, 2 ** 53 - 1, -(2 ** 53) + 1]) {
      const [high, low] = words(number)
      assert.strictEqual((BigInt(high) << 32n) | BigInt(low >>> 0), BigInt(number), String(number))
    }
  })

  it("a call is a message of the compact protocol, version 1, that expects no answer", () => {
    const to = ThriftCompact.makeCall("emitBatch")
    to.begin()
    to.end()
    assert.strictEqual(to.finish().toString("hex"), `82810009${Buffer.from("emitBatch").toString("hex")}00`)
  })
})
