import { assert, describe, it } from "@effect/vitest"
import { type SpanData, type SpanExporter, Tracing, TracingHealth } from "@gorax/tracing"
import { ConfigProvider, Effect, Exit, Layer, Logger, Scope, type Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import * as SpanContext from "../../src/model/SpanContext.ts"

/** What many runs at once may do next. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ _tag: "begin" as const }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("join" as const), which: fc.noBias(fc.nat()) }) },
  { weight: 10, arbitrary: fc.record({ _tag: fc.constant("child" as const), which: fc.noBias(fc.nat()) }) },
  {
    weight: 10,
    arbitrary: fc.record({ _tag: fc.constant("end" as const), which: fc.noBias(fc.nat()), fails: fc.boolean() })
  },
  { weight: 1, arbitrary: fc.constant({ _tag: "flush" as const }) }
)

type Step = typeof step extends fc.Arbitrary<infer A> ? A : never

/** A run, as the test knows it. */
interface Run {
  readonly traceId: string
  readonly spans: Array<Tracer.Span>
  /** Local roots that are open. */
  readonly roots: Set<Tracer.Span>
  /** True when a local root had failed by the time the last of them ended. */
  failed: boolean
  over: boolean
}

const settings = {
  TRACING_ENABLED: "true",
  TRACING_EXPORTER: "none",
  TRACING_SAMPLE_RATE: "0",
  TRACING_TAIL_SAMPLING: "failures"
}

const without = "gorax.tracing.kept_without"

/** Does all that is asked, looks at the books after every step, and gives what became of each run. */
const drive = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>, bounds: Readonly<Record<string, string>>) {
  const arrived: Array<SpanData> = []
  const exporter: SpanExporter = { export: (batch) => Effect.sync(() => void arrived.push(...batch)) }
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    Tracing.layerConfig({ exporters: [exporter] }).pipe(
      Layer.provide([ConfigProvider.layer(ConfigProvider.fromUnknown({ ...settings, ...bounds })), Logger.layer([])])
    ),
    scope
  )
  const runs: Array<Run> = []
  const open: Array<{ readonly run: Run; readonly span: Tracer.Span }> = []
  let started = 0

  const check = Effect.fnUntraced(function* (what: string) {
    const { books, tail } = yield* TracingHealth.snapshot
    const { held, onDisk, open: stillOpen, queued, sending, undecided } = books.inFlight
    const dropped = Object.values(books.dropped).reduce((sum, count) => sum + count, 0)
    const settled = books.sampledOut + books.letGo + books.exported + books.rejected + dropped
    const told = JSON.stringify({ what, books, tail })
    assert.strictEqual(books.started, started, told)
    assert.strictEqual(stillOpen, open.length, told)
    assert.strictEqual(started, settled + stillOpen + undecided + queued + sending + onDisk + held, told)
    assert.strictEqual(undecided, tail?.spans, told)
    assert.strictEqual(held, 0, told)
    return { books, tail: tail! }
  })

  const enter = (run: Run, span: Tracer.Span) => {
    started++
    run.spans.push(span)
    open.push({ run, span })
  }
  const pick = <A>(all: ReadonlyArray<A>, which: number): A | undefined => all[which % Math.max(1, all.length)]

  const act = Effect.fnUntraced(function* (next: Step) {
    switch (next._tag) {
      case "begin": {
        const span = yield* Effect.makeSpan("run", { root: true })
        const run = { traceId: span.traceId, spans: [], roots: new Set([span]), failed: false, over: false }
        runs.push(run)
        return enter(run, span)
      }
      case "join": {
        // A call that comes back to this process while the run goes on
        const run = pick(
          runs.filter(({ over }) => !over),
          next.which
        )
        if (run === undefined) return
        const parent = { traceId: run.traceId, spanId: "c".repeat(16), traceFlags: 0, traceState: "" }
        const span = yield* Effect.makeSpan("served", { parent: SpanContext.toExternalSpan(parent) })
        assert.strictEqual(span.traceId, run.traceId)
        run.roots.add(span)
        return enter(run, span)
      }
      case "child": {
        // Under any span that there ever was: what comes after the end of its run is late
        const run = pick(runs, next.which)
        const parent = run && pick(run.spans, next.which)
        if (run === undefined || parent === undefined) return
        return enter(run, yield* Effect.makeSpan("step", { parent }))
      }
      case "end": {
        const [ended] = open.splice(next.which % Math.max(1, open.length), 1)
        if (ended === undefined) return
        const { run, span } = ended
        if (run.roots.delete(span)) {
          if (!run.over) run.failed ||= next.fails
          run.over ||= run.roots.size === 0
        }
        return span.end(1n, next.fails ? Exit.fail("no") : Exit.void)
      }
      case "flush":
        return yield* Effect.forkChild(TracingHealth.flush, { startImmediately: true })
    }
  })

  return yield* Effect.gen(function* () {
    for (const next of steps) {
      yield* act(next)
      yield* check(next._tag)
    }
    while (open.length > 0) {
      yield* act({ _tag: "end", which: 0, fails: false })
      yield* check("winding up")
    }
    yield* TracingHealth.flush
    const { books, tail } = yield* check("flushed")
    yield* Scope.close(scope, Exit.void)
    yield* check("closed")
    assert.strictEqual(tail.undecided, 0)
    assert.strictEqual(books.inFlight.undecided, 0)
    return { runs, arrived, books, tail }
  }).pipe(Effect.provide(context))
})

const under = (
  bounds: Readonly<Record<string, string>>,
  judge: (outcome: Effect.Success<ReturnType<typeof drive>>) => void
) =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 200, size: "max" }), async (steps) => {
      judge(await Effect.runPromise(drive(steps, bounds).pipe(Effect.provide(TestClock.layer()))))
    }),
    { numRuns: 60 }
  )

describe("however many runs are interleaved, the books balance after every step", () => {
  it("and each run comes out whole or not at all, unless it was evicted, as counted", async () => {
    let whole = 0
    let missed = 0
    await under({ TRACING_TAIL_MAX_SPANS: "5" }, ({ arrived, runs, tail }) => {
      let lost = 0
      for (const { failed, spans, traceId } of runs) {
        const out = arrived.filter((span) => span.traceId === traceId)
        if (out.length > 0) {
          assert.isTrue(failed, "a good run has left something")
          const missing = Math.max(...out.map(({ attributes }) => Number(attributes.get(without) ?? 0)))
          assert.includeMembers(
            spans.map(({ spanId }) => spanId),
            out.map(({ spanId }) => spanId)
          )
          assert.strictEqual(new Set(out.map(({ spanId }) => spanId)).size, out.length)
          assert.strictEqual(out.length + missing, spans.length)
          if (missing === 0) whole++
        } else if (failed) lost++
      }
      assert.isAtMost(lost, tail.evicted["spans"] ?? 0)
      missed += lost
    })
    // Else nothing was proved
    assert.isAbove(whole, 50)
    assert.isAbove(missed, 5)
  })

  it("and without a bound in the way every run that failed comes out", async () => {
    await under({}, ({ arrived, runs, tail }) => {
      const out = new Set(arrived.map(({ traceId }) => traceId))
      for (const { failed, traceId } of runs) assert.strictEqual(out.has(traceId), failed)
      assert.deepStrictEqual(tail.evicted, {})
    })
  })

  it("also while traces are forgotten", async () => {
    let evicted = 0
    await under({ TRACING_TAIL_MAX_TRACES: "2", TRACING_TAIL_MAX_TRACE_SPANS: "3" }, ({ tail }) => {
      evicted += tail.evicted["traces"] ?? 0
    })
    assert.isAbove(evicted, 100)
  })
})
