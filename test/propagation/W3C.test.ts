import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as W3C from "../../src/propagation/W3C.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"

describe("traceparent", () => {
  for (const [value, flags] of [
    [`00-${traceId}-${spanId}-01`, 1],
    [`00-${traceId}-${spanId}-00`, 0],
    [`00-${traceId}-${spanId}-03`, 3],
    [`00-${traceId}-${spanId}-ff`, 255],
    [`cc-${traceId}-${spanId}-01`, 1],
    [`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`, 1]
  ] as const) {
    it(`reads ${value}`, () => {
      assert.deepStrictEqual(W3C.parseTraceParent(value), { traceId, spanId, traceFlags: flags })
    })
  }

  for (const value of [
    "",
    "00",
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-extra`,
    `00-${traceId}-${spanId}-01-`,
    `cc-${traceId}-${spanId}-01.what-the-future-will-be-like`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `0-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-0g`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}-${spanId}-01,00-${traceId}-${spanId}-01`
  ]) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      assert.isUndefined(W3C.parseTraceParent(value))
    })
  }
})

describe("tracestate", () => {
  for (const [value, expected] of [
    ["", ""],
    ["foo=1", "foo=1"],
    ["foo=1,bar=2", "foo=1,bar=2"],
    ["foo=1 \t , \t bar=2, \t baz=3", "foo=1,bar=2,baz=3"],
    ["foo=1,,bar=2,", "foo=1,bar=2"],
    ["fw529a3039@dt=FfAi", "fw529a3039@dt=FfAi"],
    ["foo=1,foo=2", ""],
    ["foo=", ""],
    ["=1", ""],
    ["foo=1=2", ""],
    ["Foo=1", ""],
    ["foo =1", ""],
    ["foo", ""]
  ] as const) {
    it(`reads ${JSON.stringify(value)} as ${JSON.stringify(expected)}`, () => {
      assert.strictEqual(W3C.parseTraceState(value), expected)
    })
  }

  it("keeps 32 members and refuses 33", () => {
    const members = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`).join(",")
    assert.strictEqual(W3C.parseTraceState(members(32)), members(32))
    assert.strictEqual(W3C.parseTraceState(members(33)), "")
  })
})

it("extracts what it injected", () => {
  const hex = (length: number) =>
    fc
      .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
      .filter((id) => !/^0*$/.test(id))
  fc.assert(
    fc.property(hex(32), hex(16), fc.nat(255), (traceId, spanId, traceFlags) => {
      const span = { traceId, spanId, traceFlags, traceState: "gorax=1" }
      const headers = W3C.propagator.inject({ span, baggage: new Map() })
      assert.deepStrictEqual(W3C.propagator.extract((name) => headers[name]).span, span)
    })
  )
})

it("never throws, whatever the headers hold", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (traceparent, tracestate) => {
      W3C.propagator.extract((name) => (name === "traceparent" ? traceparent : tracestate))
    })
  )
})
