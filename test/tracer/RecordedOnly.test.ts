import { assert, describe, it } from "@effect/vitest"
import { Sampler, Traced } from "@gorax/tracing"
import * as Otel from "@opentelemetry/api"
import { Effect, Exit, Tracer } from "effect"
import * as spanCombinator from "../../src/internal/spanCombinator.ts"
import * as OtelGlobals from "../../src/layers/OtelGlobals.ts"
import * as RecordedSpan from "../../src/model/RecordedSpan.ts"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as SpanLimits from "../../src/model/SpanLimits.ts"
import * as Propagator from "../../src/propagation/Propagator.ts"
import * as Ids from "../../src/tracer/Ids.ts"
import * as OtelContext from "../../src/tracer/OtelContext.ts"
import * as Recorder from "./recorder.ts"

/** A tracer that records what it does not sample, and samples nothing. */
const recordedOnly = (options: Recorder.RecorderOptions = {}) => {
  const roots: Array<string> = []
  const recorder = Recorder.make({
    sampler: Sampler.parentBased(Sampler.never),
    recordsUnsampled: true,
    onRecordedRoot: (traceId) => void roots.push(traceId),
    ...options
  })
  return { ...recorder, roots, names: () => recorder.spans.map(({ name }) => name) }
}

const withSpan =
  (name: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.withSpan(self, name)

const traced =
  (name: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Traced.span(self, name)

const parent = (traceFlags: number) =>
  SpanContext.toExternalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags, traceState: "" })

for (const [how, span, publicApiOnly] of [
  ["our combinators", traced, false],
  ["our combinators on Effect's public API", traced, true],
  ["Effect.withSpan", withSpan, false]
] as const) {
  describe(`a run that is not sampled, told with ${how}`, () => {
    it.effect("is recorded to its last span where that is asked for, and nobody outside hears of it", () =>
      Effect.gen(function* () {
        const { books, named, names, roots, run, spans } = recordedOnly({ publicApiOnly })
        const contexts: Array<SpanContext.SpanContext> = []
        const sampled: Array<boolean> = []
        const leaf = Effect.gen(function* () {
          const current = yield* Effect.currentSpan
          contexts.push(SpanContext.fromSpan(current))
          sampled.push(current.sampled)
          yield* Effect.annotateCurrentSpan("order", 7)
          return yield* Effect.fail(new Error("no stock"))
        })
        yield* run(leaf.pipe(span("step"), span("run"), Effect.exit))
        assert.deepStrictEqual(names(), ["step", "run"])
        assert.deepStrictEqual(sampled, [false])
        for (const { traceFlags } of [...spans, ...contexts])
          assert.strictEqual(traceFlags & SpanContext.sampledFlag, 0)
        assert.strictEqual(named("step").parentSpanId, named("run").spanId)
        assert.strictEqual(named("step").attributes.get("order"), 7)
        assert.strictEqual(named("step").statusCode, "error")
        assert.deepStrictEqual(
          named("step").events.map(({ name }) => name),
          ["exception"]
        )
        assert.deepStrictEqual(roots, [named("run").traceId])
        assert.deepInclude(books, { started: 2, ended: 2, sampledOut: 0 })
      })
    )

    it.effect("under a parent elsewhere that was not sampled begins a part of its own here", () =>
      Effect.gen(function* () {
        const { named, names, roots, run } = recordedOnly({ publicApiOnly })
        const below = Effect.void.pipe(span("step"), span("run"), Effect.withParentSpan(parent(0)))
        yield* run(Effect.andThen(below, below))
        assert.deepStrictEqual(names(), ["step", "run", "step", "run"])
        assert.isTrue(named("run").parentIsRemote)
        assert.isFalse(named("step").parentIsRemote)
        assert.deepStrictEqual(roots, ["a".repeat(32), "a".repeat(32)])
      })
    )

    it.effect("leaves out what its trace level rules out, with all below, wherever the parent is", () =>
      Effect.gen(function* () {
        const { books, names, roots, run } = recordedOnly({ publicApiOnly })
        const quiet = Effect.void.pipe(
          span("below quiet"),
          span("quiet"),
          Effect.provideService(Tracer.MinimumTraceLevel, "None")
        )
        yield* run(quiet.pipe(span("run")))
        yield* run(quiet.pipe(Effect.withParentSpan(parent(0))))
        assert.deepStrictEqual(names(), ["run"])
        assert.strictEqual(roots.length, 1)
        assert.deepInclude(books, { started: 5, ended: 1, sampledOut: 4 })
      })
    )

    it.effect("says nothing of itself where it was sampled elsewhere", () =>
      Effect.gen(function* () {
        const { roots, run, spans } = recordedOnly({ publicApiOnly })
        yield* run(Effect.void.pipe(span("step"), span("run"), Effect.withParentSpan(parent(1))))
        for (const { traceFlags } of spans) assert.strictEqual(traceFlags & SpanContext.sampledFlag, 1)
        assert.deepStrictEqual(roots, [])
      })
    )
  })
}

describe("a span that is recorded only", () => {
  it.effect("has none below it that was told to be left out", () =>
    Effect.gen(function* () {
      const { names, run } = recordedOnly()
      const out = spanCombinator.open(Traced.step(Effect.void, "below out"), { name: "out", sampled: false })
      yield* run(Effect.andThen(out, Effect.void.pipe(Traced.span("in"))).pipe(Traced.span("run")))
      assert.deepStrictEqual(names(), ["in", "run"])
    })
  )

  it.effect("is a sampled one with a reason once it is kept, and so are children that are yet to come", () =>
    Effect.gen(function* () {
      const { named, run, spans } = recordedOnly()
      yield* run(
        Effect.gen(function* () {
          const run = yield* Effect.makeSpan("run")
          yield* Effect.withParentSpan(withSpan("early")(Effect.void), run)
          run.end(0n, Exit.void)
          assert.strictEqual(RecordedSpan.keep(named("run"), { why: "test" }), named("run"))
          yield* Effect.withParentSpan(withSpan("late")(Effect.void), run)
        })
      )
      assert.deepStrictEqual(
        spans.map((span) => [span.name, RecordedSpan.isRecordedOnly(span), span.attributes.get("why")]),
        [
          ["early", true, undefined],
          ["run", false, "test"],
          ["late", false, undefined]
        ]
      )
    })
  )

  it.effect("of an OpenTelemetry SDK is one of them, and a copy of it is kept", () =>
    Effect.gen(function* () {
      const spans: Array<SpanData> = []
      const roots: Array<string> = []
      const books = SpanBooks.make()
      yield* OtelGlobals.register({
        sink: { push: (span) => void spans.push(span), flush: Effect.succeed({ exported: 0, left: 0 }) },
        sampler: Sampler.parentBased(Sampler.never),
        recordsUnsampled: true,
        onRecordedRoot: (traceId) => void roots.push(traceId),
        ids: Ids.secure(),
        limits: SpanLimits.defaults,
        resource: { attributes: {} },
        scope: { name: "test", version: "0" },
        books,
        otelContext: OtelContext.make("on"),
        propagator: Propagator.traceContext
      })
      const tracer = Otel.trace.getTracer("somebody else")
      const root = tracer.startSpan("root")
      const context = Otel.trace.setSpan(Otel.ROOT_CONTEXT, root)
      assert.isTrue(root.isRecording())
      assert.strictEqual(root.spanContext().traceFlags & 1, 0)
      tracer.startSpan("child", { attributes: { order: 7 } }, context).end()
      root.end()
      assert.deepStrictEqual(
        spans.map(({ name }) => name),
        ["child", "root"]
      )
      assert.deepStrictEqual(roots, [root.spanContext().traceId])
      assert.deepInclude(books, { started: 2, ended: 2, sampledOut: 0 })
      const kept = RecordedSpan.keep(spans[0]!, { why: "test" })
      assert.deepStrictEqual(Object.fromEntries(kept.attributes), { order: 7, why: "test" })
      assert.deepStrictEqual(spans.map(RecordedSpan.isRecordedOnly), [true, true])
      assert.isFalse(RecordedSpan.isRecordedOnly(kept))
    }).pipe(Effect.scoped)
  )
})
