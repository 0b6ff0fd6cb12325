import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import {
  Baggage,
  Carrier,
  type SpanData,
  Sampler,
  SamplingRules,
  Traced,
  TracedServer,
  Tracing,
  TracingHealth
} from "@gorax/tracing"
import { Effect, Fiber, Layer, Logger, Metric, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as FileSystem from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { exporting } from "../sampling/exporting.ts"

const rules = (list: ReadonlyArray<SamplingRules.SamplingRule>): string => JSON.stringify(list)

const run = (tenantId: string, workflow = "fulfil-order") =>
  Effect.void.pipe(Traced.step("charge"), Traced.workflow(workflow, { tenantId, executionId: "1" }))

const repeated = (count: number) => ({ times: count - 1 })

const flushed = Effect.andThen(TracingHealth.flush, TracingHealth.snapshot)

const decided = Effect.map(flushed, ({ sampling }) => sampling?.decided)

const tenants = (spans: ReadonlyArray<SpanData>) =>
  spans.filter(({ name }) => name === "workflow.execute").map(({ attributes }) => attributes.get("tenant_id"))

describe("rules from variables", () => {
  it.effect("sample one tenant otherwise; health, metrics and the span say why", () => {
    const { layer, spans } = exporting({
      TRACING_SAMPLE_RATE: "0",
      TRACING_SAMPLING_RULES: rules([
        { name: "noisy import", match: { tenant: "acme", workflow: { prefix: "import-" } }, action: "drop" },
        { name: "acme", match: { tenant: "acme" }, action: "keep" }
      ])
    })
    return Effect.gen(function* () {
      yield* run("acme")
      yield* run("acme", "import-orders")
      yield* Effect.repeat(run("other"), repeated(3))
      assert.deepStrictEqual(yield* decided, {
        acme: { kept: 1, leftOut: 0 },
        "noisy import": { kept: 0, leftOut: 1 },
        ratio: { kept: 0, leftOut: 3 }
      })
      assert.deepStrictEqual(tenants(spans), ["acme"])
      assert.strictEqual(spans.length, 2)
      const [step, workflow] = spans
      assert.strictEqual(workflow?.attributes.get("gorax.sampling.reason"), "acme")
      assert.isFalse(step?.attributes.has("gorax.sampling.reason"))
      assert.deepStrictEqual([step?.traceState, workflow?.traceState], ["ot=th:0", "ot=th:0"])
      const counts = (yield* Metric.snapshot)
        .filter(({ id }) => id.startsWith("gorax.tracing.trace."))
        .map(({ attributes, id, state }) => `${id} ${attributes?.["reason"]} ${(state as { count: number }).count}`)
      yield* Metric.snapshot
      const again = (yield* Metric.snapshot)
        .filter(({ id }) => /kept|left_out/.test(id))
        .map(({ attributes, id, state }) => `${id} ${attributes?.["reason"]} ${(state as { count: number }).count}`)
      assert.isAbove(counts.length, 0)
      assert.sameMembers(again, [
        "gorax.tracing.trace.kept acme 1",
        "gorax.tracing.trace.kept noisy import 0",
        "gorax.tracing.trace.kept ratio 0",
        "gorax.tracing.trace.left_out acme 0",
        "gorax.tracing.trace.left_out noisy import 1",
        "gorax.tracing.trace.left_out ratio 3"
      ])
      const snapshot = yield* TracingHealth.snapshot
      assert.deepInclude(snapshot.sampling?.rules, { count: 2, from: "TRACING_SAMPLING_RULES" })
      assert.strictEqual(snapshot.sampler, "parentbased_rules(2,traceidratio(0))")
      const codec = Schema.toCodecJson(TracingHealth.HealthSnapshot)
      assert.deepStrictEqual(Schema.decodeUnknownSync(codec)(Schema.encodeSync(codec)(snapshot)), snapshot)
    }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map()))
  })

  it.live("see the route of a request, and the baggage it came with", () => {
    const { layer, spans } = exporting({
      TRACING_SAMPLING_RULES: rules([
        { name: "gold", match: { baggage: { tier: "gold" } }, action: "keep" },
        { name: "polls", match: { route: { glob: "/poll/*" }, kind: "server" }, action: "drop" }
      ])
    })
    const App = Layer.mergeAll(
      HttpRouter.add("GET", "/poll/:id", HttpServerResponse.text("nothing new")),
      HttpRouter.add("GET", "/orders/:id", HttpServerResponse.text("an order"))
    )
    const served = HttpRouter.serve(App, { disableListenLog: true, disableLogger: true }).pipe(
      Layer.provideMerge(TracedServer.layer),
      Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
      Layer.provideMerge(FetchHttpClient.layer),
      Layer.fresh
    )
    return Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const get = (path: string, baggage?: string) =>
        client.get(url + path, baggage === undefined ? {} : { headers: { baggage } }).pipe(
          Effect.flatMap(({ text }) => text),
          Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
        )
      yield* get("/poll/1")
      yield* get("/orders/1")
      yield* get("/poll/2", "tier=gold")
      while (spans.length < 2) yield* flushed
      assert.deepStrictEqual(yield* decided, {
        polls: { kept: 0, leftOut: 1 },
        always: { kept: 1, leftOut: 0 },
        gold: { kept: 1, leftOut: 0 }
      })
      assert.deepStrictEqual(
        spans
          .map(({ attributes }) => `${attributes.get("http.route")} ${attributes.get("gorax.sampling.reason")}`)
          .toSorted(),
        ["/orders/:id always", "/poll/:id gold"]
      )
    }).pipe(Effect.provide(served), Effect.provide(layer))
  })

  it.effect("see baggage that the program sets itself", () => {
    const { layer, spans } = exporting({
      TRACING_SAMPLE_RATE: "0",
      TRACING_SAMPLING_RULES: rules([{ name: "gold", match: { baggage: { tier: "gold" } }, action: "keep" }])
    })
    return Effect.gen(function* () {
      yield* run("a").pipe(Baggage.set("tier", "gold"))
      yield* run("b").pipe(Baggage.set("tier", "tin"))
      yield* flushed
      assert.deepStrictEqual(tenants(spans), ["a"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("decide for spans of OpenTelemetry's SDK as well", () => {
    const { layer, spans } = exporting({
      TRACING_OTEL_CONTEXT: "on",
      TRACING_SAMPLE_RATE: "1",
      TRACING_SAMPLING_RULES: rules([{ name: "noise", match: { name: { prefix: "noise" } }, action: "drop" }])
    })
    return Effect.gen(function* () {
      const tracer = Otel.trace.getTracer("theirs")
      tracer.startSpan("noise 1").end()
      tracer.startSpan("work").end()
      assert.deepStrictEqual(yield* decided, { noise: { kept: 0, leftOut: 1 }, ratio: { kept: 1, leftOut: 0 } })
      assert.deepStrictEqual(
        spans.map(({ attributes, name, traceState }) => [name, attributes.get("gorax.sampling.reason"), traceState]),
        [["work", "ratio", "ot=th:0"]]
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("that are not usable end the program at start, and name the rule, the key and the value", () => {
    const { layer } = exporting({
      TRACING_SAMPLING_RULES:
        '[{"name":"a","action":"keep"},{"name":"b","match":{"tennant":"x"},"action":{"ratio":"half"}}]',
      TRACING_SAMPLING_PER_TENANT: "none"
    })
    return Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(Effect.void, layer))
      assert.strictEqual(
        error.message,
        [
          "3 settings of tracing are not usable:",
          "  TRACING_SAMPLING_RULES[1].match.tennant must be left out, or called one of name, kind, tenant, workflow, " +
            'route, attributes, baggage; it is "x"',
          '  TRACING_SAMPLING_RULES[1].action.ratio must be a number from 0 to 1; it is "half"',
          '  TRACING_SAMPLING_PER_TENANT must be a number above 0; it is "none"'
        ].join("\n")
      )
    })
  })

  it.effect("are options in code as well, and judged like the variable", () =>
    Effect.gen(function* () {
      const options: Tracing.TracingOptions = {
        exporter: "none",
        otelContext: "off",
        sampleRate: 0,
        samplingRules: [{ name: "acme", match: { tenant: "acme" }, action: "keep" }],
        tracesPerSecondPerTenant: 1
      }
      const told = Effect.andThen(Effect.repeat(run("acme"), repeated(2)), decided)
      assert.deepStrictEqual(yield* told.pipe(Effect.provide(Tracing.layer(options))), {
        acme: { kept: 1, leftOut: 0 },
        tenant_limit: { kept: 0, leftOut: 1 }
      })
      const wrong = Tracing.layer({ ...options, samplingRules: [{ name: "", action: { ratio: 2 } }] })
      const error = yield* Effect.flip(Effect.provide(Effect.void, wrong))
      assert.deepStrictEqual(
        error.problems.map(({ key }) => key),
        ["TRACING_SAMPLING_RULES[0].name", "TRACING_SAMPLING_RULES[0].action.ratio"]
      )
    }).pipe(Effect.provide(Logger.layer([])))
  )

  it.effect("stand in one place", () => {
    const { layer } = exporting({ TRACING_SAMPLING_RULES: "[]", TRACING_SAMPLING_RULES_FILE: "rules.json" })
    return Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(Effect.void, layer))
      assert.include(error.message, "TRACING_SAMPLING_RULES_FILE must be unset where TRACING_SAMPLING_RULES is set")
    })
  })

  it.effect("give way to a sampler of one's own", () => {
    const { layer, spans } = exporting(
      { TRACING_SAMPLING_RULES: rules([{ name: "none", action: "drop" }]) },
      { sampler: Sampler.parentBased(Sampler.always) }
    )
    return Effect.gen(function* () {
      yield* run("a")
      assert.deepStrictEqual(yield* decided, { always: { kept: 1, leftOut: 0 } })
      assert.strictEqual(spans.length, 2)
      assert.isUndefined(yield* SamplingRules.current)
      const error = yield* Effect.flip(SamplingRules.replace([]))
      assert.include(error.message, "has no sampler of your own")
    }).pipe(Effect.provide(layer))
  })
})

describe("limits from variables", () => {
  it.effect("hold for each tenant, in time, and say whom they left out", () => {
    const { layer, spans } = exporting({ TRACING_SAMPLING_PER_TENANT: "2", TRACING_SAMPLING_TENANTS: "1" })
    return Effect.gen(function* () {
      yield* Effect.repeat(run("loud"), repeated(5))
      yield* Effect.repeat(run("late"), repeated(5))
      const { books, sampler } = yield* flushed
      assert.deepStrictEqual(tenants(spans), ["loud", "loud", "late", "late"])
      assert.deepStrictEqual(yield* decided, {
        always: { kept: 4, leftOut: 0 },
        tenant_limit: { kept: 0, leftOut: 6 }
      })
      assert.deepStrictEqual(books.refused, { tenant_limit: 6 })
      assert.strictEqual(sampler, "parentbased_pertenant(always_on,2/s)")
      yield* TestClock.adjust("1 second")
      yield* run("loud")
      yield* flushed
      assert.strictEqual(tenants(spans).length, 5)
    }).pipe(Effect.provide(layer))
  })

  it.effect("leave traces whole, also where the sampler asks about every span", () => {
    const { layer, spans } = exporting({
      OTEL_TRACES_SAMPLER: "always_on",
      TRACING_SAMPLING_PER_TENANT: "2",
      TRACING_SAMPLING_RULES: rules([{ name: "imports", match: { workflow: "imports" }, action: { perSecond: 1 } }])
    })
    return Effect.gen(function* () {
      yield* Effect.repeat(run("a"), repeated(5))
      yield* Effect.repeat(run("b", "imports"), repeated(5))
      yield* flushed
      assert.deepStrictEqual(tenants(spans), ["a", "a", "b"])
      assert.strictEqual(spans.length, 6)
    }).pipe(Effect.provide(layer))
  })
})

describe("rules that are replaced while the program runs", () => {
  it.effect("hold from then on; those that are not usable change nothing", () => {
    const { layer, spans } = exporting({ TRACING_SAMPLE_RATE: "0" })
    return Effect.gen(function* () {
      assert.deepInclude(yield* SamplingRules.current, { rules: [], from: "default" })
      yield* run("acme")
      yield* SamplingRules.replace([{ name: "acme", match: { tenant: "acme" }, action: "keep" }])
      yield* run("acme")
      assert.deepInclude((yield* flushed).sampling?.rules, { count: 1, from: "code" })
      assert.strictEqual(spans.length, 2)
      const bad = [{ name: "acme", action: "kep" }] as unknown as ReadonlyArray<SamplingRules.SamplingRule>
      const error = yield* Effect.flip(SamplingRules.replace(bad))
      assert.deepStrictEqual(
        error.problems.map(({ key, value }) => [key, value]),
        [["rules[0].action", '"kep"']]
      )
      yield* run("acme")
      yield* flushed
      assert.strictEqual(spans.length, 4)
      yield* SamplingRules.replace([])
      yield* run("acme")
      assert.strictEqual((yield* flushed).sampler, "parentbased_traceidratio(0)")
      assert.strictEqual(spans.length, 4)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is nothing that can be done where tracing is off", () =>
    Effect.gen(function* () {
      assert.include((yield* Effect.flip(SamplingRules.replace([]))).message, "a tracing layer that is on")
    })
  )

  it.live("lose no span under load, tear no trace, and leave the books balanced", () => {
    const { layer, spans } = exporting({ TRACING_SAMPLE_RATE: "0.5", TRACING_BATCH_QUEUE_SIZE: "100000" })
    const traces = 4000
    let replaced = 0
    const changing = Effect.forever(
      Effect.suspend(() => {
        const one: SamplingRules.SamplingRule = {
          name: `version ${++replaced % 7}`,
          action: { ratio: (replaced % 11) / 10 }
        }
        return SamplingRules.replace(replaced % 5 === 0 ? [] : [one, { name: "rest", action: { perSecond: 1000 } }])
      }).pipe(Effect.andThen(Effect.yieldNow))
    )
    const work = Effect.yieldNow.pipe(
      Traced.step("inner"),
      Effect.andThen(Effect.yieldNow),
      Traced.step("outer"),
      Traced.workflow("w", { tenantId: "t", executionId: "1" })
    )
    return Effect.gen(function* () {
      const changes = yield* Effect.forkChild(changing)
      yield* Effect.forEach(Array.from({ length: traces }), () => work, { concurrency: 50, discard: true })
      yield* Fiber.interrupt(changes)
      const { books, sampling } = yield* flushed
      assert.isAbove(replaced, 20)
      assert.strictEqual(books.started, 3 * traces)
      assert.strictEqual(books.started, books.sampledOut + books.exported)
      assert.deepStrictEqual(books.inFlight, { open: 0, undecided: 0, queued: 0, sending: 0, onDisk: 0, held: 0 })
      assert.strictEqual(spans.length, books.exported)
      const sizes = new Map<string, number>()
      for (const { traceId } of spans) sizes.set(traceId, (sizes.get(traceId) ?? 0) + 1)
      assert.deepStrictEqual(new Set(sizes.values()), new Set([3]))
      const counts = Object.values(sampling?.decided ?? {})
      assert.strictEqual(
        counts.reduce((sum, { kept, leftOut }) => sum + kept + leftOut, 0),
        traces
      )
      assert.strictEqual(
        counts.reduce((sum, { kept }) => sum + kept, 0),
        sizes.size
      )
    }).pipe(Effect.provide(layer))
  })
})

describe("rules in a file", () => {
  const folder = Effect.acquireRelease(
    Effect.promise(() => FileSystem.mkdtemp(Path.join(tmpdir(), "gorax-rules-"))),
    (path) => Effect.promise(() => FileSystem.rm(path, { recursive: true }))
  )
  const keep = (tenant: string) => rules([{ name: tenant, match: { tenant }, action: "keep" }])
  const write = (file: string, text: string) => Effect.promise(() => FileSystem.writeFile(file, text))
  /** As they are replaced by who knows how: written beside, and moved. */
  const move = (file: string, text: string) =>
    Effect.andThen(
      write(`${file}.next`, text),
      Effect.promise(() => FileSystem.rename(`${file}.next`, file))
    )
  const until = (condition: Effect.Effect<boolean>) =>
    Effect.repeat(Effect.andThen(Effect.sleep("2 millis"), condition), { until: (holds) => holds })
  const rulesNow = Effect.map(TracingHealth.snapshot, ({ sampling }) => sampling?.rules)

  it.live(
    "hold, are taken up when they change, and stay when the change is not usable: one warning, and health says it",
    () =>
      Effect.gen(function* () {
        const file = Path.join(yield* folder, "rules.json")
        yield* write(file, keep("a"))
        const { layer, lines, spans } = exporting({
          TRACING_SAMPLE_RATE: "0",
          TRACING_SAMPLING_RULES_FILE: file,
          TRACING_SAMPLING_RULES_INTERVAL: "5"
        })
        yield* Effect.gen(function* () {
          const both = Effect.andThen(run("a"), run("b"))
          yield* both
          assert.deepInclude(yield* rulesNow, { count: 1, from: "TRACING_SAMPLING_RULES_FILE" })
          yield* move(file, keep("b"))
          yield* until(Effect.map(SamplingRules.current, (state) => state?.rules[0]?.name === "b"))
          yield* both
          yield* move(file, '[{"name":"b","action":"kep"}]')
          yield* until(Effect.map(rulesNow, (state) => state?.refused !== undefined))
          yield* both
          const { reasons, status } = yield* flushed
          assert.strictEqual(status, "degraded")
          assert.include(reasons[0], "TRACING_SAMPLING_RULES_FILE[0].action must be")
          yield* Effect.sleep("50 millis")
          const warnings = () => lines.filter((line) => line.startsWith("Warn"))
          assert.strictEqual(warnings().length, 1)
          assert.include(warnings()[0], "those before hold")
          // Another mistake is said, and a file that is gone is one
          yield* Effect.promise(() => FileSystem.rm(file))
          yield* until(Effect.sync(() => warnings().length === 2))
          assert.include(warnings()[1], "ENOENT")
          yield* write(file, keep("a"))
          yield* until(Effect.map(rulesNow, (state) => state?.refused === undefined))
          yield* both
          assert.strictEqual((yield* flushed).status, "healthy")
          assert.deepStrictEqual(tenants(spans), ["a", "b", "b", "a"])
          assert.deepInclude(yield* SamplingRules.current, { from: "TRACING_SAMPLING_RULES_FILE" })
        }).pipe(Effect.provide(layer))
      })
  )

  it.live("must be there and usable at start", () =>
    Effect.gen(function* () {
      const file = Path.join(yield* folder, "rules.json")
      const { layer } = exporting({ TRACING_SAMPLING_RULES_FILE: file })
      const start = Effect.flip(Effect.provide(Effect.void, Layer.fresh(layer)))
      assert.include((yield* start).message, "TRACING_SAMPLING_RULES_FILE must be the name of a file that can be read")
      yield* write(file, '[{"name":"a"}]')
      assert.include((yield* start).message, "TRACING_SAMPLING_RULES_FILE[0].action must be there; it is missing")
      yield* write(file, `[${" ".repeat(1_000_000)}]`)
      assert.include((yield* start).message, "1000002 bytes")
    })
  )
})

describe("what is left out hands on no threshold, by which others would record what is below it", () => {
  const headers = {
    traceparent: `00-${"f".repeat(32)}-${"1".repeat(16)}-03`,
    tracestate: "a=1,ot=th:8;rv:f0000000000000"
  }
  const sent = (self: typeof inject) => self.pipe(Carrier.continueFrom(headers))
  const inject = Effect.map(
    Carrier.inject(),
    ({ traceparent, tracestate }) => `${traceparent?.slice(-2)} ${tracestate}`
  )

  it.effect("whether the program ruled it out", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* sent(Effect.withSpan(inject, "kept")), "03 a=1,ot=th:8;rv:f0000000000000")
      const below = Effect.withSpan(inject, "below").pipe(Effect.withSpan("out", { sampled: false }))
      assert.strictEqual(yield* sent(below), "02 ot=rv:f0000000000000,a=1")
    }).pipe(Effect.provide(exporting({}).layer))
  )

  it.effect("or a sampler of one's own did, that knows nothing of it", () => {
    const { layer } = exporting(
      {},
      { sampler: { description: "no", decide: () => ({ sampled: false, reason: "no" }) } }
    )
    return Effect.gen(function* () {
      assert.strictEqual(yield* sent(Effect.withSpan(inject, "out")), "02 ot=rv:f0000000000000,a=1")
    }).pipe(Effect.provide(layer))
  })
})

describe("a sampler that throws", () => {
  it.effect("has not said no, and is counted", () => {
    const { layer, spans } = exporting(
      {},
      {
        sampler: {
          description: "broken",
          decide: () => {
            throw new Error("broken")
          }
        }
      }
    )
    return Effect.gen(function* () {
      yield* Effect.void.pipe(Traced.step("one"))
      assert.deepStrictEqual(yield* decided, { sampler_failed: { kept: 1, leftOut: 0 } })
      assert.strictEqual(spans.length, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("or invents reasons, fills no memory with them", () => {
    let asked = 0
    const { layer } = exporting(
      {},
      {
        sampler: { description: "chatty", decide: () => ({ sampled: false, reason: `reason ${++asked}` }) }
      }
    )
    return Effect.gen(function* () {
      yield* Effect.repeat(Effect.void.pipe(Traced.step("one")), repeated(1000))
      const counts = (yield* decided)!
      assert.isAtMost(Object.keys(counts).length, 201)
      assert.deepStrictEqual(counts["other"], { kept: 0, leftOut: 800 })
    }).pipe(Effect.provide(layer))
  })
})
