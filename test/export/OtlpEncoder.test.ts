import { assert, describe, it } from "@effect/vitest"
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import * as fc from "fast-check"
import { encode, encodeJson } from "../../src/export/OtlpEncoder.ts"
import { toReadableSpan } from "../../src/export/ReadableSpan.ts"
import type { Attributes, AttributeValue } from "../../src/model/Attributes.ts"
import * as Otlp from "../../src/model/Otlp.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as OtlpProtobuf from "../../src/receiver/OtlpProtobuf.ts"
import { ProtobufReader } from "../../src/receiver/ProtobufReader.ts"
import * as Arbitrary from "./OtlpEncoder.arbitrary.ts"
import * as Schema from "./OtlpEncoder.schema.ts"
import * as Spans from "./spans.ts"

/** Bar C3 asks for 100,000: `FUZZ_SPANS=100000 vitest run --project fast test/export/OtlpEncoder`. */
const fuzzedSpans = Number(process.env["FUZZ_SPANS"] ?? 2000)
const spansOfBatch = 20

const ours = (bytes: Uint8Array): unknown => OtlpProtobuf.read(ProtobufReader.make(bytes, 10_000_000))
const json = (bytes: Uint8Array): any => JSON.parse(new TextDecoder("utf8", { fatal: true }).decode(bytes))

const isDefault = (value: unknown): boolean =>
  value === undefined || value === 0 || value === "" || value === "0" || (Array.isArray(value) && value.length === 0)

/** A field that is missing holds its default, except in a value, where it says which kind of value it is. */
const withoutDefaults = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(withoutDefaults)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key, field]) => key.endsWith("Value") || !isDefault(field))
            .map(([key, field]) => [key, withoutDefaults(field)])
        )
      : typeof value === "string"
        ? value.toWellFormed()
        : value

/** Everything in the batch, and that each span of it is one that a receiver accepts. */
const check = (spans: ReadonlyArray<SpanData>): void => {
  const expected = withoutDefaults(Otlp.fromSpans(spans))
  const bytes = encode(spans)
  assert.deepStrictEqual(withoutDefaults(ours(bytes)), expected)
  assert.deepStrictEqual(withoutDefaults(Schema.decode(bytes)), expected)
  assert.deepStrictEqual(withoutDefaults(json(encodeJson(spans))), expected)
}

const sdkValue = (value: AttributeValue): AttributeValue =>
  Array.isArray(value)
    ? (value.map(sdkValue) as Array<string>)
    : typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? 0.5
      : value
const sdkRecord = (attributes: Iterable<readonly [string, AttributeValue]>): Attributes =>
  Object.fromEntries(Array.from(attributes, ([key, value]) => [`_${key}`, sdkValue(value)]))

/**
 * What the SDK writes as we do. It says of every link that it is not remote or that it is, which we do not know; it
 * writes integers that are not safe as integers; and its records put keys that are numbers first.
 */
const asSdkWould = (span: SpanData): SpanData => ({
  ...span,
  // Without a parent the SDK has nothing that could be remote
  parentIsRemote: span.parentIsRemote && span.parentSpanId !== undefined,
  attributes: new Map(Object.entries(sdkRecord(span.attributes))),
  events: span.events.map((event) => ({ ...event, attributes: sdkRecord(Object.entries(event.attributes)) })),
  links: []
})

const only = (bytes: Uint8Array): any => (Schema.decode(bytes) as any).resourceSpans[0].scopeSpans[0].spans
const attributesOf = (attributes: Record<string, unknown>): any =>
  Object.fromEntries(
    (only(encode([Spans.make({ attributes })]))[0].attributes ?? []).map((pair: any) => [pair.key, pair.value])
  )

describe("OTLP encoder", () => {
  it(
    "any batch of spans comes out of two independent decoders, and of JSON, field by field as it went in",
    { timeout: 60_000 + fuzzedSpans },
    () => {
      fc.assert(fc.property(Arbitrary.batch(spansOfBatch, spansOfBatch), check), {
        numRuns: Math.ceil(fuzzedSpans / spansOfBatch)
      })
    }
  )

  it("writes byte for byte what OpenTelemetry's own serializer writes", () => {
    fc.assert(
      fc.property(Arbitrary.batch(1, 6), (batch) => {
        // The SDK tells scopes apart by identity, we by name and version
        const { scope } = batch[0]!
        const resource = { attributes: sdkRecord(Object.entries(batch[0]!.resource.attributes)) }
        const spans = batch.map((span) => ({ ...asSdkWould(span), resource, scope }))
        const expected = ProtobufTraceSerializer.serializeRequest(spans.map(toReadableSpan))!
        assert.deepStrictEqual(Buffer.from(encode(spans)), Buffer.from(expected))
      }),
      { numRuns: 200 }
    )
  })

  it("says in JSON what OpenTelemetry's own serializer says, but for the spelling of whole numbers", () => {
    const span = Spans.make({ attributes: { text: "Grüße 👋", flag: true, double: 0.5 }, statusCode: "error" })
    const theirs = json(JsonTraceSerializer.serializeRequest([toReadableSpan(span)])!)
    assert.deepStrictEqual(withoutDefaults(json(encodeJson([span]))), withoutDefaults(theirs))
  })

  it("writes whole numbers as integers, to the last bit, and all others as doubles", () => {
    const numbers = [
      0,
      1,
      -1,
      127,
      128,
      300,
      -300,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      -(2 ** 32) - 1,
      2 ** 53 - 1,
      1 - 2 ** 53
    ]
    const written = attributesOf({ numbers }).numbers.arrayValue.values
    assert.deepStrictEqual(
      written.map((value: any) => value.intValue),
      numbers.map(String)
    )
    assert.deepStrictEqual(attributesOf({ a: 0.1, b: 2 ** 53, c: -1e300 }), {
      a: { doubleValue: 0.1 },
      b: { doubleValue: 2 ** 53 },
      c: { doubleValue: -1e300 }
    })
  })

  it("turns half a surrogate pair into U+FFFD, so that all text is valid UTF-8, in both encodings", () => {
    const span = Spans.make({ name: "a\ud800b", attributes: { "\udc00": "\ud83d" } })
    const [written] = only(encode([span]))
    assert.strictEqual(written.name, "a\ufffdb")
    assert.deepStrictEqual(written.attributes, [{ key: "\ufffd", value: { stringValue: "\ufffd" } }])
    assert.deepStrictEqual(json(encodeJson([span])).resourceSpans[0].scopeSpans[0].spans[0].attributes, [
      { key: "\ufffd", value: { stringValue: "\ufffd" } }
    ])
  })

  it("writes repeated attributes as if they were said for the first time, however long they are", () => {
    for (const length of [0, 1, 60, 100, 120, 127, 128, 200, 20_000]) {
      const long = "x".repeat(length)
      const spans = Array.from({ length: 4 }, (_, index) =>
        Spans.make({ name: "n".repeat(index * 60), attributes: { [long]: "v", same: long, other: `${long}${index}` } })
      )
      check(spans)
    }
  })

  it("groups spans by resource, then by scope, in the order in which they are first seen", () => {
    const a = { attributes: { "service.name": "a" } }
    const b = { attributes: { "service.name": "b" } }
    const lib = { name: "lib", version: "1" }
    const sameLib = { name: "lib", version: "1" }
    const older = { name: "lib", version: "0" }
    const spans = [
      Spans.make({ name: "1", resource: a, scope: lib }),
      Spans.make({ name: "2", resource: b, scope: lib }),
      Spans.make({ name: "3", resource: a, scope: older }),
      Spans.make({ name: "4", resource: a, scope: sameLib })
    ]
    check(spans)
    const request = Schema.decode(encode(spans)) as any
    assert.deepStrictEqual(
      request.resourceSpans.map(({ scopeSpans }: any) =>
        scopeSpans.map(({ spans }: any) => spans.map(({ name }: any) => name))
      ),
      [[["1", "4"], ["3"]], [["2"]]]
    )
  })

  it("keeps what it gave away when it encodes the next batch", () => {
    const spans = Array.from({ length: 2000 }, (_, index) => Spans.make({ name: `span ${index}` }))
    const first = encode(spans)
    const copy = first.slice()
    encode([Spans.make({ name: "x".repeat(9 * 1024 * 1024) })])
    encode(spans.toReversed())
    assert.deepStrictEqual(Buffer.from(first), Buffer.from(copy))
  })

  it("encodes nothing as an empty request", () => {
    assert.strictEqual(encode([]).length, 0)
    assert.deepStrictEqual(json(encodeJson([])), { resourceSpans: [] })
  })
})

describe("OTLP encoder and poison", () => {
  const circular: Array<unknown> = []
  circular.push(circular)
  const hole: Array<unknown> = [1]
  hole[2] = 3

  it("writes what an attribute should never hold as best it can", () => {
    assert.deepStrictEqual(attributesOf({ a: [NaN, Infinity], b: -Infinity }), {
      a: { arrayValue: { values: [{ doubleValue: NaN }, { doubleValue: Infinity }] } },
      b: { doubleValue: -Infinity }
    })
    assert.deepStrictEqual(attributesOf({ a: ["x", null], b: hole }), {
      a: { arrayValue: { values: [{ stringValue: "x" }, {}] } },
      b: { arrayValue: { values: [{ intValue: "1" }, {}, { intValue: "3" }] } }
    })
    assert.deepStrictEqual(attributesOf({ a: 5n, b: 2n ** 70n, c: { d: 1 }, e: undefined, f: Symbol("f"), g: null }), {
      a: { intValue: "5" },
      b: { stringValue: "1180591620717411303424" },
      c: { stringValue: '{"d":1}' },
      e: {},
      f: {},
      g: {}
    })
    assert.isDefined(attributesOf({ circular }).circular.arrayValue)
  })

  it("writes keys that are no text as text", () => {
    const keys = new Map<any, any>([
      [undefined, undefined],
      [1, "number"],
      [Symbol("s"), "symbol"],
      ["x", "text"]
    ])
    const poisoned: SpanData = { ...Spans.make({}), attributes: keys }
    const attributes = only(encode([poisoned, poisoned]))[1].attributes
    assert.deepStrictEqual(attributes.slice(-3), [
      { key: "1", value: { stringValue: "number" } },
      { key: "Symbol(s)", value: { stringValue: "symbol" } },
      { key: "x", value: { stringValue: "text" } }
    ])
  })

  it("counts negative or overlong dropped counts as 32 bits, and stays readable", () => {
    const [span] = only(encode([Spans.make({ droppedAttributes: -1, droppedEvents: NaN, droppedLinks: 2 ** 40 })]))
    assert.strictEqual(span.droppedAttributesCount, 2 ** 32 - 1)
    assert.strictEqual(span.name, "span")
  })

  it("writes numbers that JSON does not know as text", () => {
    const span = Spans.make({ attributes: { a: NaN, b: [Infinity, 0.5, -Infinity] } })
    assert.deepStrictEqual(json(encodeJson([span])).resourceSpans[0].scopeSpans[0].spans[0].attributes, [
      { key: "a", value: { doubleValue: "NaN" } },
      {
        key: "b",
        value: {
          arrayValue: { values: [{ doubleValue: "Infinity" }, { doubleValue: 0.5 }, { doubleValue: "-Infinity" }] }
        }
      }
    ])
  })

  it("keeps times within what the wire holds, and the end behind the start", () => {
    const timesOf = (startTime: bigint, endTime: bigint) => {
      const [span] = only(encode([Spans.make({ startTime, endTime })]))
      return [BigInt(span.startTimeUnixNano ?? 0), BigInt(span.endTimeUnixNano ?? 0)]
    }
    assert.deepStrictEqual(timesOf(5n, 3n), [5n, 5n])
    assert.deepStrictEqual(timesOf(-5n, 3n), [0n, 3n])
    assert.deepStrictEqual(timesOf(-5n, -3n), [0n, 0n])
    assert.deepStrictEqual(timesOf(5n, 2n ** 70n), [5n, 2n ** 63n - 1n])
    assert.deepStrictEqual(timesOf(2n ** 70n, 2n ** 70n), [2n ** 63n - 1n, 2n ** 63n - 1n])
  })

  it("leaves out a link that leads nowhere, and counts it", () => {
    const link = (traceId: string, spanId: string) => ({
      span: SpanContext.toExternalSpan({ traceId, spanId, traceFlags: 1, traceState: "" }),
      attributes: {}
    })
    const good = link("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    const bad = [link("", ""), link("0".repeat(32), "b7ad6b7169203331"), link("zz".repeat(16), "b7ad6b7169203331")]
    const [span] = only(encode([Spans.make({ links: [...bad, good], droppedLinks: 1 })]))
    assert.strictEqual(span.links.length, 1)
    assert.strictEqual(span.droppedLinksCount, 4)
  })

  for (const [name, toBytes, spansIn] of [
    ["protobuf", encode, only],
    ["JSON", encodeJson, (bytes: Uint8Array) => json(bytes).resourceSpans[0].scopeSpans[0].spans]
  ] as const) {
    it(`leaves out of ${name} only the span that cannot be read, or that no receiver would accept, and says which`, () => {
      const unreadable = {
        get broken(): never {
          throw new Error("poison")
        }
      }
      const getter = Object.defineProperty({}, "x", { enumerable: true, get: () => unreadable.broken })
      const poison = [
        Spans.make({ events: [{ name: "e", time: 1n, attributes: getter, droppedAttributes: 0 }] }),
        Spans.make({ attributes: { list: new Proxy([], { get: () => unreadable.broken }) } }),
        Spans.make({ traceId: "0".repeat(32) }),
        Spans.make({ spanId: "nonsense" }),
        Spans.make({ events: null as never })
      ]
      const innocent = Array.from({ length: 6 }, (_, index) => Spans.make({ name: `innocent ${index}` }))
      const left: Array<SpanData> = []
      const bytes = toBytes([...innocent.slice(0, 3), ...poison, ...innocent.slice(3)], (span) => left.push(span))
      assert.deepStrictEqual(
        spansIn(bytes).map((span: any) => span.name),
        innocent.map((span) => span.name)
      )
      assert.deepStrictEqual(left, poison)
    })

    it(`leaves out a span without a resource that is alone in its batch, and says so, as ${name}`, () => {
      const nobodys = Spans.make({ resource: undefined as never, scope: undefined as never })
      const left: Array<SpanData> = []
      toBytes([nobodys], (span) => left.push(span))
      assert.deepStrictEqual(left, [nobodys])
    })
  }
})
