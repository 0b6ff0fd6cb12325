import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { NodeHttpServer } from "@effect/platform-node"
import { OtelTracer, Resource } from "@effect/opentelemetry"
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as Otel from "@opentelemetry/api"
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici"
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node"
import { ConfigProvider, Context, Data, Effect, Layer, Logger, Option } from "effect"
import { FetchHttpClient, HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { Baggage, Carrier, Traced, TracedClient, TracedServer, Tracing } from "@gorax/tracing"
import { createServer } from "node:http"
import { setImmediate as immediate } from "node:timers/promises"
import { AttributeProfile } from "../../src/model/References.ts"
import { draw, only, outside } from "./Neighbourhood.ts"

/** The application's own OpenTelemetry, as `NodeSDK.start()` leaves it. */
const application = { exporter: new InMemorySpanExporter() }
const instrumentation = new UndiciInstrumentation()

beforeEach(() => {
  application.exporter = new InMemorySpanExporter()
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(application.exporter)] }).register()
  instrumentation.enable()
  instrumentation.setTracerProvider(Otel.trace.getTracerProvider())
})
afterEach(() => {
  instrumentation.disable()
  Otel.trace.disable()
  Otel.context.disable()
  Otel.propagation.disable()
})

const kinds = ["internal", "server", "client", "producer", "consumer"]
const nanos = ([seconds, nanos]: Otel.HrTime) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
const exported = () => application.exporter.getFinishedSpans()
const named = (name: string): ReadableSpan => exported().find((span) => span.name === name)!
const tree = () =>
  draw(
    exported().map((span) => ({
      name: span.name,
      kind: kinds[span.kind]!,
      spanId: span.spanContext().spanId,
      parentSpanId: span.parentSpanContext?.spanId,
      startTime: nanos(span.startTime)
    }))
  )

const settings = (values: Readonly<Record<string, string>>) => ConfigProvider.layer(ConfigProvider.fromUnknown(values))
const bridged = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.provide(self, Tracing.layerBridge())

const foreign = <A>(name: string, run: () => A | Promise<A>) =>
  Otel.trace.getTracer("foreign").startActiveSpan(name, async (span) => {
    try {
      return await run()
    } finally {
      span.end()
    }
  })

class Declined extends Data.TaggedError("Declined")<{ readonly password: string }> {}

describe("over a provider that the application runs", () => {
  it.live("Traced.* and Effect.withSpan appear in its pipeline, among the spans of its own instrumentation", () =>
    Effect.gen(function* () {
      const { received, url } = yield* outside()
      yield* Effect.promise(async () => {
        await immediate()
        return fetch(url)
      }).pipe(
        Traced.step("fetch-price", { type: "http" }),
        Effect.withSpan("order", { attributes: { lines: 2, nested: { a: 1 } } }),
        Traced.workflow("fulfil", { tenantId: "acme", executionId: "1" }),
        bridged
      )
      assert.strictEqual(tree(), "workflow.execute\n  order\n    workflow.step.execute\n      GET (client)")
      assert.deepStrictEqual({ ...named("order").attributes, lines: 2 }, {
        ...named("order").attributes,
        tenant_id: "acme",
        nested: `{"a":1}`
      } as never)
      assert.strictEqual(only(received).traceparents, 1)
      assert.strictEqual(named("order").instrumentationScope.name, "@gorax/tracing")
    })
  )

  it.live("its active span is the fiber's, with the baggage, also behind an await", () =>
    Effect.gen(function* () {
      const { spanId } = yield* Effect.currentSpan
      const look = () =>
        `${Otel.trace.getActiveSpan()?.spanContext().spanId} ${Otel.propagation.getActiveBaggage()?.getEntry("tier")?.value}`
      const seen = yield* Effect.promise(async () => {
        const before = look()
        await immediate()
        return [before, look()]
      })
      yield* Effect.yieldNow
      assert.deepStrictEqual(
        [...seen, look()],
        Array.from({ length: 3 }, () => `${spanId} gold`)
      )
      assert.strictEqual(yield* OtelTracer.currentOtelSpan, Otel.trace.getActiveSpan())
    }).pipe(Effect.withSpan("work"), Baggage.set("tier", "gold"), bridged)
  )

  it.live("its spans are parents of ours, and ours of its", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context()
      yield* Effect.promise(() =>
        foreign("foreign", () =>
          Effect.runPromiseWith(context)(
            Effect.promise(() => foreign("inner", immediate)).pipe(Effect.withSpan("ours"))
          )
        )
      )
      assert.strictEqual(tree(), "foreign\n  ours\n    inner")
    }).pipe(bridged)
  )

  it.live("success leaves the status unset, a failure says what it was and no more, an interruption is no error", () =>
    Effect.gen(function* () {
      yield* Effect.succeed({ secret: true }).pipe(Effect.withSpan("fine"))
      yield* new Declined({ password: "hunter2" }).pipe(
        Effect.withSpan("inner"),
        Effect.withSpan("outer"),
        Effect.ignore
      )
      yield* Effect.never.pipe(Effect.withSpan("late"), Effect.timeoutOption("1 millis"))
      yield* Traced.recordError(new Error("noted")).pipe(Effect.withSpan("noted"))
      assert.deepStrictEqual(named("fine").status, { code: Otel.SpanStatusCode.UNSET })
      assert.deepStrictEqual(named("late").status, { code: Otel.SpanStatusCode.UNSET })
      assert.strictEqual(named("noted").status.code, Otel.SpanStatusCode.ERROR)
      for (const name of ["inner", "outer"]) {
        assert.strictEqual(named(name).status.code, Otel.SpanStatusCode.ERROR)
        assert.strictEqual(named(name).attributes["error.type"], "Declined")
      }
      assert.deepStrictEqual([named("inner").events.length, named("outer").events.length], [1, 0])
      assert.notInclude(JSON.stringify(exported().map(({ attributes, events }) => [attributes, events])), "hunter2")
    }).pipe(bridged)
  )

  it.live("what Effect leaves out the provider never hears of, nor what is below it", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(
        Effect.withSpan("below"),
        Effect.withSpan("left out", { sampled: false }),
        Effect.withSpan("ours")
      )
      assert.strictEqual(tree(), "ours")
    }).pipe(bridged)
  )

  it.live("contexts come in and go out whole: flags, vendor state and baggage", () =>
    Effect.gen(function* () {
      const carried = yield* Carrier.inject().pipe(
        Effect.withSpan("work"),
        Carrier.continueFrom({
          traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
          tracestate: "v=1",
          baggage: "tier=gold"
        })
      )
      const span = named("work")
      assert.deepStrictEqual(carried, {
        traceparent: `00-${"a".repeat(32)}-${span.spanContext().spanId}-01`,
        tracestate: "v=1",
        baggage: "tier=gold"
      })
      assert.strictEqual(span.parentSpanContext?.spanId, "b".repeat(16))
      assert.isTrue(span.parentSpanContext?.isRemote)
    }).pipe(bridged)
  )

  it.live("a request has one client span, one server span named by its route, and one traceparent", () =>
    Effect.gen(function* () {
      const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
      yield* HttpClient.get(`${url}/orders/1`).pipe(
        Effect.flatMap((response) => response.text),
        Effect.withSpan("work")
      )
      yield* Effect.yieldNow
      assert.strictEqual(tree(), "work\n  GET (client)\n    GET /orders/:id (server)")
    }).pipe(
      Effect.provide(
        HttpRouter.serve(HttpRouter.add("GET", "/orders/:id", HttpServerResponse.text("ok")), {
          disableListenLog: true,
          disableLogger: true
        }).pipe(
          Layer.provide(TracedServer.layer),
          Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0 })),
          Layer.provideMerge(TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer)))
        )
      ),
      bridged
    )
  )

  it.live("many fibers at once keep to their own spans", () =>
    Effect.gen(function* () {
      const look = () => Otel.trace.getActiveSpan()?.spanContext().spanId
      yield* Effect.forEach(
        Array.from({ length: 200 }),
        () =>
          Effect.gen(function* () {
            const { spanId } = yield* Effect.currentSpan
            for (let turn = 0; turn < 4; turn++) {
              yield* turn % 2 === 0 ? Effect.yieldNow : Effect.promise(() => immediate())
              assert.strictEqual(look(), spanId)
              yield* Effect.void.pipe(Effect.withSpan("inner"))
              assert.strictEqual(look(), spanId)
            }
          }).pipe(Effect.withSpan("fiber")),
        { concurrency: "unbounded", discard: true }
      )
    }).pipe(bridged)
  )
})

describe("its provider and settings", () => {
  it.live("may be given instead of registered, such as that of Effect's own NodeSdk", () => {
    const exporter = new InMemorySpanExporter()
    const names: Array<string> = []
    const Provider = NodeSdk.layerTracerProvider(
      new SimpleSpanProcessor({
        export: (spans, done) => {
          names.push(...spans.map(({ name }) => name))
          exporter.export(spans, done)
        },
        shutdown: () => exporter.shutdown()
      })
    ).pipe(Layer.provide(Resource.layer({ serviceName: "orders" })))
    const Bridge = Layer.unwrap(
      Effect.map(OtelTracer.OtelTracerProvider, (provider) => Tracing.layerBridge({ provider }))
    ).pipe(Layer.provide(Provider))
    return Effect.void.pipe(
      Effect.withSpan("work"),
      Effect.provide(Bridge),
      Effect.map(() => {
        assert.deepStrictEqual(names, ["work"])
        assert.strictEqual(tree(), "")
      })
    )
  })

  it.live("hold for what crosses boundaries, and a wrong one fails it", () =>
    Effect.gen(function* () {
      const read = Effect.gen(function* () {
        return [yield* AttributeProfile, Object.keys(yield* Carrier.inject().pipe(Effect.withSpan("work")))]
      }).pipe(Baggage.set("tier", "gold"), bridged)
      assert.deepStrictEqual(
        yield* Effect.provide(
          read,
          settings({ TRACING_ATTRIBUTE_PROFILE: "semconv", TRACING_PROPAGATORS: "tracecontext" })
        ),
        ["semconv", ["traceparent"]]
      )
      const error = yield* Effect.flip(Effect.provide(read, settings({ TRACING_PROPAGATORS: "pigeon" })))
      assert.include(error.message, "TRACING_PROPAGATORS")
    })
  )

  it.live("may be missing: then it says so, and the program runs", () =>
    Effect.gen(function* () {
      Otel.trace.disable()
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      const result = yield* Effect.succeed("result").pipe(Effect.withSpan("work"), bridged, Effect.provide(logger))
      assert.strictEqual(result, "result")
      assert.isTrue(
        lines.some((line) => line.includes("no provider is registered")),
        lines.join("\n")
      )
    })
  )

  it.live("are left as they were by the layer", () =>
    Effect.gen(function* () {
      yield* Effect.void.pipe(bridged)
      assert.isTrue(Otel.trace.getTracer("later").startSpan("later").isRecording())
      const context = Context.getOption(yield* Effect.context(), OtelTracer.OtelTracer)
      assert.isTrue(Option.isNone(context))
    })
  )
})
