/**
 * The tracers that are compared, each with exporters that throw away what they get, and look at it when asked.
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { Sampler, type SpanData, type SpanExporter, Tracing, TracingConfig } from "@gorax/tracing"
import * as Otel from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter as SdkExporter,
  type SpanProcessor
} from "@opentelemetry/sdk-trace-base"
import { Effect, Layer, Logger, Scope, Tracer } from "effect"
import { HttpBody, HttpClient, HttpClientResponse } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import * as assert from "node:assert/strict"
import * as SpanBooks from "../src/model/SpanBooks.ts"
import * as Batching from "../src/pipeline/Batching.ts"
import * as GoraxTracer from "../src/tracer/GoraxTracer.ts"
import * as Ids from "../src/tracer/Ids.ts"

/** A span as its receiver sees it, in terms that all tracers share. */
interface SeenSpan {
  readonly name: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<string>
  readonly failed: boolean
}

/** One tracer. */
export interface Peer {
  readonly layer: Layer.Layer<never, unknown>
  /** The last batch that was exported. */
  readonly seen: () => ReadonlyArray<SeenSpan>
}

/** An exporter of ours that keeps the last batch. */
const keepingLast = () => {
  let last: ReadonlyArray<SpanData> = []
  const exporter: SpanExporter = {
    export(spans) {
      last = spans
      return Effect.void
    }
  }
  const seen = (): ReturnType<Peer["seen"]> =>
    last.map(({ attributes, events, name, parentSpanId, spanId, statusCode }) => ({
      name,
      spanId,
      parentSpanId,
      attributes: Object.fromEntries(attributes),
      events: events.map(({ name }) => name),
      failed: statusCode === "error"
    }))
  return { exporter, seen }
}

/** Ours, with everything on the way that is there by default. */
export const ours = (options: Omit<Tracing.TracingOptions, "exporters"> = {}): Peer => {
  const { exporter, seen } = keepingLast()
  return { layer: Tracing.layer({ exporter: "none", otelContext: "off", ...options, exporters: [exporter] }), seen }
}

/** Ours where fibers are not as they are known: combinators open their spans through Effect's public API. */
export const oursOnPublicApi = (): Peer => {
  const { exporter, seen } = keepingLast()
  const make = Effect.gen(function* () {
    const { batch, resourceAttributes, shutdownTimeout, spanLimits } = TracingConfig.defaults
    const books = SpanBooks.make()
    return GoraxTracer.make({
      sink: yield* Batching.make(exporter, { ...batch, books, shutdownTimeout }),
      sampler: Sampler.parentBased(Sampler.always),
      books,
      ids: Ids.secure(),
      limits: spanLimits,
      resource: { attributes: resourceAttributes },
      scope: { name: "bench", version: "0" },
      publicApiOnly: true
    })
  })
  return { layer: Layer.effect(Tracer.Tracer, make), seen }
}

interface SdkParts extends Pick<Peer, "seen"> {
  readonly processor: SpanProcessor
}

/** An exporter of the SDK that keeps the last batch. */
const discarding = () => {
  let last: ReadonlyArray<ReadableSpan> = []
  const exporter: SdkExporter = {
    export(spans, done) {
      last = spans
      done({ code: 0 })
    },
    shutdown: () => Promise.resolve()
  }
  const seen = (): ReturnType<Peer["seen"]> =>
    last.map((span) => ({
      name: span.name,
      spanId: span.spanContext().spanId,
      parentSpanId: span.parentSpanContext?.spanId,
      attributes: { ...span.attributes },
      events: span.events.map(({ name }) => name),
      failed: span.status.code === Otel.SpanStatusCode.ERROR
    }))
  return { processor: new BatchSpanProcessor(exporter, { maxQueueSize: 1_000_000 }), seen }
}

/** The SDK itself, without Effect. */
export const sdk = () => {
  const { processor, seen } = discarding()
  return { tracer: new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench"), processor, seen }
}

/** `@effect/opentelemetry`. */
export const bridge = ({ processor, seen }: SdkParts = discarding()): Peer => {
  return { layer: NodeSdk.layer(() => ({ resource: { serviceName: "bench" }, spanProcessor: processor })), seen }
}

/** The same in an application that lets instrumentation find the active span. */
export const bridgeInContext = (): Peer => {
  Otel.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return bridge()
}

type NativeOptions = Pick<Parameters<typeof OtlpTracer.layer>[0], "maxBatchSize" | "exportInterval">

interface NativeBatch {
  readonly resourceSpans: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{
      readonly spans: ReadonlyArray<{
        readonly name: string
        readonly spanId: string
        readonly parentSpanId?: string | undefined
        readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: { readonly stringValue?: unknown } }>
        readonly events: ReadonlyArray<{ readonly name: string }>
        readonly status: { readonly code: number }
      }>
    }>
  }>
}

/** `effect/observability`, whose spans are turned into OTLP's shape as they end. */
export const native = (options: NativeOptions = {}): Peer => {
  let last: NativeBatch = { resourceSpans: [] }
  const discard = (data: unknown) => {
    last = data as NativeBatch
    return HttpBody.empty
  }
  const serialization = Layer.succeed(OtlpSerialization.OtlpSerialization, {
    traces: discard,
    metrics: discard,
    logs: discard
  })
  const client = Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response())))
  )
  return {
    layer: OtlpTracer.layer({
      ...options,
      url: "http://localhost:4318/v1/traces",
      resource: { serviceName: "bench" }
    }).pipe(Layer.provide([serialization, client])),
    seen: () =>
      last.resourceSpans
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans)
        .map(({ attributes, events, name, parentSpanId, spanId, status }) => ({
          name,
          spanId,
          parentSpanId,
          attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])),
          events: events.map(({ name }) => name),
          failed: status.code === 2
        }))
  }
}

/** Nothing is recorded. */
export const off: Layer.Layer<never, unknown> = Tracing.layerDisabled

/** What every tracer must have made of one step. */
export interface Expected {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<string>
  readonly failed?: boolean
}

/** Fails unless there is this span under one that is called `parent`. What else a tracer writes is its own affair. */
export const assertSeen = (seen: ReadonlyArray<SeenSpan>, expected: Expected): void => {
  const parent = seen.find(({ name }) => name === "parent")
  const span = seen.find(({ name }) => name === expected.name)
  if (parent === undefined || span === undefined) throw new Error(`not there: ${JSON.stringify(seen)}`)
  assert.equal(span.parentSpanId, parent.spanId)
  assert.equal(span.failed, expected.failed ?? false)
  assert.equal(span.events.length, expected.events.length)
  if (expected.failed !== true) assert.deepEqual(span.events, expected.events)
  for (const key in expected.attributes) assert.equal(span.attributes[key], expected.attributes[key])
}

/** Lets a tracer make one span, and fails when it is not the one that was asked for. */
export const check = async (peer: Peer, program: Effect.Effect<unknown>, expected: Expected): Promise<void> => {
  const under = program.pipe(Effect.exit, Effect.withSpan("parent"), Effect.provide(quiet(peer.layer)))
  await Effect.runPromise(under)
  assertSeen(peer.seen(), expected)
}

/** A layer in a program that logs nothing. */
export const quiet = (layer: Layer.Layer<never, unknown>) => Layer.provideMerge(layer, Logger.layer([]))

/**
 * Has a fiber run what programs are made of. A process that has seen nothing but one loop is faster by a third than any
 * program, and a layer that is built first would be blamed for the difference.
 */
const seeTheWorld = Effect.forEach([1, 2], (index) => Effect.delay(Effect.fail(index), 1).pipe(Effect.exit), {
  concurrency: 2
}).pipe(Effect.withSpan("parent"), Effect.provide(quiet(ours({ otelContext: "auto" }).layer)))

/** Builds a layer that stays, so that building it is not measured, and gives what runs programs under it. */
export const build = (
  layer: Layer.Layer<never, unknown>
): Promise<(program: Effect.Effect<unknown>) => Promise<unknown>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      yield* seeTheWorld
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(quiet(layer), scope)
      return Effect.runPromiseWith(context)
    })
  )
