/**
 * Spans nobody would think of, but that spans may be.
 */
import * as fc from "fast-check"
import type { AttributeValue } from "../../src/model/Attributes.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import type { Resource, Scope, SpanData } from "../../src/model/SpanData.ts"

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  // Half surrogate pairs among them
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((codes) => String.fromCharCode(...codes)),
  // Around the lengths where a length takes one byte more
  fc.tuple(fc.constantFrom("a", "é", "漢", "👋"), fc.integer({ min: 10, max: 140 })).map(([char, n]) => char.repeat(n)),
  fc.constantFrom("", "acme", "x".repeat(127), "x".repeat(128), "x".repeat(16_383), "x".repeat(16_384))
)
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(
    0,
    -0,
    -1,
    127,
    128,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    -(2 ** 31),
    -(2 ** 32),
    2 ** 53,
    -(2 ** 53),
    1e300
  )
)
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.array(text, { maxLength: 4 }),
  fc.array(number, { maxLength: 20 }),
  fc.array(fc.boolean(), { maxLength: 4 })
)
const key = fc.oneof(fc.constantFrom("tenant_id", "workflow_id", "execution_id", "node_id", "node_type"), text)
const entries = fc.uniqueArray(fc.tuple(key, value), { maxLength: 8, selector: ([key]) => key })
const record = entries.map((entries) => Object.fromEntries(entries.filter(([key]) => key !== "__proto__")))

const idOf = (digits: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: digits, maxLength: digits })
    .map((chars) => chars.join(""))
    .filter((id) => !/^0+$/.test(id))
const traceId = fc.oneof(fc.constant("0af7651916cd43dd8448eb211c80319c"), idOf(32))
const spanId = idOf(16)
const traceState = fc.constantFrom("", "", "", "vendor=1", "a=1,b=2", `long=${"x".repeat(200)}`)
const count = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  fc.nat(),
  fc.integer({ min: 2 ** 31, max: 2 ** 32 - 1 })
)
const flags = fc.integer({ min: 0, max: 255 })
const time = fc.bigInt({ min: 0n, max: 2n ** 62n })

const event = fc.record({ name: text, time, attributes: record, droppedAttributes: count })
const link = fc.record({
  span: fc
    .record({ traceId, spanId, traceFlags: flags, traceState })
    .map((context) => SpanContext.toExternalSpan(context)),
  attributes: record
})

const span = (resource: fc.Arbitrary<Resource>, scope: fc.Arbitrary<Scope>): fc.Arbitrary<SpanData> =>
  fc
    .record({
      traceId,
      spanId,
      traceFlags: flags,
      traceState,
      parentSpanId: fc.option(spanId, { nil: undefined }),
      parentIsRemote: fc.boolean(),
      name: text,
      kind: fc.constantFrom("internal", "server", "client", "producer", "consumer"),
      startTime: time,
      lasted: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 15n })),
      attributes: entries.map((entries) => new Map(entries)),
      droppedAttributes: count,
      events: fc.array(event, { maxLength: 3 }),
      droppedEvents: count,
      links: fc.array(link, { maxLength: 2 }),
      droppedLinks: count,
      statusCode: fc.constantFrom("unset", "ok", "error"),
      statusMessage: fc.oneof(fc.constant(""), text),
      resource,
      scope
    } as const)
    .map(({ lasted, ...span }) => ({ ...span, endTime: span.startTime + lasted }))

/** Batches of spans from up to three processes and three libraries. */
export const batch = (minLength: number, maxLength: number): fc.Arbitrary<ReadonlyArray<SpanData>> =>
  fc
    .tuple(
      fc.array(
        record.map((attributes): Resource => ({ attributes })),
        { minLength: 1, maxLength: 3 }
      ),
      fc.array(fc.record({ name: text, version: fc.constantFrom("", "1.0.0") }), { minLength: 1, maxLength: 3 })
    )
    .chain(([resources, scopes]) =>
      fc.array(span(fc.constantFrom(...resources), fc.constantFrom(...scopes)), { minLength, maxLength })
    )
