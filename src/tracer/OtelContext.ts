/**
 * Lets code that knows only OpenTelemetry take part in the traces of fibers.
 *
 * While a fiber runs, the span it is in is the active span of OpenTelemetry's
 * context, also behind an `await` of a promise it started. The context is
 * entered when the span changes and left when the fiber yields; it is not
 * entered for every primitive, which would slow all code inside a span.
 *
 * `auto` stays out of the way until somebody asks OpenTelemetry for a context
 * or a tracer, because entering costs where nobody would look.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import * as Otel from "@opentelemetry/api"
import * as Context from "effect/Context"
import * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import type { Baggage } from "../model/Propagator.ts"
import { CurrentBaggage } from "../model/References.ts"
import * as SpanContext from "../model/SpanContext.ts"
import { GoraxSpan } from "./GoraxSpan.ts"
import { fromOtel, OtelSpanView, toOtel } from "./OtelSpanView.ts"
import { isRemote } from "./PassThroughSpan.ts"

export interface OtelContext {
  readonly manager: Otel.ContextManager
  /** Enters contexts from now on, if it did not before. */
  readonly turnOn: () => void
  /** The OpenTelemetry span a new root of Effect belongs under, when one is active that is not ours. */
  readonly activeParent: () => Tracer.ExternalSpan | undefined
  readonly evaluate: NonNullable<Tracer.Tracer["context"]>
}

const evaluate = "~effect/Effect/evaluate"
/** What an Effect primitive returns when its fiber stops running, to wait or for good. */
const yielded: unknown = Symbol.for("effect/Effect/Yield")
const outside = Symbol("@gorax/tracing/tracer/OtelContext/outside")

/** An OpenTelemetry context in which a fiber's span and baggage are active. */
class FiberContext implements Otel.Context {
  readonly base: Otel.Context
  readonly span: Tracer.AnySpan | undefined
  readonly baggage: Baggage
  readonly #inner: Otel.Context

  constructor(base: Otel.Context, span: Tracer.AnySpan | undefined, baggage: Baggage) {
    this.base = base
    this.span = span
    this.baggage = baggage
    const withSpan = span === undefined ? base : Otel.trace.setSpan(base, toOtelSpan(span))
    this.#inner = baggage.size === 0 ? withSpan : Otel.propagation.setBaggage(withSpan, toOtelBaggage(baggage))
  }
  getValue(key: symbol): unknown {
    return this.#inner.getValue(key)
  }
  setValue(key: symbol, value: unknown): Otel.Context {
    return this.#inner.setValue(key, value)
  }
  deleteValue(key: symbol): Otel.Context {
    return this.#inner.deleteValue(key)
  }
}

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

const toOtelSpan = (span: Tracer.AnySpan): Otel.Span =>
  span instanceof GoraxSpan ? span.span : Otel.trace.wrapSpanContext(toOtel(SpanContext.fromSpan(span), isRemote(span)))

const baseOf = (context: Otel.Context | undefined): Otel.Context =>
  context instanceof FiberContext ? context.base : (context ?? Otel.ROOT_CONTEXT)

/** Remembers, on a running fiber, what was active before it ran. */
interface Running {
  [outside]?: { readonly context: Otel.Context | undefined } | undefined
}

export const make = (mode: "auto" | "on"): OtelContext => {
  const storage = new AsyncLocalStorage<Otel.Context | undefined>()
  let on = mode === "on"

  const contextOf = (fiber: Fiber.Fiber<unknown, unknown>, active: Otel.Context | undefined) => {
    const span = fiber.cache.span
    const baggage = fiber.getRef(CurrentBaggage)
    if (active instanceof FiberContext && active.span === span && active.baggage === baggage) return active
    if (span === undefined && baggage.size === 0) return active instanceof FiberContext ? active.base : active
    return new FiberContext(baseOf(active), span, baggage)
  }

  const manager: Otel.ContextManager = {
    active() {
      const stored = storage.getStore()
      if (on) return stored ?? Otel.ROOT_CONTEXT
      on = true
      const fiber = Fiber.getCurrent()
      return (fiber === undefined ? stored : contextOf(fiber, stored)) ?? Otel.ROOT_CONTEXT
    },
    with(context, fn, thisArg, ...args) {
      return storage.run(context, () => fn.apply(thisArg as never, args))
    },
    bind<T>(context: Otel.Context, target: T): T {
      if (typeof target !== "function") return target
      return function (this: unknown, ...args: ReadonlyArray<unknown>) {
        return storage.run(context, () => target.apply(this, args))
      } as T
    },
    enable() {
      return this
    },
    disable() {
      on = false
      return this
    }
  }

  return {
    manager,
    turnOn() {
      on = true
    },
    activeParent() {
      const active = on ? storage.getStore() : undefined
      // A fiber that starts a root of its own does not inherit the fiber that launched it.
      if (active === undefined || active instanceof FiberContext) return undefined
      const span = Otel.trace.getSpan(active)
      if (span === undefined || span instanceof OtelSpanView) return undefined
      const context = span.spanContext()
      if (!Otel.isSpanContextValid(context)) return undefined
      const external = SpanContext.toExternalSpan(fromOtel(context))
      return context.isRemote === true
        ? external
        : { ...external, annotations: Context.add(external.annotations, SpanContext.OfThisProcess, true) }
    },
    evaluate(primitive, fiber) {
      if (!on) return primitive[evaluate](fiber)
      const running = fiber as Running
      const active = storage.getStore()
      running[outside] ??= { context: active }
      const context = contextOf(fiber, active)
      if (context !== active) storage.enterWith(context)
      const result = primitive[evaluate](fiber)
      if (result === yielded) {
        storage.enterWith(running[outside].context)
        running[outside] = undefined
      }
      return result
    }
  }
}
