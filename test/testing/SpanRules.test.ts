/**
 * A catalogue of bugs that people have had. Each is sown into spans that are sound without it.
 */
import { assert, describe, it } from "@effect/vitest"
import { type SpanData, Traced, TracedMessage } from "@gorax/tracing"
import { SpanRules, SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Cause, Deferred, Effect, Exit, Fiber } from "effect"
import { event, linkTo, span } from "./spans.ts"

interface Seeded {
  readonly bug: string
  /** The rule that catches it. */
  readonly rule: string
  readonly says: RegExp
  readonly sound: () => ReadonlyArray<SpanData>
  readonly broken: () => ReadonlyArray<SpanData>
}

const family = (child: Parameters<typeof span>[1] = {}, parent: Parameters<typeof span>[1] = {}) => {
  const root = span("root", parent)
  return [root, span("child", { of: root, ...child })]
}

const failed = { statusCode: "error", attributes: { "error.type": "Declined" } } as const

const message = (id: string) => ({ "messaging.destination.name": "orders", "messaging.message.id": id })

const queue = (consumer: (publish: SpanData) => Parameters<typeof span>[1]) => {
  const publish = span("queue.publish", { kind: "producer", attributes: message("m-1") })
  return [
    publish,
    span("queue.process_message", { kind: "consumer", attributes: message("m-1"), ...consumer(publish) })
  ]
}

const asked = { "http.request.method": "GET", "url.full": "http://stock/items/7", "http.response.status_code": 200 }
const served = { "http.request.method": "GET", "url.path": "/items/7" }

const request = (server: (client: SpanData) => Parameters<typeof span>[1]) => {
  const client = span("GET", { kind: "client", attributes: asked })
  return [
    client,
    span("GET /items/:id", { kind: "server", attributes: served, startTime: 2n, service: "stock", ...server(client) })
  ]
}

const attempts = (parentOf: (number: number, retry: SpanData) => SpanData) => {
  const step = span("workflow.step.execute")
  const tries = [1, 2].map((number) => {
    const of = parentOf(number, step)
    return [
      ...(of === step ? [] : [of]),
      span("workflow.retry.attempt", { of, attributes: { node_id: "charge", "retry.attempt": number } })
    ]
  })
  return [step, ...tries.flat()]
}

const leaking = (told: Parameters<typeof span>[1], name = "charge"): Pick<Seeded, "rule" | "broken" | "sound"> => ({
  rule: "no secrets",
  sound: () => [span("charge", { attributes: { password: "REDACTED", note: "token=REDACTED", auth_type: "hmac" } })],
  broken: () => [span(name, told)]
})

const catalogue: ReadonlyArray<Seeded> = [
  {
    bug: "an orphan",
    rule: "no orphan",
    says: /its parent f[0-9a-f]+ never arrived/,
    sound: () => family(),
    broken: () => family().slice(1)
  },
  {
    bug: "a root that never ended",
    rule: "no orphan",
    says: /it has not ended/,
    sound: () => family(),
    broken: () => family().filter(({ name }) => name !== "root")
  },
  {
    bug: "a parent in another service that got lost",
    rule: "whole trace",
    says: /in another service never arrived/,
    sound: () => family({ parentIsRemote: true }),
    broken: () => family({ parentIsRemote: true }).slice(1)
  },
  {
    bug: "a duplicate id",
    rule: "unique ids",
    says: /it has the id \w+ of "root"/,
    sound: () => family(),
    broken: () => {
      const [root, child] = family()
      return [root!, { ...child!, spanId: root!.spanId, parentSpanId: undefined }]
    }
  },
  {
    bug: "a span that was exported twice",
    rule: "unique ids",
    says: /exported, twice/,
    sound: () => family(),
    broken: () => family().flatMap((one) => [one, one])
  },
  {
    bug: "an id of zeros",
    rule: "valid ids",
    says: /0000000000000000 are not valid/,
    sound: () => family(),
    broken: () => [span("root", { spanId: "0".repeat(16) })]
  },
  {
    bug: "an id in upper case",
    rule: "valid ids",
    says: /are not valid/,
    sound: () => family(),
    broken: () => [span("root", { traceId: "ABCDEF0123456789ABCDEF0123456789" })]
  },
  {
    bug: "two spans that are each other's parent",
    rule: "no circle",
    says: /its own ancestor, by way of/,
    sound: () => family(),
    broken: () => {
      const [root, child] = family()
      return [{ ...root!, parentSpanId: child!.spanId }, child!]
    }
  },
  {
    bug: "a span that is its own parent",
    rule: "no circle",
    says: /its own parent/,
    sound: () => family(),
    broken: () => {
      const root = span("root")
      return [{ ...root, parentSpanId: root.spanId }]
    }
  },
  {
    bug: "a lost tracestate",
    rule: "kept tracestate",
    says: /lacks vendor, which "root" above it has/,
    sound: () => family({ traceState: "gorax=debug,vendor=2" }, { traceState: "vendor=1" }),
    broken: () => family({ traceState: "gorax=debug" }, { traceState: "vendor=1" })
  },
  {
    bug: "a consumer in a new trace",
    rule: "joined message",
    says: /neither continues nor is linked to "queue\.publish", which sent a message to orders/,
    sound: () => queue((publish) => ({ of: publish, parentIsRemote: true })),
    broken: () => queue(() => ({}))
  },
  {
    bug: "a batch without links",
    rule: "joined message",
    says: /headers got lost/,
    sound: () =>
      queue((publish) => ({ links: [linkTo(publish)], attributes: { "messaging.destination.name": "orders" } })),
    broken: () => queue(() => ({ attributes: { "messaging.destination.name": "orders" } }))
  },
  {
    bug: "a client span without a server child, though the server was traced",
    rule: "joined request",
    says: /neither continues nor is linked to "GET" of shop, which sent this request/,
    sound: () => request((client) => ({ of: client, startTime: 2n, parentIsRemote: true })),
    broken: () => request(() => ({}))
  },
  {
    bug: "a client span without a server child, where all servers should be traced",
    rule: "every request served",
    says: /no server's span is below it/,
    sound: () => request((client) => ({ of: client, startTime: 2n, parentIsRemote: true })),
    broken: () => request(() => ({})).slice(0, 1)
  },
  {
    bug: "two traceparent headers in a list",
    rule: "one context header",
    says: /it has 2 traceparent headers/,
    sound: () => [span("GET", { attributes: { "http.request.header.traceparent": ["00-a-b-01"] } })],
    broken: () => [span("GET", { attributes: { "http.request.header.traceparent": ["00-a-b-01", "00-a-c-01"] } })]
  },
  {
    bug: "two traceparent headers that a server has joined",
    rule: "one context header",
    says: /it has 2 traceparent headers/,
    sound: () => [span("GET", { attributes: { "http.request.header.traceparent": "00-a-b-01" } })],
    broken: () => [span("GET", { attributes: { "http.request.header.traceparent": "00-a-b-01, 00-a-c-01" } })]
  },
  {
    bug: "a request that two instrumentations tell",
    rule: "told once",
    says: /"GET" above it tells the same request/,
    sound: () => {
      const client = span("GET", { kind: "client", attributes: asked })
      return [client, span("GET", { of: client, kind: "client", attributes: { ...asked, "url.full": "http://b/tls" } })]
    },
    broken: () => {
      const client = span("GET", { kind: "client", attributes: asked })
      return [client, span("GET", { of: client, kind: "client", attributes: asked })]
    }
  },
  {
    bug: "an end before the start",
    rule: "times in order",
    says: /ended before it began/,
    sound: () => [span("work", { startTime: 3n, endTime: 3n })],
    broken: () => [span("work", { startTime: 3n, endTime: 2n })]
  },
  {
    bug: "an event before the start",
    rule: "times in order",
    says: /its event "step\.started" came before it began/,
    sound: () => [span("work", { startTime: 3n, events: [event("step.started", {}, 3n)] })],
    broken: () => [span("work", { startTime: 3n, events: [event("step.started", {}, 2n)] })]
  },
  {
    bug: "a child before its parent",
    rule: "times in order",
    says: /it began before "root" above it/,
    sound: () => family({ startTime: 4n, parentIsRemote: true }, { startTime: 5n }),
    broken: () => family({ startTime: 4n }, { startTime: 5n })
  },
  {
    bug: "a wrong kind by its name",
    rule: "right kind",
    says: /its kind is internal, and should be producer/,
    sound: () => [span("queue.publish", { kind: "producer" })],
    broken: () => [span("queue.publish", { kind: "internal" })]
  },
  {
    bug: "a wrong kind by its attributes",
    rule: "right kind",
    says: /its kind is internal, and should be client/,
    sound: () => [span("GET", { kind: "client", attributes: asked })],
    broken: () => [span("GET", { kind: "internal", attributes: asked })]
  },
  {
    bug: "a raw path as a name",
    rule: "few names",
    says: /its name holds "10021"/,
    sound: () => [span("GET /orders/:id/v2")],
    broken: () => [span("GET /orders/10021")]
  },
  {
    bug: "an id in a name",
    rule: "few names",
    says: /as many names as spans/,
    sound: () => [span("run fulfil-order")],
    broken: () => [span("run 9f1c2d3e-aaaa-4bbb-8ccc-1234567890ab")]
  },
  {
    bug: "an attribute of another tenant",
    rule: "own tenant",
    says: /its tenant is globex and that of "root" above it acme/,
    sound: () => family({ attributes: { tenant_id: "acme" } }, { attributes: { tenant_id: "acme" } }),
    broken: () => family({ attributes: { tenant_id: "globex" } }, { attributes: { tenant_id: "acme" } })
  },
  {
    bug: "an error without error.type",
    rule: "error types",
    says: /has no error\.type/,
    sound: () => [span("charge", failed)],
    broken: () => [span("charge", { statusCode: "error" })]
  },
  {
    bug: "an interruption that is an error",
    rule: "interruption is no error",
    says: /marked as failed/,
    sound: () => [span("wait", { attributes: { "effect.fiber.interrupted": true } })],
    broken: () => [span("wait", { ...failed, attributes: { ...failed.attributes, "effect.fiber.interrupted": true } })]
  },
  {
    bug: "a stack that is told on every level",
    rule: "failure told once",
    says: /"root" above it tells the same stack again/,
    sound: () => family({ ...failed, events: [event("exception", { "exception.stacktrace": "at charge" })] }, failed),
    broken: () => {
      const told = { ...failed, events: [event("exception", { "exception.stacktrace": "at charge" })] }
      return family(told, told)
    }
  },
  {
    bug: "retry attempts outside the retry",
    rule: "attempts together",
    says: /it is attempt 2, and no attempt 1 stands beside it: the retry is around its parent/,
    sound: () => attempts((_, step) => step),
    broken: () => attempts((number, of) => span(`step of try ${number}`, { of }))
  },
  {
    bug: "an attempt that promises another which never comes",
    rule: "attempts together",
    says: /no attempt 2 stands beside it: is it around the retry\?/,
    sound: () => [span("workflow.retry.attempt", { attributes: { "retry.attempt": 1, "retry.will_retry": false } })],
    broken: () => [span("workflow.retry.attempt", { attributes: { "retry.attempt": 1, "retry.will_retry": true } })]
  },
  {
    bug: "a process without a name",
    rule: "named service",
    says: /no service\.name/,
    sound: () => [span("work")],
    broken: () => [span("work", { service: "unknown_service:node" })]
  },
  {
    bug: "a secret in an attribute that is called like one",
    says: /its attribute db\.password is called like a secret/,
    ...leaking({ attributes: { "db.password": "hunter2" } })
  },
  {
    bug: "a secret in a header",
    says: /http\.request\.header\.authorization is called like a secret/,
    ...leaking({ attributes: { "http.request.header.authorization": ["Basic aHVudGVyMg=="] } })
  },
  {
    bug: "a secret in a URL",
    says: /its attribute url\.full holds what looks like a secret/,
    ...leaking({ attributes: { "url.full": "https://shop.example/?access_token=hunter2" } })
  },
  {
    bug: "a secret far down in a long text",
    says: /its attribute log holds what looks like a secret/,
    ...leaking({ attributes: { log: `${"all is well. ".repeat(2000)}password=hunter2` } })
  },
  {
    bug: "a secret in a status message",
    says: /its status message holds what looks like a secret/,
    ...leaking({ ...failed, statusMessage: "refused: api_key=hunter2" })
  },
  {
    bug: "a secret in an event",
    says: /its event "exception", attribute exception\.message holds/,
    ...leaking({ events: [event("exception", { "exception.message": "postgres://shop:hunter2@db/orders" })] })
  },
  {
    bug: "a secret in a name",
    says: /its name holds what looks like a secret/,
    ...leaking({}, "login password=hunter2")
  },
  {
    bug: "a secret in a resource",
    says: /its resource's attribute/,
    ...leaking({ resource: { attributes: { "service.name": "shop", "deploy.token": "hunter2" } } })
  }
]

describe("the kit catches", () => {
  for (const { broken, bug, rule, says, sound } of catalogue) {
    const found = (spans: ReadonlyArray<SpanData>) =>
      SpanRules.problems(spans, SpanRules.whole).filter((problem) => problem.rule === rule)

    it(bug, () => {
      assert.match(
        found(broken())
          .map(({ says }) => says)
          .join("\n"),
        says
      )
    })

    it(`${bug}, and not where there is none`, () => {
      assert.deepStrictEqual(found(sound()), [])
    })
  }

  it("a secret that looks like nothing, where the test names it", () => {
    const spans = [span("order", { attributes: { note: "deliver to the blue door" } })]
    assert.deepStrictEqual(SpanRules.problems(spans), [])
    const [problem] = SpanRules.problems(spans, [SpanRules.noSecrets("blue door")])
    assert.strictEqual(problem?.says, "its attribute note holds a secret of this test")
    assert.deepStrictEqual(SpanRules.problems(spans, [SpanRules.noSecrets("hunter2")]), [])
  })

  it("with every rule that there is", () => {
    const caught = new Set(catalogue.map(({ rule }) => rule))
    // What has not ended is only known of a test's own spans: below
    assert.sameMembers([...caught, "all ended"], [...new Set(SpanRules.whole.map(({ name }) => name))])
  })
})

describe("in a running program, the kit", () => {
  const reported = <E>(program: Effect.Effect<unknown, E>) =>
    program.pipe(
      Effect.exit,
      Effect.andThen(SpanTree.expectSound()),
      Effect.exit,
      Effect.map((exit) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "sound")),
      Effect.provide(TracingTest.layerWith({ mayLeaveOpen: true }))
    )

  const charge = Effect.fail("declined" as const)

  it.effect("finds nothing wrong with a workflow that retries, fails, is interrupted and sends messages", () =>
    Effect.gen(function* () {
      const sent: Array<Readonly<Record<string, string>>> = []
      const program = Effect.gen(function* () {
        yield* charge.pipe(
          Traced.attempt("charge", { maxRetries: 2 }),
          Effect.retry({ times: 2 }),
          Traced.step("charge"),
          Effect.ignore
        )
        yield* Effect.race(Effect.never.pipe(Traced.step("wait")), Effect.yieldNow.pipe(Traced.step("hurry")))
        yield* TracedMessage.publish("orders", (headers) => Effect.sync(() => sent.push(headers)), { messageId: "m-1" })
        yield* Effect.void.pipe(TracedMessage.process("orders", { headers: sent[0]!, messageId: "m-1" }))
        yield* Effect.void.pipe(
          TracedMessage.processBatch("orders", { messages: sent }),
          Effect.withSpan("batch", { root: true })
        )
        return yield* Effect.fail("the end")
      }).pipe(Traced.workflow("fulfil-order", { tenantId: "acme", executionId: "exec-1" }))
      assert.strictEqual(yield* reported(program), "sound")
    })
  )

  it.effect("finds an attempt that stands around the retry", () =>
    Effect.gen(function* () {
      const program = charge.pipe(
        Effect.retry({ times: 2 }),
        Traced.attempt("charge", { maxRetries: 2 }),
        Traced.step("charge")
      )
      assert.match(yield* reported(program), /workflow\.retry\.attempt {2}← attempts together/)
    })
  )

  it.effect("finds a retry around a whole step", () =>
    Effect.gen(function* () {
      const step = charge.pipe(Traced.attempt("charge"), Traced.step("charge"))
      assert.match(yield* reported(step.pipe(Effect.retry({ times: 1 }))), /the retry is around its parent/)
    })
  )

  it.effect("finds a consumer whose message lost its headers", () =>
    Effect.gen(function* () {
      const program = TracedMessage.publish("orders", () => Effect.void).pipe(
        Effect.andThen(Effect.void.pipe(TracedMessage.process("orders", { headers: {} })))
      )
      assert.match(yield* reported(program), /queue\.process_message {2}← joined message/)
    })
  )

  it.effect("finds a tenant that another workflow's run has", () =>
    Effect.gen(function* () {
      const program = Effect.annotateCurrentSpan("tenant_id", "globex").pipe(
        Traced.step("charge"),
        Traced.workflow("fulfil-order", { tenantId: "acme", executionId: "exec-1" })
      )
      assert.match(yield* reported(program), /workflow\.step\.execute {2}← own tenant/)
    })
  )

  it.effect("finds what was annotated by mistake, with Effect's own spans as with ours", () =>
    Effect.gen(function* () {
      const program = Effect.annotateCurrentSpan("card.token", "4111").pipe(Effect.withSpan("charge"))
      assert.match(yield* reported(program), /"charge": its attribute card\.token is called like a secret/)
    })
  )

  it.effect("names what is still open, and whose parent that is", () =>
    Effect.gen(function* () {
      const ended = yield* Deferred.make<void>()
      const work = Effect.void.pipe(Effect.withSpan("inner"), Effect.andThen(Deferred.succeed(ended, undefined)))
      const program = Effect.gen(function* () {
        yield* Effect.forkDetach(work.pipe(Effect.andThen(Effect.never), Effect.withSpan("outer")))
        yield* Deferred.await(ended)
      })
      const report = yield* reported(program)
      assert.match(report, /all ended: "outer" has not ended/)
      assert.match(report, /no orphan: "inner": its parent 0+1 never arrived/)
    })
  )

  it.effect("can be told to leave a rule out", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(Effect.withSpan("order 10021"))
      const fiber = yield* Effect.forkChild(SpanTree.expectSound())
      assert.match(String(yield* Fiber.await(fiber)), /few names/)
      yield* SpanTree.expectSound(SpanRules.without("few names"))
    }).pipe(Effect.provide(TracingTest.layer))
  )
})

it("a report counts the problems, tells each and marks its span in a picture", () => {
  const root = span("workflow.execute")
  const spans = [
    root,
    span("charge", { of: root, statusCode: "error" }),
    span("order 10021", { of: root, statusCode: "error" })
  ]
  assert.strictEqual(
    SpanRules.report(spans),
    `
There are 3 problems in these spans:
  few names: "order 10021": its name holds "10021", so there will be as many names as spans
  error types: "charge": it failed and has no error.type
  error types: "order 10021": it failed and has no error.type
workflow.execute
├─ charge  ← error types
└─ order 10021  ← few names, error types`.slice(1)
  )
  assert.isUndefined(SpanRules.report([root]))
})
