/**
 * OpenTelemetry's context, as it is while a fiber runs: the fiber's span and baggage upon whatever was there before.
 *
 * Entering one costs three fields. What OpenTelemetry calls a span, baggage
 * or a suppressed context is made when somebody asks for it.
 */
import * as Otel from "@opentelemetry/api"
import { suppressTracing } from "@opentelemetry/core"
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type { Baggage } from "../model/Propagator.ts"
import * as SpanContext from "../model/SpanContext.ts"
import { Leaf } from "../model/SpanHints.ts"
import { otelSpanTypeId, toOtel } from "./OtelSpanView.ts"
import { isRemote, PassThroughSpan } from "./PassThroughSpan.ts"

/** The keys under which OpenTelemetry keeps things are its secret; who writes to a context tells them. */
const keyOf = (write: (context: Otel.Context) => unknown): symbol => {
  let told: symbol | undefined
  const listening: Otel.Context = {
    getValue: () => undefined,
    setValue(key) {
      told = key
      return listening
    },
    deleteValue: () => listening
  }
  write(listening)
  return told!
}

const spanKey = keyOf((context) => Otel.trace.setSpanContext(context, Otel.INVALID_SPAN_CONTEXT))
const baggageKey = keyOf((context) => Otel.propagation.setBaggage(context, Otel.propagation.createBaggage()))
const suppressedKey = keyOf(suppressTracing)

/** Baggage, as OpenTelemetry knows it. */
export const toOtelBaggage = (baggage: Baggage): Otel.Baggage =>
  Otel.propagation.createBaggage(
    Object.fromEntries(
      [...baggage].map(([name, { metadata, value }]) => [
        name,
        metadata === undefined ? { value } : { value, metadata: Otel.baggageEntryMetadataFromString(metadata) }
      ])
    )
  )

const hasOtelSpan = (span: Tracer.AnySpan): span is Tracer.Span & { readonly span: Otel.Span } => otelSpanTypeId in span

/** The span that speaks for one that is hidden or transparent. */
const spokesman = (span: Tracer.AnySpan | undefined): Tracer.AnySpan | undefined => {
  while (span !== undefined && !hasOtelSpan(span)) {
    const outer = span._tag === "Span" ? Option.getOrUndefined(span.parent) : undefined
    if (Context.get(span.annotations, Tracer.DisablePropagation)) span = outer
    else if (span instanceof PassThroughSpan && outer !== undefined) span = outer
    else return span
  }
  return span
}

/** Any span of Effect, as OpenTelemetry knows it. */
const toOtelSpan = (span: Tracer.AnySpan): Otel.Span =>
  hasOtelSpan(span) ? span.span : Otel.trace.wrapSpanContext(toOtel(SpanContext.fromSpan(span), isRemote(span)))

export class FiberContext implements Otel.Context {
  readonly base: Otel.Context
  readonly span: Tracer.AnySpan | undefined
  readonly baggage: Baggage
  #otelSpan: Otel.Span | undefined
  #otelBaggage: Otel.Baggage | undefined

  constructor(base: Otel.Context, span: Tracer.AnySpan | undefined, baggage: Baggage) {
    this.base = base
    this.span = span
    this.baggage = baggage
  }

  getValue(key: symbol): unknown {
    if (key === spanKey) return this.otelSpan ?? this.base.getValue(key)
    if (key === baggageKey) return this.otelBaggage ?? this.base.getValue(key)
    if (key === suppressedKey && this.isLeaf) return true
    return this.base.getValue(key)
  }
  setValue(key: symbol, value: unknown): Otel.Context {
    return this.#copy().setValue(key, value)
  }
  deleteValue(key: symbol): Otel.Context {
    return this.#copy().deleteValue(key)
  }

  /** The fiber's span. */
  get otelSpan(): Otel.Span | undefined {
    if (this.#otelSpan === undefined) {
      const span = spokesman(this.span)
      if (span !== undefined) this.#otelSpan = toOtelSpan(span)
    }
    return this.#otelSpan
  }
  /** The fiber's baggage. */
  get otelBaggage(): Otel.Baggage | undefined {
    if (this.baggage.size === 0) return undefined
    return (this.#otelBaggage ??= toOtelBaggage(this.baggage))
  }
  /** True directly inside a span that instrumentation would only tell again. */
  get isLeaf(): boolean {
    return this.span !== undefined && Context.get(this.span.annotations, Leaf)
  }

  #copy(): Otel.Context {
    const { base, isLeaf, otelBaggage, otelSpan } = this
    const withSpan = otelSpan === undefined ? base : base.setValue(spanKey, otelSpan)
    const withBaggage = otelBaggage === undefined ? withSpan : withSpan.setValue(baggageKey, otelBaggage)
    return isLeaf ? suppressTracing(withBaggage) : withBaggage
  }
}

/** The context a fiber's span and baggage are put upon: never that of another fiber. */
export const baseOf = (context: Otel.Context | undefined): Otel.Context =>
  context instanceof FiberContext ? context.base : (context ?? Otel.ROOT_CONTEXT)
