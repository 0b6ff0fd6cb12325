import { assert, describe, it } from "@effect/vitest"
import { Propagator } from "@gorax/tracing"
import b3 from "../vectors/b3.json" with { type: "json" }
import baggage from "../vectors/baggage.json" with { type: "json" }
import jaeger from "../vectors/jaeger.json" with { type: "json" }
import traceparent from "../vectors/traceparent.json" with { type: "json" }
import tracestate from "../vectors/tracestate.json" with { type: "json" }
import xray from "../vectors/xray.json" with { type: "json" }
import * as Grammar from "./grammar.ts"

const valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

const read = (propagator: Propagator.Propagator, headers: Readonly<Record<string, ReadonlyArray<string>>>) =>
  propagator.extract(new Map(Object.entries(headers)))

/** What goes out, each header held against the grammar. */
const written = (propagator: Propagator.Propagator, context: Propagator.PropagatedContext) => {
  const headers = propagator.inject(context)
  for (const [name, value] of Object.entries(headers)) assert.isTrue(Grammar.isHeader(name, value), `${name}: ${value}`)
  return headers
}

describe("traceparent", () => {
  it("has at least the 55 vectors of the bar", () => assert.isAtLeast(traceparent.length, 55))
  for (const { expect, lines, name, written: header } of traceparent) {
    it(`${expect === null ? "refuses" : "reads"} ${name}`, () => {
      const { span } = read(Propagator.traceContext, { traceparent: lines })
      assert.deepStrictEqual(span, expect === null ? undefined : { ...expect, traceState: "" })
      const out = written(Propagator.traceContext, { span, baggage: new Map() })
      assert.deepStrictEqual(out, expect === null ? {} : { traceparent: header })
    })
  }
})

describe("tracestate", () => {
  it("has at least the 33 vectors of the bar", () => assert.isAtLeast(tracestate.length, 33))
  for (const { expect, lines, name } of tracestate) {
    it(`${expect === "" ? "finds nothing in" : "reads"} ${name}`, () => {
      const { span } = read(Propagator.traceContext, { traceparent: [valid], tracestate: lines })
      assert.strictEqual(span?.traceState, expect)
      const out = written(Propagator.traceContext, { span, baggage: new Map() })
      assert.deepStrictEqual(out, { traceparent: valid, ...(expect === "" ? {} : { tracestate: expect }) })
      assert.isUndefined(read(Propagator.traceContext, { tracestate: lines }).span)
    })
  }
})

describe("baggage", () => {
  it("has at least the 34 vectors of the bar", () => assert.isAtLeast(baggage.length, 34))
  for (const { expect, lines, name, written: header } of baggage) {
    it(`reads ${name}`, () => {
      const context = read(Propagator.baggage, { baggage: lines })
      assert.deepStrictEqual(
        [...context.baggage],
        expect.map(([key, value, metadata]) => [key, metadata === undefined ? { value } : { value, metadata }])
      )
      assert.deepStrictEqual(written(Propagator.baggage, context), header === "" ? {} : { baggage: header })
    })
  }
})

for (const { denied, expect, format, headers, name, written: out } of [...b3, ...jaeger, ...xray] as ReadonlyArray<{
  readonly format: keyof typeof Propagator.named
  readonly name: string
  readonly headers: Record<string, ReadonlyArray<string>>
  readonly expect: Propagator.SpanContext | null
  readonly denied?: boolean
  readonly written?: Record<string, string>
}>) {
  const propagator = Propagator.named[format]
  it(`${format}: ${expect === null ? "finds no context in" : "reads"} ${name}`, () => {
    const context = read(propagator, headers)
    assert.deepStrictEqual(context.span, expect ?? undefined)
    assert.strictEqual(context.denied === true, denied === true)
    assert.deepStrictEqual(written(propagator, context), out ?? {})
  })
}
