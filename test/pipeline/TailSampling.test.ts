import { assert, describe, it } from "@effect/vitest"
import {
  type LocalTrace,
  Sampler,
  type SpanData,
  type SpanExporter,
  type TailRule,
  Traced,
  Tracing,
  TracingHealth
} from "@gorax/tracing"
import { SpanTree } from "@gorax/tracing/testing"
import * as Otel from "@opentelemetry/api"
import { ConfigProvider, Deferred, Effect, Exit, Fiber, Layer, Logger, Schedule, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import * as TailSampling from "../../src/pipeline/TailSampling.ts"
import * as spans from "../export/spans.ts"

const because = "gorax.tracing.kept_because"

/** A layer that samples nothing, keeps what it is told to, and hands what arrives to the test. */
const make = (
  settings: Readonly<Record<string, string>> = {},
  plugins: Tracing.TracingPlugins = {},
  logs = Logger.layer([])
) => {
  const arrived: Array<SpanData> = []
  const exporter: SpanExporter = { export: (batch) => Effect.sync(() => void arrived.push(...batch)) }
  const layer = Tracing.layerConfig({ exporters: [exporter], ...plugins }).pipe(
    Layer.provide([
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          TRACING_ENABLED: "true",
          TRACING_EXPORTER: "none",
          TRACING_SAMPLE_RATE: "0",
          TRACING_TAIL_SAMPLING: "failures",
          ...settings
        })
      ),
      logs
    ])
  )
  return {
    layer,
    arrived,
    names: () => arrived.map(({ name }) => name),
    /** What arrived by now, drawn. */
    tree: (...keys: ReadonlyArray<string>) =>
      Effect.map(TracingHealth.flush, () => SpanTree.drawSpans(arrived, ...keys)),
    reasons: () => [...new Set(arrived.map(({ attributes }) => attributes.get(because)))]
  }
}

const books = Effect.map(TracingHealth.snapshot, ({ books }) => books)
const tail = Effect.map(TracingHealth.snapshot, ({ tail }) => tail!)

const run = <A, E, R>(self: Effect.Effect<A, E, R>, id = "order") =>
  Effect.exit(Traced.workflow(self, id, { tenantId: "acme", executionId: id }))

const work = Effect.void.pipe(Traced.step("reserve"), Effect.andThen(Effect.void.pipe(Effect.withSpan("plain"))))
const fails = Effect.andThen(work, Effect.fail(new Error("no stock")).pipe(Traced.step("charge")))

const remote = (id: string) =>
  SpanContext.toExternalSpan({ traceId: id.repeat(32), spanId: "b".repeat(16), traceFlags: 2, traceState: "" })

describe("a run that sampling left out", () => {
  it.effect("comes out whole when it failed, with its reason, and a good one leaves nothing", () => {
    const { arrived, layer, tree } = make()
    return Effect.gen(function* () {
      yield* run(work)
      yield* run(fails)
      assert.strictEqual(
        yield* tree("node_id", because),
        `\
workflow.execute gorax.tracing.kept_because=failure ✗ Error
├─ plain gorax.tracing.kept_because=failure
├─ workflow.step.execute node_id=charge gorax.tracing.kept_because=failure ✗ Error
└─ workflow.step.execute node_id=reserve gorax.tracing.kept_because=failure`
      )
      for (const { traceFlags } of arrived) assert.strictEqual(traceFlags & SpanContext.sampledFlag, 1)
      assert.deepInclude(yield* books, { started: 7, sampledOut: 0, letGo: 3, exported: 4, dropped: {} })
      assert.deepStrictEqual(yield* tail, {
        undecided: 0,
        spans: 0,
        bytes: 0,
        kept: { failure: 1 },
        letGo: 1,
        evicted: {}
      })
    }).pipe(Effect.provide(layer))
  })

  it.effect("is invisible until its end, to those it calls as well", () => {
    const { arrived, layer } = make()
    return Effect.gen(function* () {
      const flags: Array<number> = []
      const look = Effect.gen(function* () {
        flags.push(SpanContext.fromSpan(yield* Effect.currentSpan).traceFlags & SpanContext.sampledFlag)
        yield* TracingHealth.flush
        assert.strictEqual(arrived.length, 0)
        assert.deepInclude((yield* books).inFlight, { undecided: 2, open: 2, held: 0 })
        assert.deepInclude(yield* tail, { undecided: 1, spans: 2 })
        return yield* Effect.fail("late")
      })
      yield* run(Effect.andThen(work, look.pipe(Effect.withSpan("look"))))
      yield* TracingHealth.flush
      assert.deepStrictEqual(flags, [0])
      assert.strictEqual(arrived.length, 4)
    }).pipe(Effect.provide(layer))
  })

  it.effect("that a defect ended, or a 500 by hand, has failed", () => {
    const { layer, names } = make()
    return Effect.gen(function* () {
      yield* run(Effect.die("broken"))
      yield* Effect.withSpan(Effect.annotateCurrentSpan("error.type", "500"), "answered")
      yield* TracingHealth.flush
      assert.deepStrictEqual(names(), ["workflow.execute", "answered"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("has failed when a workflow in it did, although whoever took it from the queue knows how to go on", () => {
    const { layer, tree } = make()
    return Effect.gen(function* () {
      yield* run(fails).pipe(Effect.withSpan("queue.process_message"))
      yield* run(Effect.ignore(fails)).pipe(Effect.withSpan("queue.process_message"))
      assert.strictEqual(
        yield* tree("node_id"),
        `\
queue.process_message
└─ workflow.execute ✗ Error
   ├─ plain
   ├─ workflow.step.execute node_id=charge ✗ Error
   └─ workflow.step.execute node_id=reserve`
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("is kept for any error in it, where that is wished", () => {
    const { layer, names, reasons } = make({ TRACING_TAIL_SAMPLING: "errors" })
    return Effect.gen(function* () {
      yield* run(Effect.ignore(fails))
      yield* run(work)
      yield* TracingHealth.flush
      assert.strictEqual(names().length, 4)
      assert.deepStrictEqual(reasons(), ["error"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("is kept for the last of its tries, not for those before it", () => {
    const { layer, reasons } = make({ TRACING_TAIL_SAMPLING: "retries,failures" })
    const tries = (declined: number) => {
      let tried = 0
      return Effect.suspend(() => (++tried > declined ? Effect.void : Effect.fail("declined"))).pipe(
        Traced.attempt("charge", { maxRetries: 2 }),
        Effect.retry(Schedule.recurs(2)),
        Effect.ignore
      )
    }
    return Effect.gen(function* () {
      yield* run(tries(2))
      assert.deepInclude(yield* tail, { kept: {}, letGo: 1 })
      yield* run(tries(3))
      yield* TracingHealth.flush
      assert.deepStrictEqual(reasons(), ["retries"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("is kept when it was cut off, not when something in it was", () => {
    const { layer, reasons } = make({ TRACING_TAIL_SAMPLING: "interrupted" })
    return Effect.gen(function* () {
      yield* run(Effect.race(Effect.never.pipe(Effect.withSpan("loser")), Effect.void))
      assert.deepInclude(yield* tail, { kept: {}, letGo: 1 })
      const fiber = yield* Effect.forkChild(run(Effect.andThen(work, Effect.never)), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      yield* TracingHealth.flush
      assert.deepStrictEqual(reasons(), ["interrupted"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("is kept when it took longer than it should", () => {
    const { arrived, layer, reasons } = make({ TRACING_TAIL_SAMPLING: "slow", TRACING_TAIL_SLOWER_THAN: "2 seconds" })
    return Effect.gen(function* () {
      const take = (seconds: number) => TestClock.adjust(`${seconds} seconds`).pipe(Effect.withSpan("wait"))
      yield* run(take(2))
      yield* run(take(3))
      yield* TracingHealth.flush
      assert.strictEqual(arrived.length, 2)
      assert.deepStrictEqual(reasons(), ["slow"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("is kept when it was among the slowest of its operation, sampled ones counted too", () => {
    const { layer, names } = make(
      { TRACING_TAIL_SAMPLING: "slow" },
      {
        sampler: Sampler.parentBased({
          description: "the first hundred",
          decide: ({ name }) => ({ sampled: name === "sampled", reason: "test" })
        })
      }
    )
    return Effect.gen(function* () {
      const take = (name: string, millis: number) => Effect.withSpan(TestClock.adjust(millis), name)
      for (let index = 0; index < 120; index++) yield* take("quick", 10 + (index % 5))
      yield* take("other", 500)
      yield* take("quick", 40)
      yield* take("quick", 11)
      yield* TracingHealth.flush
      assert.deepStrictEqual(names(), ["quick"])
      for (let index = 0; index < 120; index++) yield* take("sampled", 10)
      assert.deepInclude(yield* tail, { kept: { slowest: 1 }, letGo: 122 })
    }).pipe(Effect.provide(layer))
  })

  it.effect("is kept with the share of the rest, and the same one everywhere", () => {
    const one = make({ TRACING_TAIL_SHARE: "0.25" })
    const two = make({ TRACING_TAIL_SHARE: "0.25" })
    const traces = Effect.forEach(
      Array.from({ length: 400 }, (_, index) => index),
      (index) =>
        Effect.void.pipe(
          Effect.withSpan("run", {
            parent: SpanContext.toExternalSpan({
              traceId: (index * 7919 + 1).toString(16).padStart(32, "0"),
              spanId: "b".repeat(16),
              traceFlags: 0,
              traceState: ""
            })
          })
        )
    )
    return Effect.gen(function* () {
      yield* Effect.andThen(traces, TracingHealth.flush).pipe(Effect.provide(one.layer))
      yield* Effect.andThen(traces, TracingHealth.flush).pipe(Effect.provide(two.layer))
      const ids = ({ arrived }: typeof one) => arrived.map(({ traceId }) => traceId)
      assert.deepStrictEqual(ids(one), ids(two))
      assert.isAbove(ids(one).length, 70)
      assert.isBelow(ids(one).length, 130)
    })
  })

  it.effect("is kept by a rule of one's own, which sees all of it; one that throws keeps", () => {
    const seen: Array<LocalTrace> = []
    const rule: TailRule = (trace) => {
      seen.push(trace)
      if (trace.root.attributes.get("tenant_id") === "throws") throw new Error("a rule that trips")
      return trace.root.attributes.get("tenant_id") === "acme" ? "vip" : undefined
    }
    const { layer, reasons } = make({ TRACING_TAIL_SAMPLING: "off" }, { tailRules: [rule] })
    return Effect.gen(function* () {
      const of = (tenantId: string) => work.pipe(Traced.workflow("order", { tenantId, executionId: tenantId }))
      yield* of("acme")
      yield* of("others")
      yield* of("throws")
      yield* TracingHealth.flush
      assert.deepStrictEqual(
        seen.map(({ root, spans }) => [root.name, spans.length]),
        [
          ["workflow.execute", 3],
          ["workflow.execute", 3],
          ["workflow.execute", 3]
        ]
      )
      assert.deepStrictEqual(reasons(), ["vip", "rule_failed"])
    }).pipe(Effect.provide(layer))
  })
})

describe("runs that fail by the dozen", () => {
  it.effect("are kept as many a second as may be, each of them whole", () => {
    const { arrived, layer } = make({ TRACING_TAIL_MAX_PER_SECOND: "2" })
    return Effect.gen(function* () {
      for (const _ of Array(5)) yield* run(fails)
      yield* TestClock.adjust("500 millis")
      for (const _ of Array(5)) yield* run(fails)
      yield* TracingHealth.flush
      assert.strictEqual(arrived.length, 3 * 4)
      assert.deepInclude(yield* books, { letGo: 7 * 4, refused: { tail_rate: 7 } })
      assert.deepInclude(yield* tail, { kept: { failure: 3 }, letGo: 7 })
    }).pipe(Effect.provide(layer))
  })
})

describe("what sampling chose", () => {
  it.effect("passes straight through, without a reason", () => {
    const { arrived, layer, reasons } = make({ TRACING_SAMPLE_RATE: "1" })
    return Effect.gen(function* () {
      yield* run(fails)
      yield* TracingHealth.flush
      assert.strictEqual(arrived.length, 4)
      assert.deepStrictEqual(reasons(), [undefined])
      assert.deepInclude(yield* tail, { undecided: 0, kept: {}, letGo: 0 })
    }).pipe(Effect.provide(layer))
  })

  it.effect("and what the program rules out are no business of it", () => {
    const { layer } = make({ TRACING_TAIL_SAMPLING: "failures,errors" })
    return Effect.gen(function* () {
      yield* Effect.fail("no").pipe(Effect.withSpan("ruled out", { sampled: false }), Effect.ignore)
      assert.deepInclude(yield* books, { started: 1, sampledOut: 1, ended: 0 })
    }).pipe(Effect.provide(layer))
  })
})

describe("spans that come after the verdict", () => {
  it.effect("follow it, whether they were open then or begin only now", () => {
    const { layer, names, reasons } = make()
    return Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const after = Deferred.await(gate).pipe(
        Effect.withSpan("open"),
        Effect.andThen(Effect.void.pipe(Effect.withSpan("new")))
      )
      const detached = Effect.forkDetach(after, { startImmediately: true })
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      const late = (ending: Effect.Effect<never, string> | Effect.Effect<void>) =>
        Effect.gen(function* () {
          fibers.push(yield* detached)
          yield* ending
        })
      yield* run(late(Effect.fail("no")))
      yield* run(late(Effect.void))
      yield* TracingHealth.flush
      assert.deepStrictEqual(names(), ["workflow.execute"])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.awaitAll(fibers)
      yield* TracingHealth.flush
      assert.deepStrictEqual(names(), ["workflow.execute", "open", "new"])
      assert.deepInclude(yield* books, { letGo: 3, exported: 3 })
      assert.deepStrictEqual(reasons(), ["failure", undefined])
    }).pipe(Effect.provide(layer))
  })

  it.effect("are let go when their trace is forgotten", () => {
    const { layer, names } = make({ TRACING_TAIL_MAX_TRACES: "2" })
    return Effect.gen(function* () {
      const span = yield* Effect.gen(function* () {
        const span = yield* Effect.makeSpan("late")
        span.attribute("order", span.traceId)
        return yield* Effect.fail(span)
      }).pipe(Effect.withSpan("run"), Effect.flip)
      for (const _ of [1, 2]) yield* run(Effect.fail("no"))
      span.end(0n, Exit.void)
      yield* TracingHealth.flush
      assert.deepStrictEqual(names(), ["run", "workflow.execute", "workflow.execute"])
      assert.deepInclude(yield* books, { letGo: 1 })
    }).pipe(Effect.provide(layer))
  })
})

describe("a trace with several local roots", () => {
  const local = (name: string, gate: Deferred.Deferred<void, string>) =>
    Effect.andThen(work, Deferred.await(gate)).pipe(Effect.withSpan(name, { parent: remote("a") }), Effect.exit)

  it.effect("is decided when the last of them that is open has ended", () => {
    const { layer, tree } = make()
    return Effect.gen(function* () {
      const first = yield* Deferred.make<void, string>()
      const second = yield* Deferred.make<void, string>()
      const one = yield* Effect.forkChild(local("server", first), { startImmediately: true })
      const two = yield* Effect.forkChild(local("consumer", second), { startImmediately: true })
      yield* Deferred.fail(first, "no")
      yield* Fiber.join(one)
      assert.deepInclude(yield* tail, { undecided: 1, spans: 5 })
      yield* Deferred.succeed(second, undefined)
      yield* Fiber.join(two)
      assert.strictEqual(
        yield* tree(),
        "consumer\n├─ plain\n└─ workflow.step.execute\nserver ✗ string\n├─ plain\n└─ workflow.step.execute"
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("one after the other is decided part by part, and kept from the part on that failed", () => {
    const { layer, names } = make()
    return Effect.gen(function* () {
      const part = (name: string, ending: Effect.Effect<void, string>) =>
        Effect.andThen(Effect.withSpan(Effect.void, `in ${name}`), ending).pipe(
          Effect.withSpan(name, { parent: remote("a") }),
          Effect.exit
        )
      yield* part("first", Effect.void)
      yield* part("second", Effect.fail("no"))
      yield* part("third", Effect.void)
      yield* TracingHealth.flush
      assert.deepStrictEqual(names(), ["in second", "second", "in third", "third"])
      assert.deepInclude(yield* tail, { kept: { failure: 1 }, letGo: 1, undecided: 0 })
    }).pipe(Effect.provide(layer))
  })
})

describe("what waits for a verdict is bounded", () => {
  it.effect("in traces: the oldest goes whole, and what comes of it later as well", () => {
    const { layer, names } = make({ TRACING_TAIL_MAX_TRACES: "2" })
    return Effect.gen(function* () {
      const first = yield* Deferred.make<void, string>()
      const oldest = yield* Effect.forkChild(run(Effect.andThen(work, Deferred.await(first)), "oldest"), {
        startImmediately: true
      })
      const never = run(Effect.andThen(work, Effect.never))
      for (const _ of [1, 2]) yield* Effect.forkChild(never, { startImmediately: true })
      assert.deepInclude(yield* tail, { undecided: 2, spans: 4, evicted: { traces: 1 } })
      assert.deepStrictEqual((yield* books).dropped, { tail_traces: 2 })
      yield* Deferred.fail(first, "no")
      yield* Fiber.join(oldest)
      yield* TracingHealth.flush
      assert.deepStrictEqual(names(), [])
      assert.deepStrictEqual((yield* books).dropped, { tail_traces: 3 })
    }).pipe(Effect.provide(layer))
  })

  it.effect("in spans; what is lost is one warning, and then one a minute", () => {
    const warnings: Array<string> = []
    const logger = Logger.make(({ message }) => void warnings.push(String(message)))
    const { layer } = make({ TRACING_TAIL_MAX_SPANS: "5" }, {}, Logger.layer([logger]))
    return Effect.gen(function* () {
      warnings.length = 0
      const never = run(Effect.andThen(work, Effect.never))
      for (const _ of [1, 2, 3]) yield* Effect.forkChild(never, { startImmediately: true })
      assert.deepInclude(yield* tail, { undecided: 2, spans: 4, evicted: { spans: 1 } })
      assert.deepStrictEqual((yield* books).dropped, { tail_spans: 2 })
      yield* TestClock.adjust(0)
      yield* Effect.forkChild(never, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const told = (count: number) =>
        `Tracing lost spans: ${count} of undecided runs that had too many spans (TRACING_TAIL_MAX_SPANS).`
      assert.deepStrictEqual(warnings, [told(2)])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(warnings, [told(2), told(2)])
    }).pipe(Effect.provide(layer))
  })

  it.effect("in bytes", () => {
    const { layer } = make({ TRACING_TAIL_MAX_BYTES: "20000" })
    return Effect.gen(function* () {
      const large = Effect.void.pipe(Effect.withSpan("large", { attributes: { body: "x".repeat(8000) } }))
      for (const _ of [1, 2, 3]) {
        yield* Effect.forkChild(run(Effect.andThen(large, Effect.never)), { startImmediately: true })
      }
      const { bytes, evicted, spans, undecided } = yield* tail
      assert.deepStrictEqual([undecided, spans, evicted], [2, 2, { bytes: 1 }])
      assert.isAbove(bytes, 16_000)
      assert.isBelow(bytes, 20_000)
    }).pipe(Effect.provide(layer))
  })

  it.effect("in the spans of one trace, which says when it comes out how many are missing", () => {
    const { arrived, layer } = make({ TRACING_TAIL_MAX_TRACE_SPANS: "1000" })
    return Effect.gen(function* () {
      const loop = Effect.gen(function* () {
        const step = Effect.void.pipe(Effect.withSpan("step"))
        for (let index = 0; index < 100_000; index++) yield* step
      })
      yield* run(Effect.andThen(loop, Effect.fail("no")))
      yield* TracingHealth.flush
      assert.strictEqual(arrived.length, 1001)
      assert.strictEqual(arrived.at(-1)?.attributes.get("gorax.tracing.kept_without"), 99_000)
      assert.deepInclude(yield* books, { started: 100_001, exported: 1001, dropped: { tail_trace: 99_000 } })
    }).pipe(Effect.provide(layer))
  })
})

describe("a kept run of thousands of spans", () => {
  /** A recorder that has just kept a run of so many spans, and what it has handed on. */
  const keeping = Effect.fnUntraced(function* (count: number, maxSpans = 10_000) {
    const books = SpanBooks.make()
    const handedOn: Array<SpanData> = []
    const { begin, settle, stage, view } = TailSampling.make({
      maxSpans,
      maxSpansPerTrace: maxSpans,
      maxBytes: 1e9,
      maxTraces: 10,
      books,
      rules: [({ hasFailed }) => (hasFailed ? "failure" : undefined)],
      certainRules: []
    })
    const sink = yield* stage({
      push: (span) => void handedOn.push(span),
      flush: Effect.succeed({ exported: 0, left: 0 })
    })
    const root = spans.make({ traceFlags: 0, statusCode: "error" })
    begin(root.traceId, root.spanId)
    for (let index = 1; index < count; index++) sink.push(spans.make({ traceFlags: 0, parentSpanId: root.spanId }))
    sink.push(root)
    return { books, handedOn, settle, sink, begin, view }
  })

  it.effect("goes on a slice at a time, so that nobody waits for it", () =>
    Effect.gen(function* () {
      const { books, handedOn, view } = yield* keeping(5000)
      assert.strictEqual(handedOn.length, 128)
      assert.deepStrictEqual([books.undecided, view.spans, view.undecided], [4872, 4872, 0])
      for (let turns = 0; turns < 100; turns++) yield* Effect.yieldNow
      assert.strictEqual(handedOn.length, 5000)
      assert.deepStrictEqual([books.undecided, view.spans, view.bytes], [0, 0, 0])
    }).pipe(Effect.scoped)
  )

  it.effect("is gone after a flush, at the end, and before the process is", () =>
    Effect.gen(function* () {
      const flushed = yield* keeping(5000)
      yield* flushed.sink.flush
      assert.strictEqual(flushed.handedOn.length, 5000)
      const closed = yield* keeping(5000).pipe(Effect.scoped)
      assert.strictEqual(closed.handedOn.length, 5000)
      const settled = yield* keeping(5000)
      settled.settle()
      assert.strictEqual(settled.handedOn.length, 5000)
    }).pipe(Effect.scoped)
  )

  it.effect("makes room for others, which are not lost for its sake", () =>
    Effect.gen(function* () {
      const { begin, books, handedOn, sink, view } = yield* keeping(1000, 1000)
      begin("c".repeat(32), "other")
      for (let index = 0; index < 900; index++) {
        sink.push(spans.make({ traceId: "c".repeat(32), traceFlags: 0, parentSpanId: "other" }))
        assert.isAtMost(view.spans, 1000)
      }
      assert.strictEqual(handedOn.length, 1000 - (view.spans - 900))
      assert.strictEqual(books.dropped.size, 0)
    }).pipe(Effect.scoped)
  )
})

describe("at the end", () => {
  it.effect("what failed or is cut off is kept, and all else let go", () => {
    const { layer, names } = make({ TRACING_TAIL_SAMPLING: "failures,interrupted" })
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(layer, scope)
      yield* Effect.forkDetach(run(Effect.andThen(work, Effect.never)), { startImmediately: true }).pipe(
        Effect.provide(context)
      )
      yield* run(work).pipe(Effect.provide(context))
      yield* Scope.close(scope, Exit.void)
      const after = yield* books.pipe(Effect.provide(context))
      assert.deepStrictEqual(names(), ["workflow.step.execute", "plain", "workflow.execute"])
      assert.deepInclude(after, { exported: 3, letGo: 3, dropped: {} })
      assert.deepInclude(after.inFlight, { undecided: 0, open: 0, held: 0 })
    })
  })

  it.effect("spans that nobody ends leave what was in them to be decided, and none is left undecided", () => {
    const left = (keep: string) => {
      const { layer, names } = make({ TRACING_TAIL_SAMPLING: keep, TRACING_OTEL_CONTEXT: "on" })
      return Effect.gen(function* () {
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(layer, scope)
        // Foreign spans are not on the list of those that are ended with the layer
        const tracer = Otel.trace.getTracer("somebody else")
        const root = tracer.startSpan("root")
        tracer.startSpan("child", {}, Otel.trace.setSpan(Otel.ROOT_CONTEXT, root)).end()
        yield* Scope.close(scope, Exit.void)
        const { inFlight, letGo } = yield* books.pipe(Effect.provide(context))
        return { names: names(), undecided: inFlight.undecided, letGo }
      })
    }
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* left("interrupted"), { names: ["child"], undecided: 0, letGo: 0 })
      assert.deepStrictEqual(yield* left("failures"), { names: [], undecided: 0, letGo: 1 })
    })
  })

  it.effect("of a flush, what is sure to be kept has been sent, and nothing was torn", () => {
    const { layer, names } = make()
    return Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const failed = run(Effect.fail("no"), "inner").pipe(Effect.andThen(Deferred.await(gate)))
      const fiber = yield* Effect.forkChild(failed.pipe(Effect.withSpan("outer")), { startImmediately: true })
      const good = yield* Effect.forkChild(run(Effect.andThen(work, Deferred.await(gate))), { startImmediately: true })
      yield* TracingHealth.flush
      assert.deepStrictEqual(names(), ["workflow.execute"])
      assert.deepInclude(yield* tail, { undecided: 1, spans: 2 })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.joinAll([fiber, good] as ReadonlyArray<Fiber.Fiber<unknown, unknown>>)
      yield* TracingHealth.flush
      assert.deepStrictEqual(names(), ["workflow.execute", "outer"])
    }).pipe(Effect.provide(layer))
  })
})

it.live("spans of an OpenTelemetry SDK are kept with the run they are part of", () => {
  const { layer, tree } = make({ TRACING_OTEL_CONTEXT: "on" })
  return Effect.gen(function* () {
    const query = Effect.sync(() => Otel.trace.getTracer("pg").startSpan("SELECT").end())
    yield* run(query)
    yield* run(Effect.andThen(query, Effect.fail("no")))
    assert.strictEqual(
      yield* tree(because),
      `workflow.execute ${because}=failure ✗ string\n└─ SELECT ${because}=failure`
    )
  }).pipe(Effect.provide(layer))
})

it.effect("a processor of the user's sees kept spans alone, as sampled ones", () => {
  const ended: Array<string> = []
  const processor = {
    onStart: () => undefined,
    onEnd: (span: { readonly name: string; readonly spanContext: () => Otel.SpanContext }) =>
      void ended.push(`${span.name} ${span.spanContext().traceFlags & 1}`),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve()
  }
  const { layer } = make({}, { spanProcessors: [processor] })
  return Effect.gen(function* () {
    yield* run(work)
    yield* run(Effect.fail("no"))
    assert.deepStrictEqual(ended, ["workflow.execute 1"])
  }).pipe(Effect.provide(layer))
})
