import { assert, describe, it } from "@effect/vitest"
import { Traced, TracedMessage } from "@gorax/tracing"
import { SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Cause, Data, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { event, linkTo, span } from "./spans.ts"

class Declined extends Data.TaggedError("Declined")<{ readonly message: string }> {}

const named = (name: string, attributes: Record<string, unknown> = {}) => Effect.withSpan(name, { attributes })

/** What a failing test would show. */
const shown = <E, R>(expecting: Effect.Effect<unknown, E, R>) =>
  Effect.exit(expecting).pipe(
    Effect.map((exit) => {
      assert.isTrue(Exit.isFailure(exit), "nothing was found to be different")
      return Exit.isFailure(exit) ? (Cause.squash(exit.cause) as Error).message : ""
    })
  )

const fulfilOrder = Effect.gen(function* () {
  yield* Effect.void.pipe(named("reserve", { node_id: "reserve-stock", warehouse: "north" }))
  yield* new Declined({ message: "no funds" }).pipe(
    named("charge", { node_id: "charge-card", amount: 12 }),
    Effect.ignore
  )
}).pipe(named("order", { tenant_id: "acme" }))

describe("SpanTree.expect", () => {
  it.effect("compares what a test names, in any order of siblings, and ignores the rest", () =>
    Effect.gen(function* () {
      yield* fulfilOrder
      yield* SpanTree.expect({
        name: "order",
        children: [{ name: /^char/, error: "Declined", attributes: { amount: 12 } }, "reserve"]
      })
      yield* SpanTree.expect("order")
      yield* SpanTree.expect({ name: "order", includes: ["reserve"] })
      yield* SpanTree.expect({ children: [{ children: [] }, { children: [] }] })
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("draws the tree with the lines that differ, as a diff does", () =>
    Effect.gen(function* () {
      yield* fulfilOrder
      const difference = yield* shown(
        SpanTree.expect({
          name: "order",
          children: [
            { name: "reserve", attributes: { node_id: "reserve-stock", warehouse: "south" } },
            { name: "charge", error: false, clue: "the card of this test is good" },
            { name: "ship", attributes: { node_id: "ship-parcel" } }
          ]
        })
      )
      assert.strictEqual(
        difference,
        `
The spans are not as expected: 3 differences (- expected, + there).
  order
- ├─ reserve node_id=reserve-stock warehouse=south
+ ├─ reserve node_id=reserve-stock warehouse=north
- ├─ charge no error  (the card of this test is good)
+ ├─ charge ✗ Declined
- └─ ship node_id=ship-parcel`.slice(1)
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("shows a whole branch that is missing, and one that nobody expected", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(named("unpack"), named("return", { node_id: "return" }), named("order"))
      assert.strictEqual(
        yield* shown(
          SpanTree.expect({
            name: "order",
            children: [{ name: "ship", attributes: { node_id: "ship" }, children: ["pack", "label"] }]
          })
        ),
        `
The spans are not as expected: 5 differences (- expected, + there).
  order
- ├─ ship node_id=ship
- │  ├─ pack
- │  └─ label
+ └─ return node_id=return
+    └─ unpack`.slice(1)
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("takes a span for the same one under another name where what is below it is the same", () =>
    Effect.gen(function* () {
      yield* fulfilOrder
      assert.strictEqual(
        yield* shown(SpanTree.expect({ name: "invoice", children: ["reserve", "charge"] })),
        `
The spans are not as expected: 1 difference (- expected, + there).
- invoice
+ order
  ├─ reserve
  └─ charge`.slice(1)
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("finds everybody a partner, however vague some expectations are", () =>
    Effect.gen(function* () {
      yield* Effect.forEach(["a", "b", "c"], (name) => Effect.void.pipe(named(name, { [name]: 1 }))).pipe(named("all"))
      const any = {}
      yield* SpanTree.expect({ name: "all", children: [any, { name: /a|b/ }, "a"] })
      yield* shown(SpanTree.expect({ name: "all", children: [any, "a", "a"] }))
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("keeps to the order of children where that is asked for", () =>
    Effect.gen(function* () {
      yield* Effect.forEach(["validate", "charge", "archive"], (name) => Effect.void.pipe(named(name))).pipe(
        named("all")
      )
      yield* SpanTree.expect({ name: "all", ordered: true, children: ["validate", "charge", "archive"] })
      yield* SpanTree.expect({ name: "all", ordered: true, includes: ["validate", "archive"] })
      assert.strictEqual(
        yield* shown(SpanTree.expect({ name: "all", ordered: true, children: ["charge", "validate", "archive"] })),
        `
The spans are not as expected: 2 differences (- expected, + there).
  all
- ├─ charge
  ├─ validate
  ├─ archive
+ └─ charge`.slice(1)
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("says what a value is where it only looks like the one expected", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(named("step", { count: "1", list: ["a", "b"], flag: "true" }))
      yield* SpanTree.expect({ attributes: { count: "1", list: ["a", "b"], secret: undefined } })
      yield* SpanTree.expect({ attributes: { count: /^\d$/, list: (value) => Array.isArray(value) } })
      assert.include(
        yield* shown(
          SpanTree.expect({ attributes: { count: 1, flag: true, list: ["b", "a"], "service.name": undefined } })
        ),
        '- step count=1 flag=true list=["b","a"] no service.name\n' +
          '+ step count="1" flag="true" list=["a","b"] service.name=test'
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("compares status, message, kind, service, interruption and what the test's clock has measured", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.all(
        [
          new Declined({ message: "no funds" }).pipe(
            Effect.delay("2 seconds"),
            Effect.withSpan("charge", { kind: "client" })
          ),
          Effect.never.pipe(Effect.withSpan("stock"))
        ],
        { concurrency: 2 }
      ).pipe(Effect.ignore, Effect.forkChild)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      const charge = { status: "error", statusMessage: "no funds", kind: "client", duration: "2 seconds" } as const
      yield* SpanTree.expect({ name: "charge", service: "test", ...charge }, { interrupted: true, status: "unset" })
      const other = { status: "ok", statusMessage: /funny/, kind: "server", duration: "3 seconds" } as const
      const difference = yield* shown(
        SpanTree.expect({ name: "charge", service: "shop", ...other }, { name: "stock", interrupted: false })
      )
      assert.include(
        difference,
        `
- charge service=shop kind=server status=ok message=/funny/ duration=3.00s
+ charge service=test kind=client status=error message="no funds" duration=2.00s
- stock interrupted=false
+ stock interrupted=true`
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("finds events among others, and none where none is expected", () =>
    Effect.gen(function* () {
      yield* Traced.event("step.started", { attempt: 1 }).pipe(
        Effect.andThen(Traced.event("step.started", { attempt: 2 })),
        Effect.andThen(Traced.event("cache.miss")),
        named("step")
      )
      yield* Effect.void.pipe(named("quiet"))
      yield* SpanTree.expect(
        { name: "step", events: ["cache.miss", { name: /started/, attributes: { attempt: 2 } }] },
        { name: "quiet", events: [] }
      )
      assert.include(
        yield* shown(
          SpanTree.expect(
            { name: "step", events: [{ name: "step.started", attributes: { attempt: 3 } }] },
            { name: "quiet", events: ["cache.miss"] }
          )
        ),
        `
- step events=[step.started attempt=3]
+ step events=[step.started attempt=1, step.started attempt=2, cache.miss]
- quiet events=[cache.miss]
+ quiet events=[]`
      )
      yield* shown(SpanTree.expect({ name: "step", events: [] }, "quiet"))
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("follows links to the spans of this test, and beyond them by the trace", () =>
    Effect.gen(function* () {
      const sent: Array<Readonly<Record<string, string>>> = []
      yield* TracedMessage.publish("orders", (headers) => Effect.sync(() => sent.push(headers)))
      yield* Effect.void.pipe(TracedMessage.processBatch("orders", { messages: sent }))
      const publish = yield* SpanTree.find("queue.publish")
      const to = { name: "queue.publish", attributes: { "queue.name": "orders" } }
      const batch = { name: "queue.process_message", links: [{ to, traceId: publish.traceId }] }
      yield* SpanTree.expect("queue.publish", batch)
      assert.include(
        yield* shown(
          SpanTree.expect({ name: "queue.publish", links: [] }, { ...batch, links: [{ to: "queue.pubish" }] })
        ),
        "- queue.process_message links=[queue.pubish]\n+ queue.process_message links=[queue.publish]"
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it("shows a link to a span that is not there", () => {
    const away = span("away")
    const difference = SpanTree.differenceOf([span("here", { links: [linkTo(away)] })], { links: [{ to: "away" }] })
    assert.include(difference, "- here links=[away]\n+ here links=[a span that is not here]")
    assert.isUndefined(
      SpanTree.differenceOf([span("here", { links: [linkTo(away)] })], { links: [{ traceId: away.traceId }] })
    )
  })

  it("counts a missing root, and a root too many", () => {
    assert.strictEqual(
      SpanTree.differenceOf([span("first"), span("second")], "first", "third"),
      "The spans are not as expected: 2 differences (- expected, + there).\n  first\n- third\n+ second"
    )
    assert.strictEqual(
      SpanTree.differenceOf([], { name: "work", events: [{ attributes: { n: 1 } }] }),
      "The spans are not as expected: 1 difference (- expected, + there).\n- work events=[any event n=1]"
    )
    assert.isUndefined(SpanTree.differenceOf([]))
  })

  it("compares a thousand siblings with as many expectations", () => {
    const root = span("root")
    const numbers = Array.from({ length: 1000 }, (_, n) => n)
    const children = numbers.map((n) => span("child", { of: root, attributes: { n }, events: [event("e")] }))
    const expected = numbers.toReversed().map((n) => ({ attributes: { n } }))
    assert.isUndefined(SpanTree.differenceOf([root, ...children], { name: "root", children: expected }))
  })
})

describe("SpanTree.find", () => {
  it.effect("finds by anything that can be expected", () =>
    Effect.gen(function* () {
      yield* fulfilOrder
      assert.strictEqual((yield* SpanTree.find({ error: "Declined" })).name, "charge")
      assert.strictEqual((yield* SpanTree.find({ children: ["charge", "reserve"] })).name, "order")
      assert.deepStrictEqual(
        (yield* SpanTree.findAll({ attributes: { node_id: /./ } })).map(({ name }) => name),
        ["reserve", "charge"]
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("shows the closest one where there is none", () =>
    Effect.gen(function* () {
      yield* fulfilOrder
      assert.strictEqual(
        yield* shown(SpanTree.find({ name: "charge", attributes: { amount: 13, node_id: "charge-card" } })),
        `
No span "charge" as expected has finished.
The closest (- expected, + there):
- charge amount=13 node_id=charge-card
+ charge amount=12 node_id=charge-card
These have:
order
├─ reserve
└─ charge ✗ Declined`.slice(1)
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("shows the tree of the closest one where only its children are others", () =>
    Effect.gen(function* () {
      yield* fulfilOrder
      assert.include(
        yield* shown(SpanTree.find({ name: "order", includes: ["charge", "ship"] })),
        "(- expected, + there).\n  order\n  ├─ charge\n- └─ ship\nThese have:\norder"
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("finds a span by the links of its children", () =>
    Effect.gen(function* () {
      const sent: Array<Readonly<Record<string, string>>> = []
      yield* TracedMessage.publish("orders", (headers) => Effect.sync(() => sent.push(headers)))
      yield* Effect.void.pipe(TracedMessage.processBatch("orders", { messages: sent }), named("poll"))
      yield* SpanTree.find({ name: "poll", children: [{ links: [{ to: "queue.publish" }] }] })
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.effect("says so where no span has finished at all", () =>
    Effect.gen(function* () {
      assert.match(
        yield* shown(SpanTree.find("charge")),
        /No span "charge" has finished\.\nNo span has finished at all\./
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )
})
