import { assert, describe, it } from "@effect/vitest"
import { ROOT_CONTEXT, trace, TraceFlags } from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"
import { JsonLogsSerializer, ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import * as Otlp from "../../src/model/Otlp.ts"
import * as OtlpBody from "../../src/receiver/OtlpBody.ts"
import type { ReceivedLogs } from "../../src/receiver/ReceivedLog.ts"

const ids = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }

/** One line in a span and one outside of any, written by OpenTelemetry's own SDK. */
const sdkRecords = () => {
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ "service.name": "billing" }),
    processors: [new SimpleLogRecordProcessor({ exporter })]
  })
  const logger = provider.getLogger("billing-lib", "1.2.3")
  logger.emit({
    timestamp: [1_700_000_000, 123_456_789],
    severityNumber: SeverityNumber.WARN,
    severityText: "WARN",
    eventName: "card.declined",
    body: "Grüße 👋",
    attributes: { amount: 12.5, tries: 2, tags: ["a", "b"] },
    context: trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceFlags: TraceFlags.SAMPLED })
  })
  logger.emit({ observedTimestamp: [1_700_000_001, 0], body: { nested: [1, { deep: true }] }, context: ROOT_CONTEXT })
  return exporter.getFinishedLogRecords()
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (body: Uint8Array, encoding: OtlpBody.OtlpEncoding): ReceivedLogs =>
  Result.getOrThrow(OtlpBody.decodeLogs(body, encoding))
const requestOf = (...logRecords: ReadonlyArray<unknown>): Uint8Array =>
  utf8(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }))
const errorOf = (body: Uint8Array, encoding: OtlpBody.OtlpEncoding = "json"): string =>
  Result.getOrThrow(Result.flip(OtlpBody.decodeLogs(body, encoding))).message

for (const [encoding, serializer] of [
  ["json", JsonLogsSerializer],
  ["protobuf", ProtobufLogsSerializer]
] as const) {
  describe(`log records as ${encoding}`, () => {
    const received = decode(serializer.serializeRequest(sdkRecords())!, encoding)

    it("have every field that OpenTelemetry's SDK wrote", () => {
      const [inside, outside] = received.logs
      assert.strictEqual(received.logs.length, 2)
      assert.deepStrictEqual(inside, {
        time: 1_700_000_000_123_456_789n,
        severityNumber: 13,
        severityText: "WARN",
        body: "Grüße 👋",
        attributes: { amount: 12.5, tries: 2, tags: ["a", "b"] },
        droppedAttributes: 0,
        eventName: "card.declined",
        ...ids,
        traceFlags: 1,
        resource: { attributes: { "service.name": "billing" } },
        scope: { name: "billing-lib", version: "1.2.3" }
      })
      assert.isUndefined(outside!.traceId)
      assert.strictEqual(outside!.body, '{"nested":[1,{"deep":true}]}')
    })

    it("are the same when read back from what we write", () => {
      const again = decode(utf8(JSON.stringify(Otlp.fromLogs(received.logs))), "json")
      assert.deepStrictEqual(again, received)
    })

    it("or a reason come of any bytes, and of every beginning of a body", () => {
      const whole = serializer.serializeRequest(sdkRecords())!
      const half = fc.nat(whole.length - 1).map((length) => whole.subarray(0, length))
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 512 }), half), (bytes) => {
          const result = OtlpBody.decodeLogs(bytes, encoding)
          assert.isTrue(Result.isSuccess(result) || result.failure.detail !== "")
        })
      )
    })
  })
}

describe("hostile log records", () => {
  it("with values of another kind are refused, and it is said where", () => {
    assert.strictEqual(errorOf(utf8("[]")), "the body is not an object")
    assert.strictEqual(errorOf(utf8('{"resourceLogs": {}}')), "the body.resourceLogs is not a list")
    assert.strictEqual(errorOf(requestOf("text")), "logRecords[0] is not an object")
    assert.strictEqual(errorOf(requestOf({}, { traceId: 7 })), "logRecords[1].traceId is not text")
    assert.strictEqual(
      errorOf(requestOf({ severityNumber: "grave" })),
      "logRecords[0].severityNumber is not a 64-bit integer"
    )
    assert.strictEqual(errorOf(requestOf({ body: "bare" })), "logRecords[0].body is not an object")
    assert.strictEqual(
      errorOf(requestOf({ attributes: [{ key: 1, value: { boolValue: true } }] })),
      "logRecords[0].attributes.key is not text"
    )
    assert.strictEqual(errorOf(utf8('{"resourceLogs": [')), "the body is not JSON")
    assert.match(errorOf(Uint8Array.from([0x0a, 0x05]), "protobuf"), /ends inside a field/)
  })

  it("with ids that are none are refused alone; zeros say that there is none", () => {
    const { logs, refusal, refused } = decode(
      requestOf(
        { ...ids, traceId: ids.traceId.toUpperCase() },
        { traceId: "beef" },
        { ...ids, spanId: "no hexadecimals!" },
        { traceId: "0".repeat(32), spanId: "0".repeat(16) },
        { spanId: ids.spanId }
      ),
      "json"
    )
    assert.deepStrictEqual(
      logs.map(({ spanId, traceId }) => [traceId, spanId]),
      [
        [ids.traceId, ids.spanId],
        [undefined, undefined],
        [undefined, undefined]
      ]
    )
    assert.deepStrictEqual(
      [refused, refusal],
      [2, "logRecords[1]: a trace id is 32 and a span id 16 hexadecimal digits, or neither is there"]
    )
  })

  it("are no more than a request may hold", () => {
    const limits = { ...OtlpBody.defaultLimits, maxSpans: 2 }
    const { logs, refusal, refused } = Result.getOrThrow(
      OtlpBody.decodeLogs(requestOf(ids, ids, ids, ids), "json", limits)
    )
    assert.deepStrictEqual(
      [logs.length, refused, refusal],
      [2, 2, "more than 2 log records in one request; send smaller batches"]
    )
  })
})
