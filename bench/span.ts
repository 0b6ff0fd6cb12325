/**
 * One step span: a parent, five text attributes, one event, ended well.
 *
 * Each variant does the same work a thousand times; what the loop itself costs
 * is the variant `bare`, and is taken away. Exporters get every batch and throw
 * it away, so that only the making of spans is seen.
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as Otel from "@opentelemetry/api"
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base"
import { type Context, Effect, Layer, Logger, Scope } from "effect"
import { Sampler, Traced, Tracing } from "@gorax/tracing"

export const spansPerRun = 1000

const attributes = {
  tenant_id: "acme",
  workflow_id: "fulfil-order",
  execution_id: "exec-1",
  node_id: "charge-card",
  node_type: "http"
}

const ids = { attributes }

const discarding: SpanExporter = {
  export: (_, done) => done({ code: 0 }),
  shutdown: () => Promise.resolve()
}
const processor = () => new BatchSpanProcessor(discarding, { maxQueueSize: 1_000_000 })

const loop = (body: Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let index = 0; index < spansPerRun; index++) yield* body
  })

/** A run under a layer that stays built, so that building it is not measured. */
const within = (layer: Layer.Layer<any, any>, body: Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(Layer.provideMerge(layer, Logger.layer([])), scope)
    const program = loop(body).pipe(Effect.withSpan("parent"))
    return () => Effect.runPromiseWith(context as Context.Context<never>)(program)
  })

const step = Effect.void.pipe(Effect.andThen(Traced.event("step.started")), Traced.span("workflow.step.execute", ids))
const plain = Effect.void.pipe(
  Effect.andThen(Traced.event("step.started")),
  Effect.withSpan("workflow.step.execute", ids, { captureStackTrace: false })
)
const withEvent = Effect.void.pipe(Effect.andThen(Traced.event("step.started")))

const ours = { exporter: "none", exporters: [{ export: () => Effect.void }], otelContext: "off" } as const

const sdk = Effect.sync(() => {
  const tracer = new BasicTracerProvider({ spanProcessors: [processor()] }).getTracer("bench")
  return async () => {
    const parent = tracer.startSpan("parent")
    const context = Otel.trace.setSpan(Otel.ROOT_CONTEXT, parent)
    for (let index = 0; index < spansPerRun; index++) {
      const span = tracer.startSpan("workflow.step.execute", { attributes }, context)
      span.addEvent("step.started")
      span.end()
    }
    parent.end()
  }
})

export const variants = {
  sdk,
  bare: within(Tracing.layerDisabled, withEvent),
  combinator: within(Tracing.layer(ours), step),
  public: within(Tracing.layer(ours), plain),
  unsampled: within(Tracing.layer({ ...ours, sampler: Sampler.parentBased(Sampler.never) }), step),
  disabled: within(Tracing.layerDisabled, step),
  bridge: within(
    NodeSdk.layer(() => ({ resource: { serviceName: "bench" }, spanProcessor: processor() })),
    plain
  )
}

export type Variant = keyof typeof variants
