import { assert, describe, it } from "@effect/vitest"
import * as TracePrinter from "../../src/viewer/TracePrinter.ts"
import * as TraceSummary from "../../src/viewer/TraceSummary.ts"
import { log, order, span, type SpanLine } from "./traces.ts"

const draw = (spans: ReadonlyArray<ReturnType<typeof span>>, options?: TracePrinter.TracePrinterOptions): string =>
  TracePrinter.draw({ summary: TraceSummary.fromSpans(spans), spans, logs: [] }, options)

const tree = (...lines: ReadonlyArray<SpanLine>): string => TracePrinter.drawTree(lines.map(span), { width: 60 })

describe("TracePrinter", () => {
  it("draws an order over three services: what each span is about, where it ran, how it failed, how long it took", () => {
    assert.strictEqual(
      draw(order),
      `
━━ 00000000000000000000000000000001  api → worker → services  13 spans  ✗ 4 failed ━━━━━━━━━━━ 1.24s
POST /api/v1/workflows/:id/execute  → 202  [api]                                                12ms
└─ queue.publish  executions                                                                   3.1ms
   └─ queue.process_message  executions  [worker]  ✗ the carrier does not ship to islands      1.21s
      └─ workflow.execute  fulfil-order  ✗ ShipmentRefused                                     1.21s
         ├─ workflow.parallel.branch  stock                                                    207ms
         │  └─ workflow.step.execute  reserve-stock                                            206ms
         │     └─ GET  127.0.0.1:4101/stock/42 → 200                                           204ms
         │        └─ GET /stock/:sku  → 200  [services]                                        200ms
         ├─ workflow.parallel.branch  receipt                                                  497ms
         │  ├─ workflow.retry.attempt  charge-card #1  ✗ declined: the bank said no            103ms
         │  └─ workflow.retry.attempt  charge-card #2                                          192ms
         ├─ workflow.loop.iteration  line #0                                                   707ms
         │     ✗ ShipmentRefused: the carrier does not ship to islands
         └─ workflow.loop.iteration  line #1  ⊘ interrupted                                    707ms`.slice(1)
    )
  })

  it("keeps every line within the width it was given", () => {
    for (const width of [70, 80, 100, 140]) {
      for (const line of draw(order, { width }).split("\n")) assert.isAtMost([...line].length, width, line)
    }
  })

  it("uses colour only when asked, and the same words with it", () => {
    // oxlint-disable-next-line no-control-regex
    const escapes = /\u001b\[\d+m/g
    assert.notMatch(draw(order), escapes)
    assert.match(draw(order, { color: true }), escapes)
    assert.strictEqual(draw(order, { color: true }).replace(escapes, ""), draw(order))
  })

  it("lets nothing that was received move the cursor, break the line or turn the text around", () => {
    const drawn = tree({
      id: 1,
      name: "evil\u001b[2Jname\nsecond",
      service: "svc\u202e\r",
      error: "boom\u0007\u009b31m",
      attributes: { node_id: "a\u001b]0;title\u0007b" }
    })
    assert.strictEqual(drawn, "evil [2Jname second  a ]0;title b  [svc]  ✗ boom 31m   1.0ms")
  })

  it("says what failed even when the span has no message, and when only an exception event has one", () => {
    const silent = { ...span({ id: 1, name: "quiet", error: "" }), attributes: new Map() }
    assert.match(TracePrinter.drawTree([silent]), /^quiet {2}\[api\] {2}✗ failed/)
    const thrown = {
      ...silent,
      events: [
        { name: "exception", time: 0n, droppedAttributes: 0, attributes: { "exception.message": "no route to host" } }
      ]
    }
    assert.match(TracePrinter.drawTree([thrown]), /✗ no route to host/)
  })

  it("cuts a message that no line can hold", () => {
    const [first, second] = tree({ id: 1, name: "step", error: "x".repeat(500) }).split("\n")
    assert.match(first!, /^step {2}\[api\] +1\.0ms$/)
    assert.strictEqual(second, `   ✗ ${"x".repeat(54)}…`)
  })

  it("calls a trace that succeeded after a retry no failure", () => {
    const spans = [
      span({ id: 1, name: "workflow.execute" }),
      span({
        id: 2,
        parent: 1,
        name: "workflow.retry.attempt",
        from: 0,
        attributes: { "retry.attempt": 1 },
        error: "no"
      }),
      span({ id: 3, parent: 2, name: "GET", kind: "client", from: 0, error: "no" }),
      span({ id: 4, parent: 1, name: "workflow.retry.attempt", from: 5, attributes: { "retry.attempt": 2 } })
    ]
    const summary = TraceSummary.fromSpans(spans)
    assert.deepStrictEqual([summary.error, summary.errorCount], [false, 2])
    assert.match(draw(spans), /4 spans {2}2 failed, retried/)
    assert.isTrue(TraceSummary.fromSpans(spans.slice(0, 3)).error)
  })

  it("puts what was logged under its span, in time order, and last what was logged in spans that are not here", () => {
    const spans = [
      span({ id: 1, name: "workflow.execute", to: 90 }),
      span({ id: 2, parent: 1, name: "step", from: 5, to: 60 })
    ]
    const logs = [
      log({ in: 2, at: 30, level: "warn", text: "the bank is slow" }),
      log({ in: 2, at: 12, text: "charging" }),
      log({ in: 2, at: 12, text: "and, in the same moment, asking" }),
      log({ in: 1, at: 88, level: "error", text: "", attributes: { "exception.type": "Declined" } }),
      log({ in: 9, at: -2, level: "debug", text: "before it all" }),
      log({ at: 40, text: "a\u001b[2Jline\nof no span\u202e" })
    ]
    assert.strictEqual(
      TracePrinter.drawTree(spans, { width: 60 }, logs),
      `
workflow.execute  [api]                                 90ms
│  ERROR  +88ms  Declined
└─ step                                                 55ms
      INFO   +12ms  charging
      INFO   +12ms  and, in the same moment, asking
      WARN   +30ms  the bank is slow
DEBUG  -2.0ms  before it all
INFO   +40ms  a [2Jline of no span`.slice(1)
    )
    assert.strictEqual(TracePrinter.drawTree(spans, { spansOnly: true }, logs), TracePrinter.drawTree(spans))
  })

  it("keeps log lines within the width, too", () => {
    const logs = Array.from({ length: 5 }, (_, id) => log({ in: id + 1, text: "x".repeat(500) }))
    for (const line of TracePrinter.drawTree(order, { width: 80 }, logs).split("\n")) {
      assert.isAtMost([...line].length, 80, line)
    }
  })
})
