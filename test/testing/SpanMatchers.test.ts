import { describe, expect, it } from "@effect/vitest"
import { TracedMessage } from "@gorax/tracing"
import { SpanRules, SpanTree, TracingTest } from "@gorax/tracing/testing"
import "@gorax/tracing/vitest"
import { Effect } from "effect"
import { span } from "./spans.ts"

const charge = Effect.fail("declined" as const).pipe(
  Effect.withSpan("charge", { attributes: { node_id: "charge-card" } }),
  Effect.ignore,
  Effect.withSpan("order")
)

const spans = Effect.andThen(charge, TracingTest.spans).pipe(Effect.provide(TracingTest.layer))

/** What an assertion says when it fails. */
const failure = (assertion: () => void): string => {
  try {
    assertion()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error("the assertion held")
}

describe("with the matchers of @gorax/tracing/vitest", () => {
  it.effect("a test expects a span, and sees the closest where there is none", () =>
    Effect.gen(function* () {
      const found = yield* spans
      expect(found).toHaveSpan("charge")
      expect(found).toHaveSpan({ attributes: { node_id: "charge-card" }, error: "string" })
      expect(found).not.toHaveSpan("ship")
      expect(failure(() => expect(found).toHaveSpan("ship"))).toMatch(/^No span "ship" has finished\./)
      expect(failure(() => expect(found).not.toHaveSpan({ error: "string" }))).toBe(
        'No such span was expected, and "charge" is one:\norder\n└─ charge ✗ string'
      )
    })
  )

  it.effect("a test expects trees, and sees the lines that differ", () =>
    Effect.gen(function* () {
      const found = yield* spans
      expect(found).toHaveSpanTree({ name: "order", children: [{ name: "charge", children: [] }] })
      expect(found).not.toHaveSpanTree("order", "charge")
      expect(failure(() => expect(found).toHaveSpanTree({ name: "order", children: [] }))).toBe(
        "The spans are not as expected: 1 difference (- expected, + there).\n  order\n+ └─ charge ✗ string"
      )
      expect(failure(() => expect(found).not.toHaveSpanTree("order"))).toBe(
        "Other spans were expected than these:\norder\n└─ charge ✗ string"
      )
    })
  )

  it.effect("a test expects something of one span", () =>
    Effect.gen(function* () {
      const [first] = yield* spans
      expect(first).toBeSpan({ name: "charge", error: "string", kind: "internal" })
      expect(first).not.toBeSpan("order")
      expect([first]).toEqual([expect.toBeSpan("charge")])
      expect(failure(() => expect(first).toBeSpan({ kind: "client" }))).toMatch(
        /- charge kind=client\n\+ charge kind=internal/
      )
      expect(failure(() => expect(first).not.toBeSpan("charge"))).toBe('Another span was expected than "charge".')
    })
  )

  it.effect("a test expects that nothing is wrong", () =>
    Effect.gen(function* () {
      expect(yield* spans).toBeSoundSpans()
      const lonely = span("charge", { of: span("order") })
      expect([lonely]).not.toBeSoundSpans()
      expect([lonely]).toBeSoundSpans(SpanRules.without("no orphan"))
      expect(failure(() => expect([lonely]).toBeSoundSpans())).toMatch(/"charge": its parent \w+ never arrived/)
      expect(failure(() => expect([]).not.toBeSoundSpans())).toMatch(/^Something should be wrong/)
    })
  )

  it.effect("a test expects headers to carry one context, whatever shape they have", () =>
    Effect.gen(function* () {
      const sent: Array<Readonly<Record<string, string>>> = []
      yield* TracedMessage.publish("orders", (headers) => Effect.sync(() => sent.push(headers)))
      const publish = yield* SpanTree.find("queue.publish")
      const [headers] = sent
      const line = headers!["traceparent"]!
      expect(headers).toCarryContext(publish)
      expect(new Headers(headers)).toCarryContext(publish)
      expect(["Accept", "*/*", "TraceParent", line]).toCarryContext(publish)
      expect([["traceparent", line]]).toCarryContext()
      expect({ traceparent: [line], other: undefined }).toCarryContext(publish)
      expect({}).not.toCarryContext()
      const said = (headers: unknown, span?: { readonly traceId: string; readonly spanId: string }) =>
        failure(() => expect(headers).toCarryContext(span))
      expect(said({})).toMatch(/there is no traceparent/)
      expect(said({ traceparent: `${line}, ${line}` })).toMatch(/there are 2 traceparent headers/)
      expect(said(["traceparent", line, "Traceparent", line])).toMatch(/there are 2 traceparent headers/)
      expect(said({ traceparent: "00-0-0-01" })).toMatch(/the traceparent is not valid: 00-0-0-01/)
      expect(said(headers, { ...publish, spanId: "b".repeat(16) })).toMatch(
        /not "queue\.publish" \(b+\) of the same trace/
      )
      expect(said(headers, { ...publish, traceId: "a".repeat(32) })).toMatch(/names the trace 0+1, not a+/)
      expect(failure(() => expect(headers).not.toCarryContext())).toMatch(/no such trace context/)
    }).pipe(Effect.provide(TracingTest.layer))
  )
})
