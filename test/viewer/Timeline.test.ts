import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as CriticalPath from "../../src/viewer/CriticalPath.ts"
import * as FlameGraph from "../../src/viewer/FlameGraph.ts"
import * as RootCause from "../../src/viewer/RootCause.ts"
import * as RowWindow from "../../src/viewer/RowWindow.ts"
import * as SpanTable from "../../src/viewer/SpanTable.ts"
import { titleOf } from "../../src/viewer/SpanTitle.ts"
import * as SpanWait from "../../src/viewer/SpanWait.ts"
import * as Timeline from "../../src/viewer/Timeline.ts"
import * as TimeSplit from "../../src/viewer/TimeSplit.ts"
import * as TraceDocument from "../../src/viewer/TraceDocument.ts"
import * as TraceLogs from "../../src/viewer/TraceLogs.ts"
import * as TraceRows from "../../src/viewer/TraceRows.ts"
import { forest, large } from "./forests.ts"
import { log, order, span, spanId } from "./traces.ts"

const millis = (nanos: number): number => Math.round(nanos / 1e5) / 10

const names = (nodes: Iterable<Timeline.TimelineSpan>): ReadonlyArray<string> =>
  Array.from(nodes, (node) => titleOf(node.span))

describe("a timeline", () => {
  const timeline = Timeline.make(order)

  it("knows of every span when it was, how far it reached and what failed beneath it", () => {
    const root = timeline.roots[0]!
    assert.deepInclude(root, { start: 0, descendants: 12, failures: 4, depth: 0 })
    assert.deepStrictEqual([millis(root.end), millis(root.reach), millis(timeline.duration)], [12.4, 1240, 1240])
    assert.deepStrictEqual(names(Timeline.pathTo(Timeline.find(timeline, spanId(11))!)), [
      "POST /api/v1/workflows/:id/execute → 202",
      "executions",
      "executions",
      "fulfil-order",
      "receipt",
      "charge-card #2"
    ])
  })

  it("moves a machine whose clock runs ahead or behind, and says by how much", () => {
    for (const skew of [-500, 500]) {
      const skewed = Timeline.make([
        span({ id: 1, name: "GET", kind: "client", from: 1000, to: 1100 }),
        span({ id: 2, parent: 1, name: "GET /", kind: "server", service: "b", from: 1020 + skew, to: 1080 + skew }),
        span({ id: 3, parent: 2, name: "work", service: "b", from: 1030 + skew, to: 1070 + skew })
      ])
      const [client, server, work] = skewed.spans
      assert.strictEqual(client!.shift, 0)
      assert.strictEqual(millis(server!.shift), -skew)
      assert.strictEqual(work!.shift, server!.shift)
      assert.deepStrictEqual(
        [server, work].map((node) => millis(node!.start - client!.start)),
        [20, 30]
      )
      assert.strictEqual(millis(skewed.duration), 100)
    }
  })

  it("leaves a message alone that was taken long after it was sent", () => {
    const queue = Timeline.make([
      span({ id: 1, name: "queue.publish", kind: "producer", from: 0, to: 1 }),
      span({ id: 2, parent: 1, name: "queue.process_message", kind: "consumer", service: "b", from: 5000, to: 5100 })
    ])
    assert.strictEqual(queue.spans[1]!.shift, 0)
  })

  it("survives orphans, cycles and clocks of every kind: each span once, inside the trace", () => {
    fc.assert(
      fc.property(forest, (spans) => {
        const { duration, spans: laid } = Timeline.make(spans)
        assert.deepStrictEqual(laid.map((node) => node.span.spanId).sort(), spans.map((one) => one.spanId).sort())
        for (const { end, parent, reach, start } of laid) {
          assert.isTrue(start >= 0 && end >= start && reach >= end && reach <= duration * (1 + 1e-12))
          if (parent !== undefined) assert.isAtLeast(parent.reach, reach)
        }
      })
    )
  })

  it("survives a chain of ten thousand", () => {
    const chain = Array.from({ length: 10_000 }, (_, index) =>
      span({ id: index + 1, name: "deep", to: 1, ...(index > 0 ? { parent: index } : {}) })
    )
    const deep = Timeline.make(chain)
    assert.strictEqual(deep.spans.at(-1)!.depth, 9999)
    assert.strictEqual(TraceRows.of(deep).length, 10_000)
    assert.strictEqual(CriticalPath.spansOf(CriticalPath.of(deep)).size, 10_000)
  })
})

describe("the critical path", () => {
  it("is what everything else waited for: the slower branch, the attempts of it, the loop that failed", () => {
    const path = CriticalPath.of(Timeline.make(order))
    const steps = path.map(({ at, from, to }) => `${titleOf(at!.span)} ${millis(from)}–${millis(to)}`)
    assert.deepStrictEqual(steps, [
      "POST /api/v1/workflows/:id/execute → 202 0–4",
      "executions 4–31",
      "executions 31–32",
      "fulfil-order 32–33",
      "receipt 33–33.2",
      "charge-card #1 33.2–136",
      "receipt 136–337",
      "charge-card #2 337–529",
      "receipt 529–530",
      "fulfil-order 530–531",
      "line #0 531–1238",
      "fulfil-order 1238–1239",
      "executions 1239–1240"
    ])
  })

  it("lies end to end from the first moment to the last, whatever the trace", () => {
    fc.assert(
      fc.property(forest, (spans) => {
        const timeline = Timeline.make(spans)
        let at = 0
        for (const { from, to } of CriticalPath.of(timeline)) {
          assert.strictEqual(from, at)
          assert.isAbove(to, from)
          at = to
        }
        assert.strictEqual(at, timeline.duration)
      })
    )
  })
})

describe("where the time went", () => {
  it("tells code from queue and backoff", () => {
    const { parts, totals } = TimeSplit.of(CriticalPath.of(Timeline.make(order)))
    assert.deepStrictEqual(
      Object.entries(totals).map(([kind, nanos]) => [kind, millis(nanos)]),
      [
        ["executing", 1015.1],
        ["queued", 23.9],
        ["waiting", 0],
        ["backoff", 201],
        ["unrecorded", 0]
      ]
    )
    assert.strictEqual(titleOf(parts[0]!.at!.span), "line #0")
  })

  it("calls a request that is away waiting, and what nobody recorded by its name", () => {
    const { totals } = TimeSplit.of(
      CriticalPath.of(
        Timeline.make([
          span({ id: 1, name: "GET", kind: "client", from: 0, to: 10 }),
          span({ id: 2, parent: 99, name: "orphan", from: 25, to: 30 })
        ])
      )
    )
    assert.deepStrictEqual([totals.waiting, totals.unrecorded, totals.executing].map(millis), [10, 15, 5])
  })

  it("sums to the wall time, whatever the trace", () => {
    fc.assert(
      fc.property(forest, (spans) => {
        const timeline = Timeline.make(spans)
        const { parts, totals } = TimeSplit.of(CriticalPath.of(timeline))
        const sum = Object.values(totals).reduce((one, other) => one + other, 0)
        assert.closeTo(sum, timeline.duration, 1)
        assert.closeTo(
          parts.reduce((total, { nanos }) => total + nanos, 0),
          timeline.duration,
          1
        )
      })
    )
  })
})

describe("what a span waited for before it began", () => {
  it("is its message in the queue, or its turn after an attempt that failed", () => {
    const waits = Timeline.make(order).spans.flatMap((node) => {
      const wait = SpanWait.before(node)
      return wait === undefined
        ? []
        : [`${titleOf(node.span)}: ${wait.kind} ${millis(wait.from)}–${millis(node.start)}`]
    })
    assert.deepStrictEqual(waits, ["executions: queued 7.1–31", "charge-card #2: backoff 136–337"])
  })
})

describe("the reason of a failure", () => {
  it("is the first that nothing made good, not the spans around it and no attempt that was repeated", () => {
    assert.strictEqual(titleOf(RootCause.of(Timeline.make(order))!.span), "line #0")
    assert.isUndefined(RootCause.of(Timeline.make(order.filter(({ spanId: id }) => id === spanId(11)))))
  })

  it("is the last attempt when none succeeded", () => {
    const failed = Timeline.make([
      span({ id: 1, name: "workflow.step.execute", error: "no", to: 30 }),
      span({
        id: 2,
        parent: 1,
        name: "workflow.retry.attempt",
        attributes: { "retry.attempt": 1 },
        error: "no",
        to: 10
      }),
      span({
        id: 3,
        parent: 1,
        name: "workflow.retry.attempt",
        attributes: { "retry.attempt": 2 },
        error: "no",
        from: 20,
        to: 30
      })
    ])
    assert.strictEqual(RootCause.lasting(failed).length, 3)
    assert.strictEqual(RootCause.of(failed)!.span.spanId, spanId(2))
  })
})

describe("the rows of a waterfall", () => {
  const timeline = Timeline.make(order)
  const shown = (options?: TraceRows.RowOptions) =>
    TraceRows.of(timeline, options).map(
      ({ at, depth, hidden }) => `${"  ".repeat(depth)}${titleOf(at.span)}${hidden > 0 ? ` +${hidden}` : ""}`
    )

  it("leave out what is folded or out of focus, and say how much", () => {
    const folded = new Set([spanId(5)])
    assert.deepStrictEqual(shown({ focus: spanId(4), folded }), [
      "fulfil-order",
      "  stock +3",
      "  receipt",
      "    charge-card #1",
      "    charge-card #2",
      "  line #0",
      "  line #1"
    ])
  })

  it("put what failed first when asked to", () => {
    assert.deepStrictEqual(shown({ focus: spanId(4), folded: new Set([spanId(5), spanId(9)]), errorsFirst: true }), [
      "fulfil-order",
      "  receipt +2",
      "  line #0",
      "  stock +3",
      "  line #1"
    ])
  })

  it("hide what is short, went well and held nobody up, and nothing else", () => {
    const noisy = Timeline.make([
      ...order,
      span({ id: 50, parent: 4, name: "log", service: "worker", from: 600, to: 601 }),
      span({ id: 51, parent: 4, name: "log", service: "worker", from: 602, to: 603, error: "broken" })
    ])
    const critical = CriticalPath.spansOf(CriticalPath.of(noisy))
    const rows = TraceRows.of(noisy, { hideNoise: true, critical })
    const ids = rows.map(({ at }) => at.span.spanId)
    assert.notInclude(ids, spanId(50))
    assert.includeMembers(ids, [spanId(51), spanId(2), spanId(10)])
    assert.strictEqual(rows.find(({ at }) => at.span.spanId === spanId(4))!.hidden, 1)
  })

  it("need elements only where the screen is", () => {
    assert.deepStrictEqual(RowWindow.of(100_000, 26, 26_000, 520), { from: 992, to: 1028 })
    assert.deepStrictEqual(RowWindow.of(3, 26, 0, 520), { from: 0, to: 3 })
    assert.deepStrictEqual(RowWindow.of(3, 26, 9999, 520), { from: 0, to: 3 })
    assert.strictEqual(RowWindow.reveal(10, 26, 0, 520), 0)
    assert.strictEqual(RowWindow.reveal(100, 26, 0, 520), 101 * 26 + 52 - 520)
    assert.strictEqual(RowWindow.reveal(2, 26, 2600, 520), 0)
  })
})

describe("other views", () => {
  const timeline = Timeline.make(order)

  it("the table sums up what does the same", () => {
    const lines = SpanTable.of(timeline)
    const attempts = lines.find(({ title }) => title === "charge-card")!
    assert.deepInclude(attempts, { count: 2, failures: 1, service: "worker" })
    assert.deepStrictEqual([attempts.total, attempts.self, attempts.longest].map(millis), [294.8, 294.8, 192])
    const receipt = lines.find(({ title }) => title === "receipt")!
    assert.strictEqual(millis(receipt.self), 202.2)
    assert.strictEqual(
      lines.reduce((sum, { count }) => sum + count, 0),
      order.length
    )
  })

  it("the flame graph is as wide as the trace, and no block is wider than the one it stands on", () => {
    const { blocks, depth } = FlameGraph.of(timeline)
    assert.strictEqual(depth, 8)
    assert.deepInclude(blocks[0], { depth: 0, left: 0, width: 1 })
    assert.strictEqual(blocks.find(({ title }) => title === "line")!.count, 2)
    fc.assert(
      fc.property(forest, (spans) => {
        for (const { left, width } of FlameGraph.of(Timeline.make(spans)).blocks) {
          assert.isTrue(left >= 0 && left + width <= 1 + 1e-9)
        }
      })
    )
  })

  it("the logs of all spans stand in time order", () => {
    const said = (id: number, at: number) => ({
      ...span({ id, name: "a", from: 0, to: 100, ...(id > 1 ? { parent: 1 } : {}) }),
      events: [{ name: `at ${at}`, time: order[0]!.startTime + BigInt(at * 1e6), attributes: {}, droppedAttributes: 0 }]
    })
    const lines = TraceLogs.of(Timeline.make([said(1, 30), said(2, 10), said(3, 20)]))
    assert.deepStrictEqual(
      lines.map(({ at, text }) => [text, millis(at)]),
      [
        ["at 10", 10],
        ["at 20", 20],
        ["at 30", 30]
      ]
    )
  })

  it("log records stand among the events of spans, each with its level and its span", () => {
    const thrown = (name: string, at: number, attributes = {}) => ({
      name,
      time: order[0]!.startTime + BigInt(at * 1e6),
      attributes,
      droppedAttributes: 0
    })
    const spans = [
      {
        ...span({ id: 1, name: "a", to: 100 }),
        events: [thrown("exception", 50), thrown("an old line", 15, { "effect.logLevel": "DEBUG" }), thrown("paid", 60)]
      }
    ]
    const logs = [
      log({ in: 1, at: 55, level: "warn", text: "slow", attributes: { bank: "Iceland" } }),
      log({ in: 9, at: 10, text: "elsewhere" }),
      { ...log({ at: 70, text: "" }), severityNumber: 0, severityText: "Warning", eventName: "card.declined" },
      { ...log({ at: 80, text: "plain" }), severityNumber: 0, severityText: "" }
    ]
    const lines = TraceLogs.of(Timeline.make(spans), logs)
    assert.deepStrictEqual(
      lines.map(({ at, from, level, text }) => [millis(at), level, text, from === undefined ? "" : titleOf(from.span)]),
      [
        [10, "info", "elsewhere", ""],
        [15, "debug", "an old line", "a"],
        [50, "error", "exception", "a"],
        [55, "warn", "slow", "a"],
        [60, undefined, "paid", "a"],
        [70, "warn", "card.declined", ""],
        [80, undefined, "plain", ""]
      ]
    )
    const texts = (filter: TraceLogs.LogFilter) => TraceLogs.filter(lines, filter).map(({ text }) => text)
    assert.deepStrictEqual(
      texts({}),
      lines.map(({ text }) => text)
    )
    assert.deepStrictEqual(texts({ level: "warn" }), ["exception", "slow", "card.declined"])
    assert.deepStrictEqual(texts({ text: " ICELAND " }), ["slow"])
    assert.deepStrictEqual(texts({ level: "error", text: "iceland" }), [])
  })

  it("a line moves with its span where the clock of its machine was wrong", () => {
    const spans = [
      span({ id: 1, name: "call", kind: "client", from: 100, to: 200 }),
      span({ id: 2, parent: 1, remote: true, name: "answer", kind: "server", service: "worker", from: 0, to: 100 })
    ]
    const [line] = TraceLogs.of(Timeline.make(spans), [log({ in: 2, at: 50, text: "half way" })])
    assert.strictEqual(millis(line!.at), 50)
  })

  it("log records read from the document of their trace are the log records", () => {
    const logs = [
      log({ in: 4, at: -3, level: "error", text: "early", attributes: { tries: 2 } }),
      { ...log({ at: 5, text: "" }), body: 7, eventName: "e", droppedAttributes: 3, severityText: "", traceFlags: 0 },
      log({ at: 6, text: "of a service that has no span here", service: "cron" })
    ]
    const document = JSON.parse(JSON.stringify(TraceDocument.fromSpans(order, logs)))
    assert.deepStrictEqual(TraceDocument.toLogs(document), logs)
    assert.notProperty(TraceDocument.fromSpans(order), "logs")
  })

  it("a trace read from its document is the trace", () => {
    fc.assert(
      fc.property(forest, (spans) => {
        const document: TraceDocument.TraceDocument = JSON.parse(JSON.stringify(TraceDocument.fromSpans(spans)))
        assert.deepStrictEqual(TraceDocument.toSpans(document), spans)
      })
    )
  })

  it("a hundred thousand spans are laid out in seconds, not minutes", () => {
    const spans = large(100_000)
    const started = performance.now()
    const timeline = Timeline.make(spans)
    const path = CriticalPath.of(timeline)
    TimeSplit.of(path)
    TraceRows.of(timeline, { hideNoise: true, critical: CriticalPath.spansOf(path) })
    assert.strictEqual(RootCause.of(timeline)!.span.statusMessage, "the needle")
    // 0.5 s on a quiet machine; a slower way than linear takes minutes
    assert.isBelow(performance.now() - started, 8000)
  })
})
