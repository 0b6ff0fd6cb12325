import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as ZipkinSpan from "../../src/export/ZipkinSpan.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import * as Arbitrary from "./OtlpEncoder.arbitrary.ts"
import * as spans from "./spans.ts"

const scopeTags = {
  "otel.scope.name": "test",
  "otel.library.name": "test",
  "otel.scope.version": "1",
  "otel.library.version": "1"
}

describe("ZipkinSpan", () => {
  it("says what there is, and leaves out what there is not", () => {
    assert.deepStrictEqual(
      ZipkinSpan.fromSpan(
        spans.make({
          spanId: "00f067aa0ba902b7",
          name: "POST /orders",
          resource: { attributes: {} },
          scope: { name: "", version: "" }
        })
      ),
      {
        traceId: "0af7651916cd43dd8448eb211c80319c",
        id: "00f067aa0ba902b7",
        name: "POST /orders",
        timestamp: 1_700_000_000_000_000,
        duration: 1000,
        localEndpoint: { serviceName: "unknown_service:node" }
      }
    )
  })

  it("counts in whole microseconds, and knows no duration of zero", () => {
    const startTime = 1_700_000_000_000_000_999n
    const of = (nanos: bigint) => ZipkinSpan.fromSpan(spans.make({ startTime, endTime: startTime + nanos }))
    assert.strictEqual(of(1234n).duration, 1)
    assert.strictEqual(of(0n).duration, 1)
    assert.strictEqual(of(2_999_999n).duration, 2999)
    assert.strictEqual(of(0n).timestamp, 1_700_000_000_000_000)
    assert.notProperty(ZipkinSpan.fromSpan(spans.make({ startTime: 0n })), "timestamp")
  })

  it.each([
    ["client", "CLIENT"],
    ["server", "SERVER"],
    ["producer", "PRODUCER"],
    ["consumer", "CONSUMER"],
    ["internal", undefined]
  ] as const)("a span of the kind %s is %s to Zipkin", (kind, expected) => {
    assert.strictEqual(ZipkinSpan.fromSpan(spans.make({ kind })).kind, expected)
  })

  it("attributes are texts: numbers and truth values as they are written, lists as JSON", () => {
    const { localEndpoint, tags } = ZipkinSpan.fromSpan(
      spans.make({
        attributes: { n: 1.5, whole: 42, yes: true, list: [1, 2], words: ["a", "b"], "service.version": "of the span" },
        resource: { attributes: { "service.name": "orders", "service.namespace": "shop", "service.version": "1" } }
      })
    )
    assert.deepStrictEqual(localEndpoint, { serviceName: "orders" })
    assert.deepStrictEqual(tags, {
      "service.namespace": "shop",
      "service.version": "of the span",
      n: "1.5",
      whole: "42",
      yes: "true",
      list: "[1,2]",
      words: '["a","b"]',
      ...scopeTags
    })
  })

  it("a failure is told by the tag error, and nothing else is", () => {
    const tags = (more: Parameters<typeof spans.make>[0]) => ZipkinSpan.fromSpan(spans.make(more)).tags ?? {}
    const failed = tags({ statusCode: "error", statusMessage: "no funds", attributes: { error: true } })
    assert.include(failed, { "otel.status_code": "ERROR", error: "no funds" })
    assert.include(tags({ statusCode: "error" }), { "otel.status_code": "ERROR", error: "" })
    for (const error of [false, "false"]) {
      const fine = tags({ statusCode: "ok", statusMessage: "said in vain", attributes: { error } })
      assert.strictEqual(fine["otel.status_code"], "OK")
      assert.notProperty(fine, "error")
    }
    assert.doesNotHaveAnyKeys(tags({}), ["error", "otel.status_code"])
  })

  it("what was dropped, the trace state and links are tags", () => {
    const other = { traceId: "f".repeat(32), spanId: "e".repeat(16), traceFlags: 1, traceState: "a=1" }
    const { tags } = ZipkinSpan.fromSpan(
      spans.make({
        traceState: "vendor=1",
        droppedAttributes: 1,
        droppedEvents: 2,
        droppedLinks: 3,
        links: [{ span: SpanContext.toExternalSpan(other), attributes: { why: "batch" } }]
      })
    )
    assert.deepStrictEqual(tags, {
      ...scopeTags,
      "w3c.tracestate": "vendor=1",
      "otel.dropped_attributes_count": "1",
      "otel.dropped_events_count": "2",
      "otel.dropped_links_count": "3",
      "otlp.link.0": `${other.traceId}|${other.spanId}|a=1|{"why":"batch"}|0`
    })
  })

  it("an event is an annotation that names it and holds its attributes", () => {
    const time = 1_700_000_000_000_002_999n
    const { annotations } = ZipkinSpan.fromSpan(
      spans.make({
        events: [
          { name: "my-event-name", time, attributes: { key1: "value1", key2: 2 }, droppedAttributes: 0 },
          { name: "plain", time, attributes: {}, droppedAttributes: 0 },
          { name: "cut", time, attributes: {}, droppedAttributes: 1 }
        ]
      })
    )
    const timestamp = 1_700_000_000_000_002
    assert.deepStrictEqual(annotations, [
      { timestamp, value: '"my-event-name": {"key1":"value1","key2":2}' },
      { timestamp, value: "plain" },
      { timestamp, value: '"cut": {"otel.dropped_attributes_count":1}' }
    ])
  })

  /** Of every two neighbours the upper one counts. */
  const ranked: ReadonlyArray<readonly [Record<string, string | number>, ZipkinSpan.ZipkinEndpoint]> = [
    [{ "peer.service": "payments" }, { serviceName: "payments" }],
    [{ "server.address": "pay.example.com" }, { serviceName: "pay.example.com" }],
    [{ "net.peer.name": "peer.example.com" }, { serviceName: "peer.example.com" }],
    [
      { "network.peer.address": "10.0.0.7", "network.peer.port": 8080 },
      { ipv4: "10.0.0.7", port: 8080 }
    ],
    [{ "server.socket.domain": "socket.example.com" }, { serviceName: "socket.example.com" }],
    [
      { "server.socket.address": "fe80::1", "server.socket.port": 80 },
      { ipv6: "fe80::1", port: 80 }
    ],
    [{ "net.sock.peer.name": "sock.example.com" }, { serviceName: "sock.example.com" }],
    [{ "net.sock.peer.addr": "10.0.0.8", "net.sock.peer.port": 70_000 }, { ipv4: "10.0.0.8" }],
    [{ "peer.hostname": "old" }, { serviceName: "old" }],
    [{ "peer.address": "older:80" }, { serviceName: "older:80" }],
    [{ "db.name": "orders" }, { serviceName: "orders" }]
  ]

  it("who calls says whom, by the best name there is", () => {
    for (const [index, [, expected]] of ranked.entries()) {
      const attributes = Object.assign({}, ...ranked.slice(index).map(([attributes]) => attributes))
      for (const kind of ["client", "producer"] as const) {
        assert.deepStrictEqual(ZipkinSpan.fromSpan(spans.make({ kind, attributes })).remoteEndpoint, expected)
      }
      for (const kind of ["server", "consumer", "internal"] as const) {
        assert.isUndefined(ZipkinSpan.fromSpan(spans.make({ kind, attributes })).remoteEndpoint)
      }
    }
    assert.isUndefined(ZipkinSpan.fromSpan(spans.make({ kind: "client" })).remoteEndpoint)
  })

  it("a span without valid ids is not written", () => {
    assert.throws(() => ZipkinSpan.fromSpan(spans.make({ traceId: "0".repeat(32) })), /invalid span id/)
  })

  it("any span is JSON that Zipkin's rules allow, in well-formed text", () => {
    fc.assert(
      fc.property(Arbitrary.batch(1, 3), (batch) => {
        for (const span of batch) {
          const text = ZipkinSpan.toJson(span)
          assert.isTrue(text.isWellFormed())
          const found: ZipkinSpan.ZipkinSpan = JSON.parse(text)
          assert.match(found.traceId, /^[0-9a-f]{32}$/)
          assert.match(found.id, /^[0-9a-f]{16}$/)
          assert.strictEqual(found.parentId, span.parentSpanId)
          assert.isTrue(found.name.isWellFormed())
          assert.isTrue(Number.isSafeInteger(found.duration) && found.duration >= 1)
          assert.isTrue(found.timestamp === undefined || Number.isSafeInteger(found.timestamp))
          for (const [key, value] of Object.entries(found.tags ?? {})) {
            assert.isTrue(typeof value === "string" && value.isWellFormed() && key.isWellFormed())
          }
          for (const key of span.attributes.keys()) {
            if (key !== "error") assert.property(found.tags, key.toWellFormed())
          }
          for (const [key, value] of span.attributes) {
            if (typeof value === "number") assert.strictEqual(found.tags![key.toWellFormed()], String(value))
          }
          assert.lengthOf(found.annotations ?? [], span.events.length)
        }
      }),
      { numRuns: 300 }
    )
  })
})
