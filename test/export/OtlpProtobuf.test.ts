import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as OtlpLogs from "../../src/export/OtlpLogs.ts"
import * as OtlpMetrics from "../../src/export/OtlpMetrics.ts"
import * as OtlpProtobuf from "../../src/export/OtlpProtobuf.ts"
import type { LogRecord } from "../../src/model/LogRecord.ts"
import type { MetricReading, MetricReadings } from "../../src/model/MetricReading.ts"
import * as Schema from "./OtlpEncoder.schema.ts"

const origin = {
  resource: { attributes: { "service.name": "orders", replicas: 3 } },
  scope: { name: "@gorax/tracing", version: "1" }
}

const logs = OtlpLogs.signal(origin)
const metrics = OtlpMetrics.signal(origin)

const anyText = fc.string({ unit: "binary", maxLength: 10 }).map((text) => text.toWellFormed())
const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
const traceId = fc.stringMatching(/^[0-9a-f]{32}$/)
const spanId = fc.stringMatching(/^[0-9a-f]{16}$/)
const attribute = fc.oneof(
  anyText,
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
  fc.array(anyText, { maxLength: 3 })
)

/** Left out of an object is what protobuf leaves out of a message: texts and lists that are empty, and zero. */
const settled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(settled)
  if (typeof value !== "object" || value === null) return typeof value === "number" ? value + 0 : value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined && !(Array.isArray(field) && field.length === 0))
      .map(([key, field]) => [key, settled(field)])
  )
}

/** JSON writes what is not finite as text; a decoder gives the number. */
const finite = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value

const same = (decoded: unknown, written: object): void => {
  const plain = (value: unknown) => settled(JSON.parse(JSON.stringify(value, finite)))
  assert.deepStrictEqual(plain(decoded), plain(written))
}

describe("OTLP as protobuf", () => {
  it("is the same as OTLP as JSON for any log record, read by a decoder that shares nothing with it", () => {
    const record: fc.Arbitrary<LogRecord> = fc.record({
      time: nanos,
      severityNumber: fc.integer({ min: 0, max: 24 }),
      severityText: anyText,
      body: attribute,
      attributes: fc.dictionary(anyText, attribute, { maxKeys: 4 }),
      droppedAttributes: fc.nat(10),
      eventName: fc.option(fc.constant("exception"), { nil: undefined }),
      traceId,
      spanId,
      traceFlags: fc.nat(255)
    })
    fc.assert(
      fc.property(fc.array(record, { maxLength: 4 }), (records) => {
        const request = logs.request(records)
        same(Schema.decodeLogs(OtlpProtobuf.encode(request, logs.message)), request)
      })
    )
  })

  it("is the same as OTLP as JSON for any metric", () => {
    const labels = fc.dictionary(anyText, anyText, { maxKeys: 3 })
    const value = fc.double()
    const exemplars = fc.array(fc.record({ value, time: nanos, traceId, spanId }), { maxLength: 2 })
    const number = fc.oneof(value, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    const described = { name: anyText, description: anyText, unit: anyText }
    const histogram = fc.record({
      labels,
      exemplars,
      bounds: fc.array(value, { maxLength: 3 }),
      counts: fc.array(fc.nat(), { maxLength: 4 }),
      count: fc.nat(),
      sum: value,
      min: fc.option(value, { nil: undefined }),
      max: value
    })
    const summary = fc.record({
      labels,
      exemplars,
      quantiles: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), value), { maxLength: 3 }),
      count: fc.nat(),
      sum: value
    })
    const points = <A>(point: fc.Arbitrary<A>) => fc.array(point, { maxLength: 3 })
    const reading = fc.oneof(
      fc.record({
        ...described,
        kind: fc.constantFrom("counter", "upDownCounter", "gauge"),
        points: points(fc.record({ labels, exemplars, value: number }))
      }),
      fc.record({ ...described, kind: fc.constant("histogram"), points: points(histogram) }),
      fc.record({ ...described, kind: fc.constant("summary"), points: points(summary) })
    ) as fc.Arbitrary<MetricReading>
    const readings: fc.Arbitrary<MetricReadings> = fc.record({
      since: nanos,
      at: nanos,
      metrics: fc.array(reading, { maxLength: 4 })
    })
    fc.assert(
      fc.property(readings, (readings) => {
        const request = metrics.request([readings])
        same(Schema.decodeMetrics(OtlpProtobuf.encode(request, metrics.message)), request)
      })
    )
  })
})
