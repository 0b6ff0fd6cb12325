import { assert, describe, it } from "@effect/vitest"
import { Propagator } from "@gorax/tracing"
import * as Otel from "@opentelemetry/api"
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core"
import * as fc from "fast-check"
import * as TraceState from "../../src/model/TraceState.ts"
import * as BaggageHeader from "../../src/propagation/BaggageHeader.ts"
import * as Grammar from "./grammar.ts"
import * as HeaderFuzz from "./headerFuzz.ts"

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
    .filter((id) => !/^0*$/.test(id))
const key = fc.stringMatching(/^[a-z0-9][a-z0-9_\-*/@]{0,20}$/)
const value = fc.stringMatching(/^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,20}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/)
const state = fc.dictionary(key, value, { maxKeys: 32, noNullPrototype: true }).map((members) =>
  Object.entries(members)
    .map(([key, value]) => `${key}=${value}`)
    .join(",")
)
const span = fc.record({ traceId: hex(32), spanId: hex(16), traceFlags: fc.nat(255), traceState: state })
const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/)
const baggage = fc
  .uniqueArray(fc.tuple(token, fc.string({ unit: "grapheme", maxLength: 20 })), {
    maxLength: 20,
    selector: ([name]) => name
  })
  .map((entries) => new Map(entries.map(([name, value]) => [name, { value: value.toWellFormed() }])))

const through = (propagator: Propagator.Propagator, context: Propagator.PropagatedContext) =>
  propagator.extract(new Map(Object.entries(propagator.inject(context)).map(([name, text]) => [name, [text]])))

describe("what is injected is extracted", () => {
  it("by W3C: ids, all flags, trace state, baggage", () => {
    const both = Propagator.all([Propagator.traceContext, Propagator.baggage])
    fc.assert(
      fc.property(span, baggage, (span, baggage) => {
        assert.deepStrictEqual(through(both, { span, baggage }), { span, baggage })
      })
    )
  })

  const sampledAlone = span.map(({ traceFlags, ...ids }) => ({ ...ids, traceFlags: traceFlags & 1, traceState: "" }))
  for (const format of ["b3", "b3multi", "jaeger", "xray"] as const) {
    it(`by ${format}: ids and the decision`, () => {
      fc.assert(
        fc.property(sampledAlone, (span) => {
          assert.deepStrictEqual(through(Propagator.named[format], { span, baggage: new Map() }).span, span)
        })
      )
    })
  }

  it("by Jaeger: baggage, whose names become lower case", () => {
    fc.assert(
      fc.property(baggage, (baggage) => {
        const lower = new Map([...baggage].map(([name, entry]) => [name.toLowerCase(), entry]))
        const trimmed = [...through(Propagator.jaeger, { span: undefined, baggage }).baggage]
        assert.deepStrictEqual(trimmed, [...lower])
      })
    )
  })
})

describe("OpenTelemetry's own propagators", () => {
  const theirs = new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()]
  })
  const ours = Propagator.all([Propagator.traceContext, Propagator.baggage])
  // They know level 1 of the trace state, up to 512 characters, encode names too, and lose `__proto__`, empty values and
  // space at ends
  const level1 = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9_*/-]{0,8}$/), { maxLength: 8 })
  const context = fc.record({
    span: fc.record({
      traceId: hex(32),
      spanId: hex(16),
      traceFlags: fc.nat(3),
      traceState: level1.map((keys) => keys.map((key) => `${key}=${key.length}`).join(","))
    }),
    baggage: baggage.map(
      (map) =>
        new Map(
          [...map].filter(
            ([name, { value }]) => /^[a-zA-Z0-9.-]+$/.test(name) && value !== "" && value.trim() === value
          )
        )
    )
  })

  it("read what we write", () => {
    fc.assert(
      fc.property(context, ({ baggage, span }) => {
        const read = theirs.extract(Otel.ROOT_CONTEXT, ours.inject({ span, baggage }), Otel.defaultTextMapGetter)
        const found = Otel.trace.getSpanContext(read)
        assert.strictEqual(found?.traceId, span.traceId)
        assert.strictEqual(found?.spanId, span.spanId)
        assert.strictEqual(found?.traceFlags, span.traceFlags)
        assert.strictEqual(found?.traceState?.serialize() ?? "", span.traceState)
        const entries = Otel.propagation.getBaggage(read)?.getAllEntries() ?? []
        assert.sameDeepMembers(
          entries.map(([name, { value }]) => [name, value]),
          [...baggage].map(([name, { value }]) => [name, value])
        )
      })
    )
  })

  it("write what we read", () => {
    fc.assert(
      fc.property(context, ({ baggage, span }) => {
        const carrier: Record<string, string> = {}
        const withSpan = Otel.trace.setSpanContext(Otel.ROOT_CONTEXT, {
          ...span,
          traceState: Otel.createTraceState(span.traceState)
        })
        const entries = Otel.propagation.createBaggage(Object.fromEntries(baggage))
        theirs.inject(Otel.propagation.setBaggage(withSpan, entries), carrier, Otel.defaultTextMapSetter)
        const read = ours.extract(new Map(Object.entries(carrier).map(([name, text]) => [name, [text]])))
        assert.deepStrictEqual(read.span, span)
        assert.sameDeepMembers([...read.baggage], [...baggage])
      })
    )
  })
})

it("a propagator of several writes them all, and reads the first that is there", () => {
  const both = Propagator.all([Propagator.b3, Propagator.traceContext])
  const one = { traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1, traceState: "" }
  const two = { traceId: "2".repeat(32), spanId: "2".repeat(16), traceFlags: 1, traceState: "" }
  const lines = (context: Propagator.SpanContext, format: Propagator.Propagator) =>
    Object.entries(format.inject({ span: context, baggage: new Map() })).map(([name, text]) => [name, [text]] as const)
  assert.sameMembers(Object.keys(both.inject({ span: one, baggage: new Map() })), ["b3", "traceparent"])
  const received = new Map([...lines(two, Propagator.traceContext), ...lines(one, Propagator.b3)])
  assert.deepStrictEqual(both.extract(received).span, one)
  assert.deepStrictEqual(both.extract(new Map([...lines(two, Propagator.traceContext), ["b3", ["0"]]])).span, two)
  assert.isUndefined(both.extract(new Map([...lines(two, Propagator.traceContext), ["b3", ["0"]]])).denied)
  assert.isTrue(both.extract(new Map([["b3", ["0"]]])).denied)
})

describe("whatever the headers hold", () => {
  it("no format throws, and all that is written again follows its grammar", () => {
    const { carrying, complaints } = HeaderFuzz.run(20_000, 4)
    assert.deepStrictEqual(complaints, [])
    assert.isAbove(carrying, 1000)
  })

  it("nor for text of any kind in any header", () => {
    const names = Object.values(Propagator.named).flatMap(({ fields }) => fields)
    const lines = fc.array(fc.string({ unit: "binary" }), { maxLength: 3 })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), lines), { maxLength: 6 }), (headers) => {
        assert.isUndefined(HeaderFuzz.complaint(new Map(headers)))
      })
    )
  })

  it("1 MiB of the worst kinds costs its length and no more", () => {
    // `npm run fuzz` holds it to 5 ms; here other tests run beside it
    const { millis, of } = HeaderFuzz.slowest()
    assert.isBelow(millis, 100, of)
  })
})

it("a trace state that somebody broke on this side is not sent, and the trace goes on", () => {
  for (const traceState of ["a=1\nx: y", "A=1", "a=é", "a"]) {
    const span = { traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1, traceState }
    assert.deepStrictEqual(Object.keys(Propagator.traceContext.inject({ span, baggage: new Map() })), ["traceparent"])
  }
})

it("a baggage header is as long as its budget at the most, and loses entries only for that", () => {
  fc.assert(
    fc.property(baggage, fc.nat(120), (baggage, budget) => {
      const header = BaggageHeader.format(baggage, budget)
      assert.isAtMost(header.length, budget)
      const kept = BaggageHeader.parse(header)
      for (const [name, entry] of baggage) {
        const member = BaggageHeader.format(new Map([[name, entry]]))
        if (!kept.has(name)) assert.isAbove(member.length + (header === "" ? 0 : header.length + 1), budget)
      }
    })
  )
})

describe("the trace state", () => {
  it("takes a member of ours in front, in place of an older one, and lets the last go above 32", () => {
    fc.assert(
      fc.property(state, value, (before, value) => {
        const after = TraceState.set(before, "gorax", value)
        assert.isTrue(Grammar.isHeader("tracestate", after))
        assert.strictEqual(TraceState.parse([after]), after)
        assert.strictEqual(TraceState.get(after, "gorax"), value)
        const others = before.split(",").filter((member) => member !== "" && !member.startsWith("gorax="))
        assert.strictEqual(after, [`gorax=${value}`, ...others].slice(0, 32).join(","))
      })
    )
  })

  it("is left alone by a member outside the grammar", () => {
    assert.strictEqual(TraceState.set("a=1", "gorax", "x,y=1"), "a=1")
    assert.strictEqual(TraceState.set("a=1", "Gorax", "x"), "a=1")
    assert.strictEqual(TraceState.set("a=1", "gorax", ""), "a=1")
  })
})
