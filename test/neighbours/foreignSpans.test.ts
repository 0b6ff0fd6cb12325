import { assert, describe, it } from "@effect/vitest"
import { OtelTracer } from "@effect/opentelemetry"
import * as Otel from "@opentelemetry/api"
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Context, Effect, Logger } from "effect"
import { Carrier, Sampler, type Stage, Tracing } from "@gorax/tracing"
import { setImmediate as immediate } from "node:timers/promises"
import { Transparent } from "../../src/model/SpanHints.ts"
import { traced } from "./Neighbourhood.ts"

/** Code that knows only OpenTelemetry and opens a span of its own around something. */
const foreign = <A>(name: string, run: (span: Otel.Span) => A | Promise<A>, options: Otel.SpanOptions = {}) =>
  Otel.trace.getTracer("foreign").startActiveSpan(name, options, async (span) => {
    try {
      return await run(span)
    } finally {
      span.end()
    }
  })

const on = { otelContext: "on" } as const

describe("spans of OpenTelemetry's tracers", () => {
  it.live("are children of the fiber's span, and parents of the effects run inside them, to any depth", () =>
    Effect.gen(function* () {
      const { spans, tree } = yield* traced(
        Effect.gen(function* () {
          const context = yield* Effect.context()
          yield* Effect.promise(() =>
            foreign("foreign", async () => {
              await immediate()
              await Effect.runPromiseWith(context)(
                Effect.promise(() => foreign("foreign inside", () => immediate())).pipe(Effect.withSpan("ours inside"))
              )
            })
          ).pipe(Effect.withSpan("ours"))
        }),
        on
      )
      assert.strictEqual(tree, "ours\n  foreign\n    ours inside\n      foreign inside")
      assert.isTrue(spans.every(({ parentIsRemote }) => !parentIsRemote))
    })
  )

  it.live("do not become parents where the effect says whose child it is, or that it is a root", () =>
    Effect.gen(function* () {
      const { tree } = yield* traced(
        Effect.gen(function* () {
          // The context has a span in it, which is nearer to the effect than whatever surrounds it.
          const context = yield* Effect.context()
          yield* Effect.promise(() =>
            foreign("foreign", () =>
              Effect.runPromiseWith(context)(
                Effect.void.pipe(
                  Effect.withSpan("root", { root: true }),
                  Effect.andThen(Effect.void.pipe(Effect.withSpan("child of ours")))
                )
              )
            )
          )
        }).pipe(Effect.withSpan("ours")),
        on
      )
      assert.sameMembers(tree.split("\n"), ["ours", "  foreign", "  child of ours", "root"])
    })
  )

  it.live("hang under the parent of a transparent span, and under none that is hidden", () =>
    Effect.gen(function* () {
      const { tree } = yield* traced(
        Effect.promise(() => foreign("foreign", (span) => span.setAttribute("a", 1))).pipe(
          Effect.withSpan("transparent", { annotations: Context.make(Transparent, true) }),
          Effect.andThen(
            Effect.promise(() => foreign("foreign below nothing", immediate)).pipe(
              Effect.withSpan("hidden"),
              Effect.withTracerEnabled(false)
            )
          ),
          Effect.withSpan("ours")
        ),
        on
      )
      assert.strictEqual(tree, "ours\n  foreign\n  foreign below nothing")
    })
  )

  it.live("are decided by the same sampler, which sees their attributes", () =>
    Effect.gen(function* () {
      const asked: Array<unknown> = []
      const sampler: Tracing.TracingOptions["sampler"] = {
        description: "no health checks",
        decide: ({ attributes, kind, name, parent }) => {
          asked.push([name, kind, attributes.get("http.route"), parent?.isRemote])
          return { sampled: attributes.get("http.route") !== "/health", reason: "route" }
        }
      }
      const request = (route: string) =>
        foreign("request", immediate, { kind: Otel.SpanKind.SERVER, attributes: { "http.route": route } })
      const { tree } = yield* traced(
        Effect.promise(() => request("/health")).pipe(
          Effect.andThen(Effect.promise(() => request("/orders"))),
          Effect.withSpan("ours")
        ),
        { ...on, sampler }
      )
      assert.strictEqual(tree, "ours\n  request (server)")
      assert.deepStrictEqual(asked, [
        ["ours", "internal", undefined, undefined],
        ["request", "server", "/health", false],
        ["request", "server", "/orders", false]
      ])
    })
  )

  it.live("are left out below a span that Effect ruled out, whatever the sampler thinks", () =>
    Effect.gen(function* () {
      const { tree } = yield* traced(
        Effect.promise(() => foreign("foreign", immediate)).pipe(
          Effect.withSpan("ruled out", { sampled: false }),
          Effect.withSpan("ours")
        ),
        { ...on, sampler: Sampler.always }
      )
      assert.strictEqual(tree, "ours")
    })
  )

  it.live("pass the same stages, and the same processors are told of them at both ends", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const processor: SpanProcessor = {
        onStart(span) {
          span.setAttribute("told", true)
          told.push(`start ${span.name}`)
        },
        onEnd(span) {
          told.push(`end ${span.name} ${span.attributes["customer"]} ${span.attributes["told"]}`)
        },
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve()
      }
      const masking: Stage = (next) =>
        Effect.succeed({
          ...next,
          push: (span) => {
            const attributes = new Map([...span.attributes, ["customer", "masked"] as const])
            next.push(
              new Proxy(span, {
                get: (target, key) => (key === "attributes" ? attributes : (Reflect.get(target, key) as unknown))
              })
            )
          }
        })
      yield* traced(
        Effect.promise(() => foreign("foreign", immediate, { attributes: { customer: "Ada" } })).pipe(
          Effect.withSpan("ours", { attributes: { customer: "Ada" } })
        ),
        { ...on, spanProcessors: [processor], stages: [masking] }
      )
      assert.deepStrictEqual(told, ["start ours", "start foreign", "end foreign masked true", "end ours masked true"])
    })
  )

  it.live("see the context that the fiber continues, vendor state included", () =>
    Effect.gen(function* () {
      const { spans } = yield* traced(
        Effect.promise(() =>
          foreign("foreign", (span) => {
            assert.strictEqual(span.spanContext().traceState?.serialize(), "v=1")
          })
        ).pipe(Carrier.continueFrom({ traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, tracestate: "v=1" })),
        on
      )
      assert.strictEqual(spans[0]?.traceId, "a".repeat(32))
      assert.strictEqual(spans[0]?.parentSpanId, "b".repeat(16))
      assert.isTrue(spans[0]?.parentIsRemote)
    })
  )
})

describe("`OtelTracer.currentOtelSpan`", () => {
  it.live("is the span that is active, and writes to what is exported", () =>
    Effect.gen(function* () {
      const { spans } = yield* traced(
        Effect.gen(function* () {
          const span = yield* OtelTracer.currentOtelSpan
          assert.strictEqual(yield* Effect.sync(() => Otel.trace.getActiveSpan()), span)
          span.setAttributes({ a: 1, b: "two" }).addEvent("seen", { c: true })
          span.addLink({ context: { traceId: "c".repeat(32), spanId: "d".repeat(16), traceFlags: 1 } })
          span.recordException(new Error("boom"))
        }).pipe(Effect.withSpan("ours")),
        on
      )
      const [span] = spans
      assert.deepInclude(Object.fromEntries(span!.attributes), { a: 1, b: "two" })
      assert.deepStrictEqual(
        span?.events.map(({ name }) => name),
        ["seen", "exception"]
      )
      assert.strictEqual(span?.links[0]?.span.spanId, "d".repeat(16))
    })
  )
})

describe("an application that has registered OpenTelemetry itself", () => {
  it.live("keeps what it registered, and is told of the bridge", () =>
    Effect.gen(function* () {
      const mine: Otel.TracerProvider = { getTracer: () => Otel.trace.getTracer("none") }
      Otel.trace.setGlobalTracerProvider(mine)
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      yield* Effect.void.pipe(Effect.provide(Tracing.layer({ exporter: "none" })), Effect.provide(logger))
      assert.isTrue(
        lines.some((line) => line.includes("Tracing.layerBridge")),
        lines.join("\n")
      )
      const proxy = Otel.trace.getTracerProvider() as Otel.ProxyTracerProvider
      assert.strictEqual(proxy.getDelegate(), mine)
    }).pipe(Effect.ensuring(Effect.sync(() => Otel.trace.disable())))
  )
})
