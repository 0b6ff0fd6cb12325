import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as TraceQuery from "../../src/viewer/TraceQuery.ts"
import * as TraceSummary from "../../src/viewer/TraceSummary.ts"
import { order, span, traceId } from "./traces.ts"

const now = order[0]!.startTime + 60_000_000_000n
const summary = TraceSummary.fromSpans(order)
const finds = (text: string): boolean => TraceQuery.matchesTrace(TraceQuery.parse(text, now), summary, order)

describe("a search", () => {
  it.each([
    "",
    "error",
    "failed",
    "error:true",
    "service:worker",
    "service:w*r",
    "SERVICE:Worker",
    "operation:queue.*",
    "workflow:fulfil-order",
    "step:charge-card",
    "node_id=charge-card",
    "retry.attempt=2",
    "retry.attempt>1",
    "node_id=*",
    "kind:consumer",
    "duration>1s",
    "duration>=1240ms",
    "duration<2m",
    "age<2m",
    "age>30s",
    "time>2023-11-14T22:13:00Z",
    "islands",
    '"does not ship"',
    "CHARGE-CARD",
    `trace:${traceId(1).slice(0, 12)}`,
    "-nonsense",
    "error service:worker islands -tenant:acme"
  ])("%s finds the order", (text) => assert.isTrue(finds(text)))

  it.each([
    "-error",
    "error:false",
    "service:work",
    "service:nobody",
    "node_id=charge",
    "node_id=*card*x",
    "retry.attempt>2",
    "tenant:*",
    "duration>2s",
    "age>5m",
    "time<2023-11-14T22:13:00Z",
    "-islands",
    "nonsense",
    "error service:nobody",
    "duration>soon",
    "-duration>soon",
    "node_id>many",
    "constructor:x",
    "__proto__:x",
    "toString>1"
  ])("%s does not", (text) => assert.isFalse(finds(text)))

  it("says what it did not understand", () => {
    const { problems } = TraceQuery.parse("duration>soon age<x time>then node_id>many error", now)
    assert.deepStrictEqual(problems, [
      '"soon" is no duration; write 250ms, 1.5s or 2m',
      '"x" is no age; write 30s, 15m or 2h',
      '"then" is no time; write 2026-11-25T03:20 or 2026-11-25T03:20:00Z',
      '"node_id>many" compares with what is no number'
    ])
  })

  it("looks for spans within a trace: all that was asked for must hold for one", () => {
    const query = TraceQuery.parse("error node_id=charge-card", now)
    assert.deepStrictEqual(
      order.filter((one) => TraceQuery.matchesSpan(query, one)).map((one) => one.attributes.get("retry.attempt")),
      [1]
    )
  })

  it("takes anything that is typed, and is done with hostile patterns at once", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => typeof finds(text) === "boolean"))
    const long = span({ id: 1, name: "a".repeat(100_000) })
    const started = performance.now()
    TraceQuery.matchesSpan(TraceQuery.parse(`operation:${"*a".repeat(2000)}*b`, now), long)
    assert.isBelow(performance.now() - started, 2000)
  })
})
