import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Redacted, Tracer } from "effect"
import type { SamplingInput } from "../../src/model/Sampler.ts"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import * as SpanHints from "../../src/model/SpanHints.ts"
import * as Sampler from "../../src/sampling/Sampler.ts"
import * as GoraxTracer from "../../src/tracer/GoraxTracer.ts"
import * as Ids from "../../src/tracer/Ids.ts"
import * as Recorder from "./recorder.ts"

/** Records everything, and what it was asked. */
const observing = () => {
  const asked: Array<SamplingInput & { readonly keys: ReadonlyArray<string> }> = []
  const sampler: Sampler.Sampler = {
    description: "observing",
    decide(input) {
      asked.push({ ...input, keys: [...input.attributes.keys()] })
      return { sampled: true, reason: "observed" }
    }
  }
  return { asked, sampler }
}

const remote = (traceFlags: number, traceState = "") =>
  SpanContext.toExternalSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags, traceState })

describe("what a span says about its effect", () => {
  it.effect("leaves the status unset on success", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(Effect.succeed("result").pipe(Effect.withSpan("work")))
      assert.strictEqual(recorder.named("work").statusCode, "unset")
      assert.strictEqual(recorder.named("work").events.length, 0)
    })
  )

  it.effect("names the type and the message of a failure, without its secrets", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      class Declined extends Error {
        readonly _tag = "Declined"
        readonly cardNumber = "4242 4242"
      }
      yield* recorder.run(
        Effect.fail(new Declined("declined by https://user:hunter2@bank.example, token=abc123")).pipe(
          Effect.withSpan("charge"),
          Effect.exit
        )
      )
      const span = recorder.named("charge")
      assert.strictEqual(span.statusCode, "error")
      assert.strictEqual(span.attributes.get("error.type"), "Declined")
      assert.strictEqual(span.statusMessage, "declined by https://REDACTED@bank.example, token=REDACTED")
      assert.notInclude(
        JSON.stringify(span.events, (_, value) => (typeof value === "bigint" ? "" : value)),
        "hunter2"
      )
      assert.notInclude(
        JSON.stringify(span.events, (_, value) => (typeof value === "bigint" ? "" : value)),
        "4242"
      )
    })
  )

  it.effect("keeps the stack of one error once, on the innermost span", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(
        Effect.fail(new Error("no")).pipe(Effect.withSpan("inner"), Effect.withSpan("outer"), Effect.exit)
      )
      assert.strictEqual(recorder.named("inner").events[0]?.name, "exception")
      assert.include(String(recorder.named("inner").events[0]?.attributes["exception.stacktrace"]), "GoraxTracer.test")
      assert.strictEqual(recorder.named("outer").events.length, 0)
      assert.strictEqual(recorder.named("outer").statusMessage, "no")
    })
  )

  it.effect("keeps the stack again when the same error object fails another time", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const fails = Effect.fail(new Error("no")).pipe(Effect.withSpan("work"), Effect.exit)
      yield* recorder.run(Effect.all([fails, fails]).pipe(Effect.withSpan("parent")))
      assert.deepStrictEqual(
        recorder.spans.map((span) => span.events.length),
        [1, 1, 0]
      )
    })
  )

  it.effect("keeps the stack once also where many spans fail side by side, and tells all of them", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const branch = (index: number) =>
        Effect.fail(new Error(`no ${index}`)).pipe(Effect.withSpan("step"), Effect.withSpan("branch"), Effect.exit)
      yield* recorder.run(
        Effect.forEach(
          Array.from({ length: 50 }, (_, index) => index),
          branch,
          { concurrency: "unbounded" }
        ).pipe(Effect.withSpan("parent"))
      )
      const counted = (name: string) => recorder.spans.filter((span) => span.name === name && span.events.length === 1)
      assert.strictEqual(counted("step").length, 50)
      assert.strictEqual(counted("branch").length, 0)
    })
  )

  it.effect("says how it ended and lets the error go, which may hold much", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const seen: Array<Tracer.Span> = []
      const look = Effect.tap(Effect.currentSpan, (span) => Effect.sync(() => seen.push(span)))
      yield* recorder.run(
        Effect.all(
          [look, Effect.andThen(look, Effect.fail(new TypeError("no"))), Effect.andThen(look, Effect.interrupt)].map(
            (work) => Effect.exit(Effect.withSpan(work, "work"))
          )
        )
      )
      const exits = seen.map(({ status }) => (status._tag === "Ended" ? status.exit : undefined)!)
      assert.deepStrictEqual(exits[0], Exit.void)
      assert.deepStrictEqual(exits[1], Exit.fail({ _tag: "TypeError", message: "no" }))
      assert.isTrue(Exit.hasInterrupts(exits[2]!))
    })
  )

  it.effect("records a defect like a failure", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(Effect.die(new TypeError("boom")).pipe(Effect.withSpan("work"), Effect.exit))
      assert.strictEqual(recorder.named("work").attributes.get("error.type"), "TypeError")
      assert.strictEqual(recorder.named("work").statusCode, "error")
    })
  )

  it.effect("does not call an interruption an error", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const fiber = yield* recorder
        .run(Effect.never.pipe(Effect.withSpan("work")))
        .pipe(Effect.forkChild({ startImmediately: true }))
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(recorder.named("work").statusCode, "unset")
      assert.strictEqual(recorder.named("work").attributes.get("effect.fiber.interrupted"), true)
    })
  )

  it.effect("survives errors whose getters throw", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const hostile = new Proxy(
        {},
        {
          get() {
            throw new Error("gotcha")
          }
        }
      )
      const exit = yield* recorder.run(Effect.fail(hostile).pipe(Effect.withSpan("work"), Effect.exit))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(recorder.named("work").statusCode, "error")
    })
  )

  it.effect("ends in error when its `error.type` was set although the effect succeeded", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(Effect.annotateCurrentSpan("error.type", "500").pipe(Effect.withSpan("request")))
      assert.strictEqual(recorder.named("request").statusCode, "error")
    })
  )
})

describe("when sampling is decided", () => {
  it.effect("at the end, when nobody asked before, with every attribute in sight", () =>
    Effect.gen(function* () {
      const { asked, sampler } = observing()
      const recorder = Recorder.make({ sampler })
      yield* recorder.run(
        Effect.gen(function* () {
          assert.isTrue((yield* Effect.currentSpan).sampled)
          assert.strictEqual(asked.length, 0)
          yield* Effect.annotateCurrentSpan("http.route", "/orders/:id")
        }).pipe(Effect.withSpan("request", { attributes: { tenant_id: "acme" } }))
      )
      assert.deepStrictEqual(
        asked.map(({ keys }) => keys),
        [["tenant_id", "http.route"]]
      )
    })
  )

  it.effect("at the first child", () =>
    Effect.gen(function* () {
      const { asked, sampler } = observing()
      const recorder = Recorder.make({ sampler })
      yield* recorder.run(
        Effect.gen(function* () {
          yield* Effect.annotateCurrentSpan("before", true)
          yield* Effect.void.pipe(Effect.withSpan("child"))
          yield* Effect.annotateCurrentSpan("after", true)
        }).pipe(Effect.withSpan("parent"))
      )
      assert.deepStrictEqual(
        asked.map(({ keys, name }) => [name, ...keys]),
        [["parent", "before"], ["child"]]
      )
      assert.strictEqual(recorder.named("child").parentSpanId, recorder.named("parent").spanId)
    })
  )

  it.effect("at the first read of its ids", () =>
    Effect.gen(function* () {
      const { asked, sampler } = observing()
      const recorder = Recorder.make({ sampler })
      yield* recorder.run(
        Effect.gen(function* () {
          const span = yield* Effect.currentSpan
          assert.match(span.traceId, /^[0-9a-f]{32}$/)
          assert.strictEqual(asked.length, 1)
          assert.match(span.spanId, /^[0-9a-f]{16}$/)
          assert.strictEqual(asked.length, 1)
        }).pipe(Effect.withSpan("work"))
      )
    })
  )

  it.effect("once, and for the whole tree: descendants of an unsampled span are unsampled", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make({ sampler: Sampler.parentBased(Sampler.never) })
      yield* recorder.run(Effect.void.pipe(Effect.withSpan("child"), Effect.withSpan("parent")))
      assert.strictEqual(recorder.spans.length, 0)
      assert.deepInclude(recorder.books, { started: 2, sampledOut: 2, ended: 0 })
    })
  )
})

describe("what Effect decides is honoured", () => {
  it.effect("`sampled: false` rules a span and its descendants out, whatever the sampler says", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(
        Effect.void.pipe(
          Effect.withSpan("child"),
          Effect.withSpan("quiet", { sampled: false }),
          Effect.withSpan("loud")
        )
      )
      assert.deepStrictEqual(
        recorder.spans.map((span) => span.name),
        ["loud"]
      )
    })
  )

  it.effect("spans below the minimum trace level are left out", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(
        Effect.void
          .pipe(Effect.withSpan("detail", { level: "Debug" }), Effect.withSpan("work"))
          .pipe(Effect.provideService(Tracer.MinimumTraceLevel, "Info"))
      )
      assert.deepStrictEqual(
        recorder.spans.map((span) => span.name),
        ["work"]
      )
    })
  )

  it.effect("spans switched off by `withTracerEnabled(false)` are never seen", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(Effect.void.pipe(Effect.withSpan("work"), Effect.withTracerEnabled(false)))
      assert.strictEqual(recorder.books.started, 0)
    })
  )
})

describe("ids and flags", () => {
  it.effect("a new root carries the random flag, and its children keep it", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(Effect.void.pipe(Effect.withSpan("child"), Effect.withSpan("root")))
      assert.deepStrictEqual(
        recorder.spans.map((span) => span.traceFlags),
        [3, 3]
      )
      assert.strictEqual(new Set(recorder.spans.map((span) => span.traceId)).size, 1)
    })
  )

  it.effect("a remote parent gives its trace id, its state and its decision", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make({ sampler: Sampler.parentBased(Sampler.never) })
      yield* recorder.run(Effect.void.pipe(Effect.withSpan("work", { parent: remote(1, "vendor=1") })))
      yield* recorder.run(Effect.void.pipe(Effect.withSpan("unwanted", { parent: remote(0) })))
      assert.deepStrictEqual(
        recorder.spans.map((span) => span.name),
        ["work"]
      )
      const span = recorder.named("work")
      assert.deepInclude(SpanContext.fromSpan(span as never), {
        traceId: "1".repeat(32),
        traceFlags: 1,
        traceState: "vendor=1"
      })
      assert.strictEqual(span.parentSpanId, "2".repeat(16))
      assert.isTrue(span.parentIsRemote)
    })
  )

  it.effect("a parent with malformed ids is no parent", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const parent = Tracer.externalSpan({ traceId: "noop", spanId: "noop" })
      yield* recorder.run(Effect.void.pipe(Effect.withSpan("work", { parent })))
      assert.isUndefined(recorder.named("work").parentSpanId)
      assert.match(recorder.named("work").traceId, /^[0-9a-f]{32}$/)
    })
  )

  it.effect("can be forced, for runs that must be found again", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const ids = { traceId: "a".repeat(32), spanId: "b".repeat(16) }
      const annotations = Context.make(SpanHints.ForcedIds, ids)
      yield* recorder.run(Effect.void.pipe(Effect.withSpan("run", { annotations })))
      assert.deepInclude(SpanContext.fromSpan(recorder.named("run") as never), ids)
    })
  )

  it.effect("a transparent span is left out, and its children hang under its parent", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const annotations = Context.make(SpanHints.Transparent, true)
      yield* recorder.run(
        Effect.void.pipe(
          Effect.withSpan("child"),
          Effect.withSpan("memoised", { annotations }),
          Effect.withSpan("root")
        )
      )
      assert.deepStrictEqual(
        recorder.spans.map((span) => span.name),
        ["child", "root"]
      )
      assert.strictEqual(recorder.named("child").parentSpanId, recorder.named("root").spanId)
    })
  )

  it("ten thousand of them are well formed and different", () => {
    const ids = Ids.secure()
    const traceIds = Array.from({ length: 10_000 }, ids.traceId)
    const spanIds = Array.from({ length: 10_000 }, ids.spanId)
    assert.strictEqual(new Set(traceIds).size, 10_000)
    assert.strictEqual(new Set(spanIds).size, 10_000)
    for (const [index, traceId] of traceIds.entries()) {
      assert.isTrue(SpanContext.isValid({ traceId, spanId: spanIds[index]! }))
    }
  })
})

describe("limits and bad input", () => {
  it.effect("counts what is above the limits", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make({ limits: { attributes: 2, attributeLength: 3, events: 1, links: 1 } })
      yield* recorder.run(
        Effect.gen(function* () {
          const span = yield* Effect.currentSpan
          span.attribute("a", "abcdef")
          span.attribute("b", 1)
          span.attribute("c", 2)
          span.attribute("a", "xyz!")
          span.event("one", 1n)
          span.event("two", 2n)
          span.addLinks([
            { span: remote(1), attributes: {} },
            { span: remote(1), attributes: {} }
          ])
        }).pipe(Effect.withSpan("work"))
      )
      const span = recorder.named("work")
      assert.deepStrictEqual(
        [...span.attributes],
        [
          ["a", "xyz"],
          ["b", 1]
        ]
      )
      assert.deepInclude(span, { droppedAttributes: 1, droppedEvents: 1, droppedLinks: 1 })
    })
  )

  it.effect("keeps `Redacted` values hidden, also deep inside", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      const secret = Redacted.make("hunter2")
      yield* recorder.run(
        Effect.void.pipe(
          Effect.withSpan("work", { attributes: { secret, list: [{ secret }], map: new Map([["k", secret]]) } })
        )
      )
      assert.notInclude(JSON.stringify([...recorder.named("work").attributes]), "hunter2")
    })
  )

  it.effect("never ends before it began, and only once", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make()
      yield* recorder.run(
        Effect.gen(function* () {
          const span = yield* Effect.currentSpan
          span.end(-5n, Exit.void)
          span.end(9n, Exit.fail("late"))
          span.attribute("late", true)
        }).pipe(Effect.withSpan("work"))
      )
      assert.strictEqual(recorder.spans.length, 1)
      assert.strictEqual(recorder.named("work").endTime, recorder.named("work").startTime)
      assert.strictEqual(recorder.named("work").attributes.size, 0)
    })
  )

  it.effect("balances its books", () =>
    Effect.gen(function* () {
      const recorder = Recorder.make({ sampler: Sampler.ratio(0.5) })
      yield* recorder.run(Effect.forEach(Array.from({ length: 400 }), () => Effect.void.pipe(Effect.withSpan("work"))))
      const { ended, sampledOut, started } = recorder.books
      assert.strictEqual(started, 400)
      assert.strictEqual(started, ended + sampledOut)
      assert.strictEqual(ended, recorder.spans.length)
      assert.strictEqual(SpanBooks.inFlight(recorder.books), ended)
    })
  )
})

describe("a disabled tracer", () => {
  const run = <A, E>(self: Effect.Effect<A, E>) => Effect.provideService(self, Tracer.Tracer, GoraxTracer.passThrough)

  it.effect("hands a remote context on unchanged", () =>
    Effect.gen(function* () {
      const parent = remote(0x81, "vendor=1")
      const inner = yield* run(Effect.currentSpan.pipe(Effect.withSpan("b"), Effect.withSpan("a", { parent })))
      assert.deepStrictEqual(SpanContext.fromSpan(inner), SpanContext.fromSpan(parent))
    })
  )

  it.effect("has ids that nobody takes for a trace", () =>
    Effect.gen(function* () {
      const span = yield* run(Effect.currentSpan.pipe(Effect.withSpan("a")))
      assert.isFalse(SpanContext.isValid(span))
      assert.isFalse(span.sampled)
    })
  )

  it.effect("changes no result and no error", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* run(Effect.succeed(1).pipe(Effect.withSpan("a"))), 1)
      assert.strictEqual(yield* run(Effect.fail("no").pipe(Effect.withSpan("a"), Effect.flip)), "no")
    })
  )
})
