import { assert, describe, it } from "@effect/vitest"
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api"
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { resourceFromAttributes } from "@opentelemetry/resources"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor
} from "@opentelemetry/sdk-trace-base"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import * as Otlp from "../../src/model/Otlp.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import { serviceOf } from "../../src/model/SpanService.ts"
import * as OtlpBody from "../../src/receiver/OtlpBody.ts"
import type { OtlpError } from "../../src/receiver/OtlpError.ts"
import * as ReceivedSpan from "../../src/receiver/ReceivedSpan.ts"

const remote = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true
}

/** A server span under a remote parent, and a failed client span below it, made by OpenTelemetry's own SDK. */
const sdkSpans = (): Array<ReadableSpan> => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": "billing", "process.pid": 4711 }),
    spanProcessors: [new SimpleSpanProcessor(exporter)]
  })
  const tracer = provider.getTracer("billing-lib", "1.2.3")
  const server = tracer.startSpan(
    "POST /charge",
    { kind: SpanKind.SERVER, startTime: [1_700_000_000, 123_456_789] },
    trace.setSpanContext(ROOT_CONTEXT, remote)
  )
  server.setAttributes({
    text: "Grüße 👋",
    integer: -42,
    large: 9_007_199_254_740_000,
    double: 0.1,
    flag: true,
    texts: ["a", "b"],
    numbers: [1, 2.5],
    empty: []
  })
  server.addEvent("charged", { amount: 12.5 }, [1_700_000_000, 200_000_000])
  const client = tracer.startSpan(
    "GET",
    {
      kind: SpanKind.CLIENT,
      startTime: [1_700_000_000, 150_000_000],
      links: [{ context: { ...remote, traceFlags: TraceFlags.NONE }, attributes: { why: "retried" } }]
    },
    trace.setSpan(ROOT_CONTEXT, server)
  )
  client.setStatus({ code: SpanStatusCode.ERROR, message: "declined" })
  client.end([1_700_000_000, 900_000_000])
  server.setStatus({ code: SpanStatusCode.OK })
  server.end([1_700_000_001, 0])
  return exporter.getFinishedSpans()
}

const decode = (body: Uint8Array, encoding: OtlpBody.OtlpEncoding): ReceivedSpan.Received =>
  Result.getOrThrow(OtlpBody.decode(body, encoding))

const errorOf = (body: Uint8Array, encoding: OtlpBody.OtlpEncoding): OtlpError =>
  Result.getOrThrow(Result.flip(OtlpBody.decode(body, encoding)))

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const requestOf = (span: object): Uint8Array =>
  utf8(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }))

const ids = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }

for (const [encoding, serializer] of [
  ["json", JsonTraceSerializer],
  ["protobuf", ProtobufTraceSerializer]
] as const) {
  describe(`what the SDK sends as ${encoding}`, () => {
    const sent = sdkSpans()
    const received = decode(serializer.serializeRequest(sent)!, encoding)
    const [client, server] = received.spans

    it("reads every field of a span that OpenTelemetry's SDK wrote", () => {
      assert.strictEqual(received.refused, 0)
      assert.strictEqual(received.spans.length, 2)
      assert.deepStrictEqual(
        { ...server, attributes: [...server!.attributes] },
        {
          traceId: remote.traceId,
          spanId: sent[1]!.spanContext().spanId,
          traceFlags: 1,
          traceState: "",
          parentSpanId: remote.spanId,
          parentIsRemote: true,
          name: "POST /charge",
          kind: "server",
          startTime: 1_700_000_000_123_456_789n,
          endTime: 1_700_000_001_000_000_000n,
          attributes: [
            ["text", "Grüße 👋"],
            ["integer", -42],
            ["large", 9_007_199_254_740_000],
            ["double", 0.1],
            ["flag", true],
            ["texts", ["a", "b"]],
            ["numbers", [1, 2.5]],
            ["empty", []]
          ],
          droppedAttributes: 0,
          events: [
            { name: "charged", time: 1_700_000_000_200_000_000n, attributes: { amount: 12.5 }, droppedAttributes: 0 }
          ],
          droppedEvents: 0,
          links: [],
          droppedLinks: 0,
          statusCode: "ok",
          statusMessage: "",
          resource: { attributes: server!.resource.attributes },
          scope: { name: "billing-lib", version: "1.2.3" }
        }
      )
    })

    it("knows the service, the parent, the failure and the links", () => {
      assert.strictEqual(serviceOf(server!), "billing")
      assert.strictEqual(server!.resource.attributes["process.pid"], 4711)
      assert.strictEqual(client!.parentSpanId, server!.spanId)
      assert.isFalse(client!.parentIsRemote)
      assert.strictEqual(client!.kind, "client")
      assert.strictEqual(client!.statusCode, "error")
      assert.strictEqual(client!.statusMessage, "declined")
      const link = SpanContext.fromSpan(client!.links[0]!.span)
      assert.deepStrictEqual(link, { traceId: remote.traceId, spanId: remote.spanId, traceFlags: 0, traceState: "" })
      assert.deepStrictEqual(client!.links[0]!.attributes, { why: "retried" })
    })

    it("reads back what it wrote itself", () => {
      const again = decode(utf8(JSON.stringify(Otlp.fromSpans(received.spans))), "json")
      assert.deepStrictEqual(again.spans, received.spans)
    })

    it("gives spans or a reason for any bytes, and never throws", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 512 }), (bytes) => {
          const result = OtlpBody.decode(bytes, encoding)
          if (Result.isFailure(result)) assert.notStrictEqual(result.failure.detail, "the body cannot be read")
        }),
        { numRuns: 2000 }
      )
    })

    it("gives spans or a reason for a request with any byte changed or cut off", () => {
      const whole = serializer.serializeRequest(sent)!
      fc.assert(
        fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
          const bytes = whole.slice(0, length)
          if (at < bytes.length) bytes[at] = byte
          const result = OtlpBody.decode(bytes, encoding)
          if (Result.isFailure(result)) assert.notStrictEqual(result.failure.detail, "the body cannot be read")
        }),
        { numRuns: 2000 }
      )
    })
  })
}

describe("a json body", () => {
  it("gives spans or a reason for any JSON in the place of a span", () => {
    const shape = fc.record(
      {
        traceId: fc.oneof(fc.constant(ids.traceId), fc.jsonValue()),
        spanId: fc.constant(ids.spanId),
        attributes: fc.oneof(fc.array(fc.record({ key: fc.string(), value: fc.jsonValue() })), fc.jsonValue()),
        events: fc.jsonValue(),
        links: fc.jsonValue(),
        startTimeUnixNano: fc.jsonValue(),
        status: fc.jsonValue()
      },
      { requiredKeys: [] }
    )
    fc.assert(
      fc.property(shape, (span) => {
        const result = OtlpBody.decode(requestOf(span), "json")
        if (Result.isFailure(result)) assert.notStrictEqual(result.failure.detail, "the body cannot be read")
      }),
      { numRuns: 1000 }
    )
  })

  it("says which field of which span is wrong", () => {
    const error = errorOf(requestOf({ ...ids, startTimeUnixNano: "soon" }), "json")
    assert.strictEqual(error.reason, "Malformed")
    assert.strictEqual(error.detail, "spans[0].startTimeUnixNano is not a 64-bit integer")
    assert.strictEqual(
      errorOf(requestOf({ ...ids, attributes: "x" }), "json").detail,
      "spans[0].attributes is not a list"
    )
    assert.strictEqual(errorOf(utf8("{"), "json").detail, "the body is not JSON")
    assert.strictEqual(errorOf(utf8("null"), "json").detail, "the body is not an object")
    assert.strictEqual(errorOf(utf8("[]"), "json").detail, "the body is not an object")
  })

  it("refuses a span without valid ids alone, and takes the others", () => {
    const spans = [{ ...ids, spanId: "0000000000000000" }, ids, { traceId: "abc", spanId: "def" }]
    const received = decode(utf8(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })), "json")
    assert.strictEqual(received.spans.length, 1)
    assert.strictEqual(received.refused, 2)
    assert.match(received.refusal, /^spans\[0\]: the trace id/)
  })

  it("refuses the spans past the limit and counts them", () => {
    const spans = Array.from({ length: 5 }, () => ids)
    const result = OtlpBody.decode(
      utf8(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }, { spans }] }] })),
      "json",
      {
        ...OtlpBody.defaultLimits,
        maxSpans: 7
      }
    )
    const received = Result.getOrThrow(result)
    assert.strictEqual(received.spans.length, 7)
    assert.strictEqual(received.refused, 3)
    assert.strictEqual(received.refusal, "more than 7 spans in one request; send smaller batches")
  })

  it("takes ids in capitals, numbers as text, and a span that ends before it begins", () => {
    const body = requestOf({
      traceId: ids.traceId.toUpperCase(),
      spanId: ids.spanId.toUpperCase(),
      kind: 99,
      startTimeUnixNano: 20,
      endTimeUnixNano: "10",
      attributes: [
        { key: "n", value: { intValue: "9223372036854775807" } },
        {
          key: "nested",
          value: {
            kvlistValue: {
              values: [{ key: "a", value: { arrayValue: { values: [{ intValue: 1 }, { stringValue: "b" }] } } }]
            }
          }
        },
        { key: "bytes", value: { bytesValue: "AAE=" } },
        { key: "__proto__", value: { stringValue: "harmless" } },
        { key: "nothing", value: {} }
      ]
    })
    const [span] = decode(body, "json").spans
    assert.strictEqual(span!.traceId, ids.traceId)
    assert.strictEqual(span!.kind, "internal")
    assert.strictEqual(span!.startTime, 20n)
    assert.strictEqual(span!.endTime, 20n)
    assert.deepStrictEqual(
      [...span!.attributes],
      [
        ["n", "9223372036854775807"],
        ["nested", `{"a":[1,"b"]}`],
        ["bytes", "AAE="],
        ["__proto__", "harmless"]
      ]
    )
  })

  it("survives values and documents nested a hundred thousand deep", () => {
    assert.strictEqual(Result.isFailure(OtlpBody.decode(utf8("[".repeat(100_000)), "json")), true)
    const depth = 5000
    const value = `{"arrayValue":{"values":[`.repeat(depth) + "]}}".repeat(depth)
    const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${ids.traceId}","spanId":"${ids.spanId}","attributes":[{"key":"deep","value":${value}}]}]}]}]}`
    assert.match(String(decode(utf8(body), "json").spans[0]!.attributes.get("deep")), /\[deeper\]/)
  })
})

describe("a protobuf body", () => {
  it("passes over fields it does not know, of every wire type", () => {
    const unknown = [
      [...varint((99 << 3) | 0), 0xff, 0xff, 0x03],
      [...varint((99 << 3) | 1), 1, 2, 3, 4, 5, 6, 7, 8],
      [...varint((99 << 3) | 2), 3, 1, 2, 3],
      [...varint((99 << 3) | 5), 1, 2, 3, 4]
    ].flat()
    const known = ProtobufTraceSerializer.serializeRequest(sdkSpans())!
    assert.strictEqual(decode(Uint8Array.from([...unknown, ...known, ...unknown]), "protobuf").spans.length, 2)
  })

  it("says at which byte the input ends, or what is not protobuf about it", () => {
    assert.strictEqual(
      errorOf(Uint8Array.from([0x0a, 0x05, 1]), "protobuf").detail,
      "protobuf: ends inside a field at byte 2"
    )
    assert.match(errorOf(Uint8Array.from([0x0b]), "protobuf").detail, /field 1 at byte 1 has wire type 3, not 2/)
    assert.match(errorOf(Uint8Array.from([0x00]), "protobuf").detail, /field number 0/)
    assert.match(errorOf(new Uint8Array(16).fill(0xff), "protobuf").detail, /too large/)
    assert.match(
      errorOf(Uint8Array.from([...varint(99 << 3), ...new Uint8Array(11).fill(0x80)]), "protobuf").detail,
      /ten bytes/
    )
  })

  it("refuses messages that nest without end", () => {
    let value: ReadonlyArray<number> = []
    // ArrayValue inside AnyValue inside ArrayValue …
    for (let depth = 0; depth < 200; depth++) value = [0x2a, ...varint(field(1, value).length), ...field(1, value)]
    const keyValue = [...field(1, [0x6b]), ...field(2, value)]
    const body = field(1, field(2, field(2, field(9, keyValue))))
    assert.strictEqual(errorOf(Uint8Array.from(body), "protobuf").detail, "protobuf: messages nest deeper than 64")
  })

  it("is done quickly with a megabyte made to be slow", () => {
    const size = 1024 * 1024
    const bodies = [
      new Uint8Array(size),
      new Uint8Array(size).fill(0xff),
      Uint8Array.from({ length: size }, (_, index) => (index % 2 === 0 ? 0x0a : 0x00)),
      // one span with half a million empty attributes
      Uint8Array.from(field(1, field(2, field(2, Array.from({ length: size / 2 }, () => [0x4a, 0x00]).flat()))))
    ]
    for (const body of bodies) {
      const started = process.hrtime.bigint()
      OtlpBody.decode(body, "protobuf")
      assert.isBelow(Number(process.hrtime.bigint() - started) / 1e6, 20_000)
    }
  })

  it("bounds the memory that a small body may claim", () => {
    const body = Uint8Array.from({ length: 2_200_000 }, (_, index) => (index % 2 === 0 ? 0x0a : 0x00))
    assert.strictEqual(errorOf(body, "protobuf").reason, "TooLarge")
  })

  it("reads every 64-bit number that JavaScript can write", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes: Array<number> = []
        for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
          if (rest < 0x80n) {
            bytes.push(Number(rest))
            break
          }
          bytes.push(Number(rest & 0x7fn) | 0x80)
        }
        const keyValue = [...field(1, [0x6b]), ...field(2, [0x18, ...bytes])]
        const span = [
          ...field(1, [...Buffer.from(ids.traceId, "hex")]),
          ...field(2, [...Buffer.from(ids.spanId, "hex")]),
          ...field(9, keyValue)
        ]
        const received = decode(Uint8Array.from(field(1, field(2, field(2, span)))), "protobuf")
        assert.strictEqual(String(received.spans[0]!.attributes.get("k")), String(value))
      })
    )
  })
})

function varint(value: number): Array<number> {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))]
}

function field(number: number, bytes: ReadonlyArray<number>): Array<number> {
  return [(number << 3) | 2].concat(varint(bytes.length), bytes as Array<number>)
}
