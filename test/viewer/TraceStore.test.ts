import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as TraceStore from "../../src/viewer/TraceStore.ts"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterEach, beforeEach } from "vitest"
import * as TraceDocument from "../../src/viewer/TraceDocument.ts"
import { large } from "./forests.ts"
import { log, order, span, traceId } from "./traces.ts"

const quietIds = (store: TraceStore.TraceStore["Service"]) =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    yield* store.quiet.pipe(
      Stream.runForEach(({ summary }) =>
        Effect.sync(() => seen.push(`${Number(`0x${summary.traceId}`)}: ${summary.spanCount}`))
      ),
      Effect.forkScoped({ startImmediately: true })
    )
    return seen
  })

describe("TraceStore", () => {
  it.effect("lists the latest traces first and finds them by service and failure", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make()
      yield* store.add([
        ...order,
        span({ id: 1, trace: 2, name: "GET /health" }),
        span({ id: 1, trace: 3, name: "tick", service: "cron" })
      ])
      const ids = (filter?: TraceStore.TraceFilter) =>
        Effect.map(store.list(filter), (found) => found.map((summary) => Number(`0x${summary.traceId}`)))
      assert.deepStrictEqual(yield* ids(), [3, 2, 1])
      assert.deepStrictEqual(yield* ids({ limit: 2 }), [3, 2])
      assert.deepStrictEqual(yield* ids({ service: "worker" }), [1])
      assert.deepStrictEqual(yield* ids({ error: true }), [1])
      assert.deepStrictEqual(yield* ids({ error: false, service: "api" }), [2])
      assert.strictEqual((yield* store.get(traceId(1)))!.spans.length, order.length)
      assert.isUndefined(yield* store.get(traceId(9)))
    })
  )

  it.effect("drops the oldest trace whole when there are too many, and counts what it dropped", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make({ maxTraces: 2 })
      yield* store.add([span({ id: 1, trace: 1, name: "a" }), span({ id: 2, trace: 1, parent: 1, name: "b" })])
      yield* store.add([span({ id: 1, trace: 2, name: "a" }), span({ id: 1, trace: 3, name: "a" })])
      assert.isUndefined(yield* store.get(traceId(1)))
      assert.deepInclude(yield* store.counts, { traces: 2, spans: 2, droppedTraces: 1, droppedSpans: 2 })
    })
  )

  it.effect("holds no more spans and characters than it may, even of one trace alone", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make({ maxSpans: 10 })
      yield* store.add(Array.from({ length: 25 }, (_, id) => span({ id: id + 1, name: "busy" })))
      assert.deepInclude(yield* store.counts, { traces: 1, spans: 10, droppedTraces: 0, droppedSpans: 15 })
      const small = yield* TraceStore.make({ maxCharacters: 2000 })
      yield* small.add([span({ id: 1, trace: 1, name: "large", attributes: { body: "x".repeat(1500) } })])
      yield* small.add([span({ id: 1, trace: 2, name: "large", attributes: { body: "x".repeat(1500) } })])
      yield* small.add([span({ id: 1, trace: 3, name: "huge", attributes: { body: "x".repeat(3000) } })])
      assert.deepInclude(yield* small.counts, { traces: 1, spans: 1, droppedTraces: 1, droppedSpans: 2 })
    })
  )

  it.effect("passes over a span that a sender repeated", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make()
      yield* store.add(order)
      yield* store.add(order)
      assert.strictEqual((yield* store.counts).spans, order.length)
    })
  )

  it.effect("says that a trace is finished once it is complete and has rested", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make({ quietAfter: "400 millis" })
      const seen = yield* quietIds(store)
      yield* store.add(order.slice(5))
      yield* TestClock.adjust("300 millis")
      yield* store.add(order.slice(0, 5))
      yield* TestClock.adjust("300 millis")
      assert.deepStrictEqual(seen, [])
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(seen, ["1: 13"])
    })
  )

  it.effect("waits longer for a trace with gaps, whose other spans may still sit in another process", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make({ quietAfter: "400 millis", patience: "6 seconds" })
      const seen = yield* quietIds(store)
      // The producer is here, its consumer is not
      yield* store.add(order.slice(0, 2))
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(seen, [])
      yield* store.add(order.slice(2))
      yield* TestClock.adjust("400 millis")
      assert.deepStrictEqual(seen, ["1: 13"])
      yield* store.add([span({ id: 99, trace: 2, name: "alone", kind: "producer" })])
      yield* TestClock.adjust("6400 millis")
      assert.deepStrictEqual(seen, ["1: 13", "2: 1"])
    })
  )

  it.effect("does not call a trace finished whose first span has not come", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make()
      const seen = yield* quietIds(store)
      yield* store.add([span({ id: 2, parent: 1, name: "orphan" })])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(seen, [])
      // Its caller is another program, which never sends its spans here
      yield* store.add([span({ id: 3, trace: 2, parent: 1, remote: true, name: "entered" })])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(seen, ["2: 1"])
    })
  )

  it.effect("says all of a large trace when it has come to rest, whatever it said while it grew", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make({ quietAfter: "400 millis" })
      const seen = yield* quietIds(store)
      const spans = large(9000)
      const counted = Effect.map(store.list(), ([summary]) => summary!.spanCount)
      yield* store.add(spans.slice(0, 8000))
      assert.strictEqual(yield* counted, 8000)
      yield* store.add(spans.slice(8000))
      yield* TestClock.adjust("400 millis")
      assert.strictEqual(yield* counted, 9000)
      assert.deepStrictEqual(seen, ["7: 9000"])
    })
  )

  it.effect("waits for one trace, and at once when it has come to rest before", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make()
      const waiting = yield* Effect.forkScoped(store.awaitQuiet(traceId(1)), { startImmediately: true })
      yield* store.add([span({ id: 1, trace: 2, name: "other" }), ...order])
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(waiting)).spans.length, order.length)
      assert.strictEqual((yield* store.awaitQuiet(traceId(2))).spans.length, 1)
    })
  )

  it.effect("lets a trace go that has not grown for as long as it may, and what somebody clears", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make({ maxAge: "10 minutes" })
      const changes: Array<string> = []
      yield* store.changes.pipe(
        Stream.runForEach(({ change, traceId }) =>
          Effect.sync(() => changes.push(`${change} ${Number(`0x${traceId}`)}`))
        ),
        Effect.forkScoped({ startImmediately: true })
      )
      yield* store.add([span({ id: 1, trace: 1, name: "old" })])
      yield* TestClock.adjust("6 minutes")
      yield* store.add([span({ id: 1, trace: 2, name: "new" }), span({ id: 1, trace: 3, name: "new" })])
      yield* TestClock.adjust("6 minutes")
      assert.isUndefined(yield* store.get(traceId(1)))
      assert.strictEqual(yield* store.clear([traceId(2), traceId(1)]), 1)
      assert.deepInclude(yield* store.counts, { traces: 1, spans: 1, droppedTraces: 0, droppedSpans: 0 })
      assert.deepStrictEqual(changes, ["grown 1", "grown 2", "grown 3", "gone 1", "gone 2"])
    })
  )
})

describe("TraceStore with a file", () => {
  let file: string
  beforeEach(() => {
    file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "gorax-traces-")), "traces.db")
  })
  afterEach(() => fs.rmSync(path.dirname(file), { recursive: true, force: true }))

  const withStore = <A>(
    use: (store: TraceStore.TraceStore["Service"]) => Effect.Effect<A>,
    options: TraceStore.TraceStoreOptions = {}
  ) => Effect.flatMap(TraceStore.TraceStore, use).pipe(Effect.provide(TraceStore.layer({ file, ...options })))

  it.effect("has at the next start what it was given before, whole", () =>
    Effect.gen(function* () {
      yield* withStore((store) => store.add([...order, span({ id: 1, trace: 2, name: "tick" })]))
      yield* withStore((store) => store.clear([traceId(2)]))
      const { list, stored } = yield* withStore((store) =>
        Effect.all({ list: store.list(), stored: store.get(traceId(1)) })
      )
      assert.deepStrictEqual(
        list.map(({ subject }) => subject),
        ["fulfil-order"]
      )
      assert.deepStrictEqual(TraceDocument.fromSpans(stored!.spans), TraceDocument.fromSpans(order))
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
    })
  )

  it.effect("keeps no more in the file than in memory", () =>
    Effect.gen(function* () {
      const spans = Array.from({ length: 9 }, (_, index) => span({ id: 1, trace: index + 1, name: "tick" }))
      yield* withStore((store) => Effect.forEach(spans, (one) => store.add([one])), { maxTraces: 3 })
      const { traces } = yield* withStore((store) => store.counts)
      assert.strictEqual(traces, 3)
    })
  )

  it.effect("says what to do about a file that is no database", () =>
    Effect.gen(function* () {
      fs.writeFileSync(file, "not a database, and long enough for SQLite to look at it".repeat(50))
      const error = yield* Effect.flip(withStore((store) => store.counts))
      assert.match(error.message, /traces\.db cannot hold traces: file is not a database\. Name another file, or none/)
    })
  )

  it.effect("has log records at the next start, too, and lets them go with their trace", () =>
    Effect.gen(function* () {
      yield* withStore((store) =>
        Effect.gen(function* () {
          yield* store.add([...order, span({ id: 1, trace: 2, name: "tick" })])
          yield* store.addLogs([
            log({ in: 4, text: "charging" }),
            log({ trace: 2, text: "tock" }),
            log({ text: "done" })
          ])
          yield* store.clear([traceId(2)])
        })
      )
      yield* withStore((store) => store.add([span({ id: 1, trace: 2, name: "tick" })]))
      const { logs, tick } = yield* withStore((store) =>
        Effect.all({
          logs: Effect.map(store.get(traceId(1)), (trace) => trace!.logs),
          tick: Effect.map(store.get(traceId(2)), (trace) => trace!.logs)
        })
      )
      assert.deepStrictEqual(logs, [log({ in: 4, text: "charging" }), log({ text: "done" })])
      assert.deepStrictEqual(tick, [])
    })
  )

  it.effect("reads a file of the version that had no log records, and keeps them in it from then on", () =>
    Effect.gen(function* () {
      yield* withStore((store) => store.add(order))
      const { DatabaseSync } = yield* Effect.promise(() => import("node:sqlite"))
      const database = new DatabaseSync(file)
      database.exec("drop table logs; pragma user_version = 1")
      database.close()
      yield* withStore((store) => store.addLogs([log({ text: "later" })]))
      const stored = yield* withStore((store) => store.get(traceId(1)))
      assert.deepStrictEqual([stored!.spans.length, stored!.logs.length], [order.length, 1])
    })
  )
})

describe("TraceStore with log records", () => {
  const textsOf = (store: TraceStore.TraceStore["Service"], trace: number) =>
    Effect.map(store.get(traceId(trace)), (stored) => stored?.logs.map(({ body }) => body))

  it.effect("keeps them with their trace, whichever comes first", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make()
      yield* store.addLogs([log({ text: "early" }), log({ trace: 2, text: "of another" })])
      assert.deepInclude(yield* store.counts, { logs: 0, waitingLogs: 2 })
      yield* store.add(order)
      yield* store.addLogs([log({ text: "late" })])
      assert.deepStrictEqual(yield* textsOf(store, 1), ["early", "late"])
      assert.deepInclude(yield* store.counts, { logs: 2, waitingLogs: 1, untracedLogs: 0 })
      yield* store.clear()
      assert.deepInclude(yield* store.counts, { traces: 0, logs: 0, waitingLogs: 0, droppedLogs: 0 })
    })
  )

  it.effect("counts those of no trace and lets them go", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make()
      const { spanId: _, traceId: __, ...untraced } = log({ text: "started" })
      yield* store.addLogs([untraced, untraced])
      assert.deepInclude(yield* store.counts, { logs: 0, waitingLogs: 0, untracedLogs: 2 })
    })
  )

  it.effect("passes over a batch that a sender repeated, and keeps lines that are alike within one", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make()
      const batch = [log({ text: "tick" }), log({ text: "tick" }), log({ text: "tick", in: 4 })]
      yield* store.addLogs(batch)
      yield* store.addLogs(batch)
      yield* store.add(order)
      yield* store.addLogs(batch)
      assert.deepStrictEqual(yield* textsOf(store, 1), ["tick", "tick", "tick"])
    })
  )

  it.effect(
    "holds no more than it may: the oldest trace goes with its lines, and what waits too long goes, counted",
    () =>
      Effect.gen(function* () {
        const store = yield* TraceStore.make({ maxLogs: 3 })
        yield* store.add([span({ id: 1, trace: 1, name: "a" }), span({ id: 1, trace: 2, name: "b" })])
        yield* store.addLogs([log({ trace: 1, text: "one" }), log({ trace: 1, text: "two" })])
        yield* store.addLogs(Array.from({ length: 5 }, (_, at) => log({ trace: 2, at, text: "busy" })))
        assert.isUndefined(yield* store.get(traceId(1)))
        assert.deepInclude(yield* store.counts, { traces: 1, logs: 3, droppedTraces: 1, droppedLogs: 4 })
        // 5 traces of 5,000 lines: 20,000 may wait
        for (let trace = 11; trace <= 15; trace++) {
          yield* store.addLogs(Array.from({ length: 5000 }, (_, at) => log({ trace, at, text: "waits" })))
        }
        assert.deepInclude(yield* store.counts, { waitingLogs: 20_000, droppedLogs: 5004 })
        yield* store.addLogs([log({ trace: 16, text: "x".repeat(17_000_000) })])
        assert.deepInclude(yield* store.counts, { waitingLogs: 0, droppedLogs: 25_005 })
      })
  )

  it.effect("counts their characters with those of spans", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make({ maxCharacters: 2000 })
      yield* store.add([span({ id: 1, name: "a" })])
      yield* store.addLogs([log({ text: "x".repeat(1000) }), log({ text: "y".repeat(1000) })])
      assert.deepInclude(yield* store.counts, { traces: 1, logs: 1, droppedLogs: 1 })
    })
  )

  it.effect("tells that the trace grew, and does not draw a finished one again", () =>
    Effect.gen(function* () {
      const store = yield* TraceStore.make()
      const quiet = yield* quietIds(store)
      const changes: Array<string> = []
      yield* store.changes.pipe(
        Stream.runForEach(({ change }) => Effect.sync(() => changes.push(change))),
        Effect.forkScoped({ startImmediately: true })
      )
      yield* store.add(order)
      yield* TestClock.adjust("400 millis")
      yield* store.addLogs([log({ text: "late" })])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(changes, ["grown", "grown"])
      assert.deepStrictEqual(quiet, ["1: 13"])
    }).pipe(Effect.scoped)
  )
})
