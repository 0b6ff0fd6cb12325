/**
 * Lets instrumentation and code that know only OpenTelemetry join the traces of Effect.
 *
 * Registers a `NodeTracerProvider`, a context manager and a propagator with
 * OpenTelemetry's API while the layer lives, and takes away what it put
 * there. Whoever registered first stays: an application that runs its own
 * provider keeps it.
 */
import * as Otel from "@opentelemetry/api"
import { isTracingSuppressed } from "@opentelemetry/core"
import { resourceFromAttributes } from "@opentelemetry/resources"
import * as Sdk from "@opentelemetry/sdk-trace-base"
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ReadableSpan from "../export/ReadableSpan.ts"
import * as Attributes from "../model/Attributes.ts"
import type { HeaderLines } from "../model/HeaderLines.ts"
import type { Propagator } from "../model/Propagator.ts"
import type { Sampler, SamplingDecision } from "../model/Sampler.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { GoraxTracerOptions } from "../tracer/GoraxTracer.ts"
import { toOtelBaggage } from "../tracer/FiberContext.ts"
import type { OtelContext } from "../tracer/OtelContext.ts"
import { fromOtel, OtelSpanView, toOtel } from "../tracer/OtelSpanView.ts"

export interface OtelGlobalsOptions extends GoraxTracerOptions {
  readonly otelContext: OtelContext
  readonly propagator: Propagator
  /** Told of every span of OpenTelemetry's SDK when it begins. */
  readonly onForeignStart?: ((span: Sdk.Span, parent: Otel.Context) => void) | undefined
}

/** False once the layer is released: tracers that instrumentation kept make nothing more. */
interface Life {
  over: boolean
}

const kinds = ["internal", "server", "client", "producer", "consumer"] as const

const refused: SamplingDecision = { sampled: false, reason: "refused" }

/** What Effect ruled out stays out, with all its descendants. */
const isRefused = (context: Otel.Context): boolean => {
  const parent = Otel.trace.getSpan(context)
  return parent instanceof OtelSpanView && parent.refused
}

/** Our sampler, asked by the SDK; what it refuses is counted as it is for spans of our own. */
const toSdkSampler = (options: OtelGlobalsOptions, life: Life): Sdk.Sampler => {
  const decide = (
    sampler: Sampler,
    ...[context, traceId, name, kind, attributes, links]: Parameters<Sdk.Sampler["shouldSample"]>
  ) => {
    const parent = Otel.trace.getSpanContext(context)
    const map = new Attributes.AttributeMap({ count: Infinity, valueLength: Infinity })
    map.setAll(attributes)
    return sampler.decide({
      traceId,
      name,
      kind: kinds[kind] ?? "internal",
      attributes: map,
      links: links.map((link) => ({ span: SpanContext.toExternalSpan(fromOtel(link.context)), attributes: {} })),
      parent:
        parent === undefined || !Otel.isSpanContextValid(parent)
          ? undefined
          : { ...fromOtel(parent), isRemote: parent.isRemote === true }
    })
  }
  return {
    toString: () => options.sampler.description,
    shouldSample(...input) {
      if (life.over) return { decision: Sdk.SamplingDecision.NOT_RECORD }
      options.books.started++
      const decision = isRefused(input[0]) ? refused : decide(options.sampler, ...input)
      const recordedOnly = !decision.sampled && decision !== refused && options.recordsUnsampled === true
      if (!decision.sampled && !recordedOnly) options.books.sampledOut++
      return {
        decision: decision.sampled
          ? Sdk.SamplingDecision.RECORD_AND_SAMPLED
          : recordedOnly
            ? Sdk.SamplingDecision.RECORD
            : Sdk.SamplingDecision.NOT_RECORD,
        ...(decision.attributes === undefined ? {} : { attributes: decision.attributes as Otel.Attributes }),
        ...(decision.traceState === undefined ? {} : { traceState: Otel.createTraceState(decision.traceState) })
      }
    }
  }
}

/** True of a span that is recorded only, and above which there is nothing in this process. */
const isRecordedRoot = ({ parentSpanContext }: Sdk.Span, { traceFlags }: Otel.SpanContext): boolean =>
  (traceFlags & SpanContext.sampledFlag) === 0 &&
  (parentSpanContext === undefined || parentSpanContext.isRemote === true)

const toSpanProcessor = ({ books, onForeignStart, onRecordedRoot, sink }: OtelGlobalsOptions): Sdk.SpanProcessor => ({
  onStart(span, parent) {
    const context = span.spanContext()
    if (isRecordedRoot(span, context)) onRecordedRoot?.(context.traceId, context.spanId)
    onForeignStart?.(span, parent)
  },
  onEnd(span) {
    books.ended++
    sink.push(ReadableSpan.fromReadableSpan(span))
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve()
})

const makeProvider = (options: OtelGlobalsOptions, life: Life): Otel.TracerProvider => {
  const { limits } = options
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes(options.resource.attributes as Otel.Attributes),
    sampler: toSdkSampler(options, life),
    idGenerator: { generateTraceId: options.ids.traceId, generateSpanId: options.ids.spanId },
    generalLimits: { attributeValueLengthLimit: limits.attributeLength, attributeCountLimit: limits.attributes },
    spanLimits: {
      attributeValueLengthLimit: limits.attributeLength,
      attributeCountLimit: limits.attributes,
      eventCountLimit: limits.events,
      attributePerEventCountLimit: limits.attributesPerEvent,
      linkCountLimit: limits.links,
      attributePerLinkCountLimit: limits.attributesPerLink
    },
    spanProcessors: [toSpanProcessor(options)]
  })
  return {
    getTracer(...args) {
      options.otelContext.turnOn()
      return provider.getTracer(...args)
    }
  }
}

/** A getter may not know which keys there are; what the propagator reads is asked for in any case. */
const linesOf = <C>({ fields }: Propagator, carrier: C, getter: Otel.TextMapGetter<C>): HeaderLines => {
  const lines = new Map<string, ReadonlyArray<string>>()
  const keys = getter.keys(carrier)
  const known = new Set(keys.map((key) => key.toLowerCase()))
  for (const key of [...keys, ...fields.filter((field) => !known.has(field))]) {
    const value = getter.get(carrier, key)
    if (value === undefined) continue
    const name = key.toLowerCase()
    lines.set(name, [...(lines.get(name) ?? []), ...(Array.isArray(value) ? value : [value])])
  }
  return lines
}

const toTextMapPropagator = (propagator: Propagator): Otel.TextMapPropagator => ({
  fields: () => [...propagator.fields],
  inject(context, carrier, setter) {
    if (isTracingSuppressed(context)) return
    const span = Otel.trace.getSpanContext(context)
    const baggage = Otel.propagation.getBaggage(context)?.getAllEntries() ?? []
    const headers = propagator.inject({
      span: span === undefined ? undefined : fromOtel(span),
      baggage: new Map(
        baggage.map(([name, { metadata, value }]) => [
          name,
          metadata === undefined ? { value } : { value, metadata: metadata.toString() }
        ])
      )
    })
    for (const [name, value] of Object.entries(headers)) setter.set(carrier, name, value)
  },
  extract(context, carrier, getter) {
    const { baggage, span } = propagator.extract(linesOf(propagator, carrier, getter))
    const withSpan = span === undefined ? context : Otel.trace.setSpanContext(context, toOtel(span, true))
    return baggage.size === 0 ? withSpan : Otel.propagation.setBaggage(withSpan, toOtelBaggage(baggage))
  }
})

/** The one provider of ours that is registered, if one is: two layers in one process are no reason to warn. */
let registered: Otel.TracerProvider | undefined

const warning = Effect.logWarning(
  "Tracing does not see what other code tells OpenTelemetry, because a provider or a context manager is registered " +
    "already. Tracing.layerBridge sends the spans of Effect there; TRACING_OTEL_CONTEXT=off silences this."
)

/** Registers all three for the life of a scope. */
export const register = (options: OtelGlobalsOptions): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const life: Life = { over: false }
      const provider = makeProvider(options, life)
      const known = registered !== undefined
      const undo: Array<() => void> = [
        () => {
          life.over = true
        }
      ]
      const managed = Otel.context.setGlobalContextManager(options.otelContext.manager)
      if (managed) undo.push(() => Otel.context.disable())
      if (Otel.propagation.setGlobalPropagator(toTextMapPropagator(options.propagator)))
        undo.push(() => Otel.propagation.disable())
      const provided = Otel.trace.setGlobalTracerProvider(provider)
      if (provided) {
        registered = provider
        undo.push(() => {
          registered = undefined
          Otel.trace.disable()
        })
      }
      return { undo, alone: known || (managed && provided) }
    }),
    ({ undo }) =>
      Effect.sync(() => {
        for (const step of undo) step()
      })
  ).pipe(Effect.flatMap(({ alone }) => (alone ? Effect.void : warning)))
