import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger, Option, References, Tracer } from "effect"
import { Traced, Tracing } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"

class Declined extends Error {
  readonly _tag = "Declined"
}

const ids = { tenantId: "acme", executionId: "exec-1" }

/** Every combinator that wraps one effect, with what it says about it. */
const combinators: ReadonlyArray<{
  readonly name: string
  readonly wrap: <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>
  readonly keys: ReadonlyArray<string>
  readonly label: string
}> = [
  {
    name: "workflow",
    wrap: Traced.workflow("ship", ids),
    keys: ["workflow_id", "tenant_id", "execution_id", "component"],
    label: "workflow.execute workflow_id=ship tenant_id=acme execution_id=exec-1 component=executor"
  },
  {
    name: "subWorkflow",
    wrap: Traced.subWorkflow("notify"),
    keys: ["child_workflow_id", "depth", "component"],
    label: "workflow.sub_workflow child_workflow_id=notify depth=1 component=executor"
  },
  {
    name: "step",
    wrap: Traced.step("charge", { type: "http" }),
    keys: ["node_id", "node_type", "component"],
    label: "workflow.step.execute node_id=charge node_type=http component=executor"
  },
  {
    name: "iteration",
    wrap: (self) => Traced.iteration("line", () => self)("private", 3),
    keys: ["loop.item_variable", "loop.iteration.index"],
    label: "workflow.loop.iteration loop.item_variable=line loop.iteration.index=3"
  },
  {
    name: "branch",
    wrap: Traced.branch("stock", { index: 1 }),
    keys: ["parallel.branch.name", "parallel.branch.index"],
    label: "workflow.parallel.branch parallel.branch.name=stock parallel.branch.index=1"
  },
  {
    name: "attempt",
    wrap: Traced.attempt("charge"),
    keys: ["node_id", "retry.attempt"],
    label: "workflow.retry.attempt node_id=charge retry.attempt=1"
  },
  {
    name: "credentials",
    wrap: Traced.credentials("crm", { count: 2 }),
    keys: ["node_id", "credential.count"],
    label: "workflow.credential.inject node_id=crm credential.count=2"
  },
  {
    name: "script",
    wrap: Traced.script("greet"),
    keys: ["script.name"],
    label: "javascript.execute script.name=greet"
  },
  { name: "httpAction", wrap: Traced.httpAction("call"), keys: ["action.name"], label: "http.action action.name=call" },
  {
    name: "transformAction",
    wrap: Traced.transformAction("map"),
    keys: ["action.name"],
    label: "transform.action action.name=map"
  },
  {
    name: "span",
    wrap: Traced.span("my own", { kind: "client", attributes: { custom: 1 } }),
    keys: ["custom"],
    label: "my own custom=1"
  }
]

for (const { keys, label, name, wrap } of combinators) {
  describe(`Traced.${name}`, () => {
    it.effect("opens its span around an effect and gives its result back", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* wrap(Effect.succeed(42)), 42)
        assert.strictEqual(yield* SpanTree.draw(...keys), label)
      }).pipe(Effect.provide(TracingTest.layer))
    )

    it.effect("marks a failure and lets it through", () =>
      Effect.gen(function* () {
        const error = yield* wrap(Effect.fail(new Declined("no funds"))).pipe(Effect.flip)
        assert.strictEqual(error.message, "no funds")
        assert.strictEqual(yield* SpanTree.draw(...keys), `${label} ✗ Declined`)
      }).pipe(Effect.provide(TracingTest.layer))
    )

    it.effect("marks an interruption, which is no error", () =>
      Effect.gen(function* () {
        const started = yield* Deferred.make<void>()
        const work = Deferred.succeed(started, undefined).pipe(Effect.andThen(Effect.never))
        const fiber = yield* Effect.forkChild(wrap(work))
        yield* Deferred.await(started)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(yield* SpanTree.draw(...keys), `${label} ⊘`)
      }).pipe(Effect.provide(TracingTest.layer))
    )

    it.effect("is gone when tracing is off", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* wrap(Effect.succeed(42)), 42)
        assert.isTrue(Option.isNone(yield* Effect.option(wrap(Effect.currentSpan))))
        assert.isTrue(Option.isNone(yield* wrap(Traced.currentTraceId)))
      }).pipe(Effect.provide(Tracing.layerDisabled))
    )
  })
}

it.effect("a hundred thousand combinators around one another need no deeper stack where nothing is recorded", () =>
  Effect.gen(function* () {
    let nested: Effect.Effect<number> = Effect.succeed(42)
    for (let depth = 0; depth < 100_000; depth++) nested = Traced.step("turn")(nested)
    assert.strictEqual(yield* nested, 42)
  }).pipe(Effect.provide(Tracing.layerDisabled))
)

it.effect("a defect below a combinator is the same defect where nothing is recorded", () =>
  Effect.gen(function* () {
    const defect = new Error("expected")
    const dying = Effect.sync(() => {
      throw defect
    })
    for (let turn = 0; turn < 100; turn++) {
      const exit = yield* Effect.exit(Traced.step("charge")(Traced.step("charge")(dying)))
      assert.deepStrictEqual(exit, Exit.die(defect))
    }
  }).pipe(Effect.provide(Tracing.layerDisabled))
)

const chargeCard = (declined: number) => {
  let tries = 0
  return Effect.suspend(() => (++tries <= declined ? Effect.fail(new Declined("no funds")) : Effect.succeed("receipt")))
}

it.effect("a whole workflow reads as it was written", () =>
  Effect.gen(function* () {
    const charge = Effect.fnUntraced(
      function* (_amount: number) {
        return yield* chargeCard(1).pipe(Traced.attempt("charge-card", { maxRetries: 2 }), Effect.retry({ times: 2 }))
      },
      Traced.step("charge-card", (amount) => ({ type: "http", attributes: { amount } }))
    )
    const notify = Effect.succeed("sent").pipe(
      Traced.transformAction("render"),
      Traced.step("send-mail", { type: "mail" }),
      Traced.workflow("notify", { ...ids, executionId: "exec-2" }),
      Traced.subWorkflow("notify")
    )
    const fulfil = Effect.fnUntraced(
      function* (order: { readonly id: string; readonly lines: ReadonlyArray<string> }) {
        yield* Effect.all(Traced.branches({ stock: Effect.void.pipe(Traced.step("reserve")), receipt: charge(12) }), {
          concurrency: "unbounded"
        })
        yield* Effect.forEach(
          order.lines,
          Traced.iteration("line", () => Effect.void.pipe(Traced.httpAction("ship")))
        )
        yield* notify
      },
      Traced.workflow("fulfil-order", (order) => ({ tenantId: "acme", executionId: order.id }))
    )
    yield* fulfil({ id: "exec-1", lines: ["a", "b"] })
    assert.strictEqual(
      yield* SpanTree.draw(
        "workflow_id",
        "node_id",
        "retry.attempt",
        "retry.will_retry",
        "parent_workflow_id",
        "depth"
      ),
      `workflow.execute workflow_id=fulfil-order
├─ workflow.parallel.branch workflow_id=fulfil-order
│  └─ workflow.step.execute workflow_id=fulfil-order node_id=reserve
├─ workflow.parallel.branch workflow_id=fulfil-order
│  └─ workflow.step.execute workflow_id=fulfil-order node_id=charge-card
│     ├─ workflow.retry.attempt workflow_id=fulfil-order node_id=charge-card retry.attempt=1 retry.will_retry=true ✗ Declined
│     └─ workflow.retry.attempt workflow_id=fulfil-order node_id=charge-card retry.attempt=2
├─ workflow.loop.iteration workflow_id=fulfil-order
│  └─ http.action workflow_id=fulfil-order
├─ workflow.loop.iteration workflow_id=fulfil-order
│  └─ http.action workflow_id=fulfil-order
└─ workflow.sub_workflow workflow_id=fulfil-order parent_workflow_id=fulfil-order depth=1
   └─ workflow.execute workflow_id=notify parent_workflow_id=fulfil-order depth=1
      └─ workflow.step.execute workflow_id=notify node_id=send-mail
         └─ transform.action workflow_id=notify`
    )
  }).pipe(Effect.provide(TracingTest.layer))
)

describe("Traced.workflow", () => {
  const logged = (layer: typeof TracingTest.layer | typeof Tracing.layerDisabled) =>
    Effect.gen(function* () {
      const annotations: Array<Readonly<Record<string, unknown>>> = []
      const logger = Logger.make(({ fiber }) => {
        annotations.push(fiber.getRef(References.CurrentLogAnnotations))
      })
      yield* Effect.log("inside").pipe(
        Traced.step("charge"),
        Traced.workflow("ship", ids),
        Effect.provide([Logger.layer([logger]), layer])
      )
      return annotations
    })
  const expected = { tenant_id: "acme", workflow_id: "ship", execution_id: "exec-1" }

  it.effect("puts its ids on every span below", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(Effect.withSpan("plain"), Traced.step("charge"), Traced.workflow("ship", ids))
      for (const name of ["plain", "workflow.step.execute", "workflow.execute"]) {
        const span = yield* SpanTree.find(name)
        assert.deepInclude(Object.fromEntries(span.attributes), expected)
      }
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("puts its ids on every log line below", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* logged(TracingTest.layer), [expected])
    })
  )

  it.effect("stamps log lines where tracing is off, too", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* logged(Tracing.layerDisabled), [expected])
    })
  )
})

describe("Traced.step", () => {
  it.effect("measures its output only when asked to", () =>
    Effect.gen(function* () {
      yield* Effect.succeed({ name: "Amélie" }).pipe(Traced.step("measured", { measureOutput: true }))
      yield* Effect.succeed({ name: "Amélie" }).pipe(Traced.step("plain"))
      const circular: { self?: unknown } = {}
      circular.self = circular
      yield* Effect.succeed(circular).pipe(Traced.step("circular", { measureOutput: true }))
      assert.strictEqual(
        yield* SpanTree.draw("node_id", "output_size_bytes"),
        `workflow.step.execute node_id=measured output_size_bytes=18
workflow.step.execute node_id=plain
workflow.step.execute node_id=circular`
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )
})

describe("options", () => {
  it.effect("that throw cost the span its attributes, not the program its result", () =>
    Effect.gen(function* () {
      const work = Effect.fnUntraced(
        function* (order: { readonly id: string } | undefined) {
          return yield* Effect.succeed(order)
        },
        Traced.workflow("ship", (order) => ({ tenantId: "acme", executionId: order!.id }))
      )
      assert.isUndefined(yield* work(undefined))
      assert.strictEqual(
        yield* SpanTree.draw("workflow_id", "execution_id"),
        "workflow.execute workflow_id=ship execution_id=unknown"
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("are taken data-first as well", () =>
    Effect.gen(function* () {
      yield* Traced.step(Effect.void, "charge", { type: "http" })
      assert.strictEqual(
        yield* SpanTree.draw("node_id", "node_type"),
        "workflow.step.execute node_id=charge node_type=http"
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )
})

describe("the current span", () => {
  it.effect("is given events, attributes and handled errors", () =>
    Effect.gen(function* () {
      yield* Effect.gen(function* () {
        yield* Traced.event("step.started", { size: 3 })
        yield* Traced.annotate({ region: "eu" })
        yield* Traced.recordError(new Declined("password=hunter2"))
      }).pipe(Traced.span("work"))
      const span = yield* SpanTree.find("work")
      assert.deepStrictEqual(
        span.events.map((event) => event.name),
        ["step.started", "exception"]
      )
      assert.deepStrictEqual(span.events[0]?.attributes, { size: 3 })
      assert.strictEqual(span.events[1]?.attributes["exception.message"], "password=REDACTED")
      assert.strictEqual(span.attributes.get("region"), "eu")
      assert.strictEqual(span.statusCode, "error")
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("has ids that can be shown", () =>
    Effect.gen(function* () {
      const [traceId, spanId] = yield* Effect.all([Traced.currentTraceId, Traced.currentSpanId]).pipe(
        Traced.span("work")
      )
      const span = yield* SpanTree.find("work")
      assert.strictEqual(Option.getOrThrow(traceId), span.traceId)
      assert.strictEqual(Option.getOrThrow(spanId), span.spanId)
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("may be missing: outside any span nothing happens", () =>
    Effect.gen(function* () {
      yield* Traced.event("lost")
      yield* Traced.annotate({ lost: true })
      yield* Traced.recordError("lost")
      assert.isTrue(Option.isNone(yield* Traced.currentTraceId))
    })
  )
})

describe("Effect's own combinators", () => {
  const withTraced = Effect.forEach(
    ["Ada", "Grace"],
    Traced.iteration("name", (name) => Effect.succeed(name.length).pipe(Traced.step("greet", { type: "transform" })))
  ).pipe(Traced.workflow("say-hello", ids))

  const stamp = { tenant_id: "acme", workflow_id: "say-hello", execution_id: "exec-1" }
  const greet = Effect.fn("workflow.step.execute", {
    attributes: { node_id: "greet", node_type: "transform", component: "executor" }
  })(function* (name: string) {
    return yield* Effect.succeed(name.length)
  })
  const withSpans = Effect.forEach(["Ada", "Grace"], (name, index) =>
    greet(name).pipe(
      Effect.withSpan("workflow.loop.iteration", {
        attributes: { "loop.iteration.index": index, "loop.item_variable": "name" }
      })
    )
  ).pipe(
    Effect.annotateSpans(stamp),
    Effect.withSpan("workflow.execute", { attributes: { ...stamp, component: "executor" } })
  )

  const keys = [
    ...Object.keys(stamp),
    "component",
    "node_id",
    "node_type",
    "loop.iteration.index",
    "loop.item_variable"
  ]
  const drawn = <A, E>(program: Effect.Effect<A, E>) =>
    Effect.andThen(program, SpanTree.draw(...keys)).pipe(Effect.provide(TracingTest.layer))

  it.effect("draw the same tree as ours", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* drawn(withTraced), yield* drawn(withSpans))
    })
  )

  it.effect("work with our combinators under any other tracer", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const other = Tracer.make({
        span(options) {
          names.push(options.name)
          return new Tracer.NativeSpan(options)
        }
      })
      yield* withTraced.pipe(Effect.provideService(Tracer.Tracer, other))
      assert.deepStrictEqual(names, [
        "workflow.execute",
        "workflow.loop.iteration",
        "workflow.step.execute",
        "workflow.loop.iteration",
        "workflow.step.execute"
      ])
    })
  )
})
