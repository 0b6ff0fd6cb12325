/**
 * Effect's `Tracer` upon a tracer of OpenTelemetry's, for applications that run a provider of their own.
 *
 * The provider samples, limits and exports. What is active in its context
 * manager can be entered only by calling a function in it, so each primitive
 * inside a span pays for that: some 300 ns, half of what the tracer of
 * `@effect/opentelemetry` takes, where `Tracing.layer` pays when the span
 * changes.
 */
import * as Otel from "@opentelemetry/api"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type { Baggage } from "../model/Propagator.ts"
import { CurrentBaggage } from "../model/References.ts"
import type { Scope } from "../model/SpanData.ts"
import { Transparent } from "../model/SpanHints.ts"
import * as SpanOpener from "../model/SpanOpener.ts"
import { baseOf, FiberContext } from "../tracer/FiberContext.ts"
import { contextOf, parentIn, serverIn, yielded } from "../tracer/OtelContext.ts"
import { PassThroughSpan } from "../tracer/PassThroughSpan.ts"
import * as SpanLoggers from "../tracer/SpanLoggers.ts"
import { BridgeSpan, type SpanOptions } from "./BridgeSpan.ts"

const evaluate = "~effect/Effect/evaluate"
const entered = Symbol("@gorax/tracing/layers/BridgeTracer/entered")

type Evaluate = NonNullable<Tracer.Tracer["context"]>
type Primitive = Parameters<Evaluate>[0]
type KnownFiber = Parameters<Evaluate>[1]

/** The context made last for a fiber, and what it was made of. */
interface Entered {
  readonly fiberContext: Context.Context<never>
  readonly active: Otel.Context
  readonly context: Otel.Context
}

const run = (primitive: Primitive, fiber: KnownFiber): unknown => primitive[evaluate](fiber)

const context = (primitive: Primitive, fiber: KnownFiber): unknown => {
  const active = Otel.context.active()
  const memory = fiber as { [entered]?: Entered | undefined }
  let last = memory[entered]
  if (last === undefined || last.fiberContext !== fiber.context || last.active !== active) {
    last = { fiberContext: fiber.context, active, context: contextOf(fiber, active) ?? active }
    memory[entered] = last
  }
  const result =
    last.context === active ? run(primitive, fiber) : Otel.context.with(last.context, run, undefined, primitive, fiber)
  if (result === yielded) memory[entered] = undefined
  return result
}

const noBaggage: Baggage = new Map()

const open = (tracer: Otel.Tracer, options: SpanOptions): Tracer.Span => {
  if (Context.get(options.annotations, Transparent)) return new PassThroughSpan(options.name, options.parent)
  const active = Otel.context.active()
  const given = Option.getOrUndefined(options.parent)
  const parent = given ?? (options.root ? undefined : parentIn(active))
  // The span object that is active stays in its context: some SDKs record children on it.
  const base = given === undefined && parent === undefined ? Otel.trace.deleteSpan(baseOf(active)) : baseOf(active)
  const baggage = Fiber.getCurrent()?.getRef(CurrentBaggage) ?? noBaggage
  return new BridgeSpan(tracer, options, parent, new FiberContext(base, given, baggage))
}

const rename = (span: Tracer.AnySpan, name: string): void => {
  if (span instanceof BridgeSpan) span.rename(name)
}

/** Effect's tracer, whose spans an OpenTelemetry tracer makes. */
export const make = (tracer: Otel.Tracer, loggers?: SpanLoggers.Exchange): Tracer.Tracer & SpanOpener.SpanOpener => ({
  ...Tracer.make({
    span(options) {
      SpanLoggers.exchangeCurrent(loggers)
      return open(tracer, options)
    },
    context: context as Evaluate
  }),
  ...SpanOpener.make({
    off: false,
    rename,
    receiving: () => serverIn(Otel.context.active()),
    mark: (fiber, span, name, attributes) =>
      span.event(name, fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(), attributes),
    declines: () => false,
    around: (_, self, spec) => SpanOpener.throughEffect(self, spec)
  })
})

/** A provider's tracer; says so when the API has no provider to ask yet. */
export const tracerOf = (provider: Otel.TracerProvider | undefined, scope: Scope): Effect.Effect<Otel.Tracer> =>
  Effect.suspend(() => {
    const asked = provider ?? Otel.trace.getTracerProvider()
    const tracer = Effect.sync(() => asked.getTracer(scope.name, scope.version))
    return asked instanceof Otel.ProxyTracerProvider && asked.getDelegateTracer(scope.name) === undefined
      ? Effect.tap(
          tracer,
          Effect.logWarning(
            "Tracing bridges to OpenTelemetry, but no provider is registered yet. Register one before the program " +
              "begins, or name it: Tracing.layerBridge({ provider })."
          )
        )
      : tracer
  })
