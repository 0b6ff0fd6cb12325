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
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import { isTracingSuppressed } from "@opentelemetry/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import { CurrentBaggage } from "../model/References.ts"
import * as SpanContext from "../model/SpanContext.ts"
import { baseOf, FiberContext } from "./FiberContext.ts"
import { fromOtel, OtelSpanView } from "./OtelSpanView.ts"

export interface OtelContext {
  readonly manager: AsyncLocalStorageContextManager
  /** Enters contexts from now on, if it did not before. */
  readonly turnOn: () => void
  /** The OpenTelemetry span a new root of Effect belongs under, when one is active that is not ours. */
  readonly activeParent: () => Tracer.ExternalSpan | undefined
  /** The server span of other instrumentation that is active around the fiber. */
  readonly activeServer: () => Tracer.ExternalSpan | undefined
  readonly evaluate: NonNullable<Tracer.Tracer["context"]>
}

const evaluate = "~effect/Effect/evaluate"
/** What an Effect primitive returns when its fiber stops running, to wait or for good. */
export const yielded: unknown = Symbol.for("effect/Effect/Yield")
const presence = Symbol("@gorax/tracing/tracer/OtelContext/presence")

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Where a running fiber stands in OpenTelemetry's world. */
class Presence {
  /** True once it has waited where {@link framesFibers} holds. */
  waited = false
  /** True while whoever resumed it puts back what was active before, so that it need not. */
  framed = false
  /** What was active before it ran, and is again when it stops. */
  outside: Otel.Context | undefined
  /** The fiber's context for which `entered` was made; none while it does not run. */
  seen: Context.Context<never> | undefined
  entered: Otel.Context | undefined
}

/** The context in which a fiber's span and baggage are active, made upon the active one. */
export const contextOf = (fiber: AnyFiber, active: Otel.Context | undefined): Otel.Context | undefined => {
  const span = fiber.cache.span
  const baggage = fiber.getRef(CurrentBaggage)
  if (active instanceof FiberContext && active.span === span && active.baggage === baggage) return active
  if (span === undefined && baggage.size === 0) return active instanceof FiberContext ? active.base : active
  return new FiberContext(baseOf(active), span, baggage)
}

/** The active span that a new root of Effect belongs under, when it is not a fiber's own. */
export const parentIn = (active: Otel.Context | undefined): Tracer.ExternalSpan | undefined => {
  // A fiber that starts a root of its own does not inherit the fiber that launched it.
  if (active === undefined || active instanceof FiberContext) return undefined
  const span = Otel.trace.getSpan(active)
  if (span === undefined || span instanceof OtelSpanView) return undefined
  return toExternalSpan(span)
}

/**
 * The server span that other instrumentation opened around a fiber. Its kind tells it from whatever was active when the
 * server began to listen, which Node hands to every request; a span that is not recorded has no kind.
 */
export const serverIn = (active: Otel.Context | undefined): Tracer.ExternalSpan | undefined => {
  const span = active === undefined ? undefined : Otel.trace.getSpan(baseOf(active))
  const isServer =
    span !== undefined && !(span instanceof OtelSpanView) && "kind" in span && span.kind === Otel.SpanKind.SERVER
  return isServer && span.isRecording() ? toExternalSpan(span) : undefined
}

const toExternalSpan = (span: Otel.Span): Tracer.ExternalSpan | undefined => {
  const context = span.spanContext()
  if (!Otel.isSpanContextValid(context)) return undefined
  const external = SpanContext.toExternalSpan(fromOtel(context))
  return context.isRemote === true
    ? external
    : { ...external, annotations: Context.add(external.annotations, SpanContext.OfThisProcess, true) }
}

/** OpenTelemetry's own manager, for what it knows of event emitters, upon a storage that fibers can enter. */
class Manager extends AsyncLocalStorageContextManager {
  readonly #storage: AsyncLocalStorage<Otel.Context | undefined>
  readonly #asked: (stored: Otel.Context | undefined) => Otel.Context | undefined
  readonly #disabled: () => void

  constructor(
    storage: AsyncLocalStorage<Otel.Context | undefined>,
    asked: (stored: Otel.Context | undefined) => Otel.Context | undefined,
    disabled: () => void
  ) {
    super()
    this.#storage = storage
    this.#asked = asked
    this.#disabled = disabled
  }
  override active(): Otel.Context {
    return this.#asked(this.#storage.getStore()) ?? Otel.ROOT_CONTEXT
  }
  override with<A extends Array<unknown>, F extends (...args: A) => ReturnType<F>>(
    context: Otel.Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => fn.apply(thisArg as never, args))
  }
  override attach(context: Otel.Context): ReturnType<AsyncLocalStorageContextManager["attach"]> {
    const previous = this.#storage.getStore()
    this.#storage.enterWith(context)
    let attached = true
    const dispose = () => {
      if (attached) this.#storage.enterWith(previous)
      attached = false
    }
    return { dispose }
  }
  override disable(): this {
    this.#disabled()
    this.#storage.disable()
    return this
  }
}

let framing: boolean | undefined

/**
 * True where a fiber that waited is resumed in the async context it stopped in, and nothing of that is left on the
 * stack of whoever resumed it. Then a fiber need not enter its context again each time it has waited.
 */
const framesFibers = (): boolean => (framing ??= tryFraming())

const tryFraming = (): boolean => {
  const storage = new AsyncLocalStorage<number>()
  const seen: Array<number | undefined> = []
  let resume: (effect: Effect.Effect<void>) => void = () => undefined
  const waiting = Effect.callback<void>((resumed) => {
    storage.enterWith(1)
    resume = resumed
  })
  const noting = Effect.sync(() => {
    seen.push(storage.getStore())
    storage.enterWith(2)
  })
  Effect.runFork(Effect.andThen(waiting, noting))
  storage.enterWith(3)
  resume(Effect.void)
  seen.push(storage.getStore())
  storage.disable()
  return seen.join() === "1,3"
}

export const make = (mode: "auto" | "on"): OtelContext => {
  const storage = new AsyncLocalStorage<Otel.Context | undefined>()
  let on = mode === "on"

  /** The fiber's span changed, or it begins to run, or somebody else entered a context on its stack. */
  const enter = (fiber: AnyFiber, state: Presence, active: Otel.Context | undefined): void => {
    if (state.seen === undefined) {
      state.outside = active
      // What goes on although it said it would wait, because it was interrupted meanwhile, was not resumed
      if (fiber.currentOpCount === 1) state.framed = state.waited
    }
    state.seen = fiber.context
    state.entered = contextOf(fiber, active)
    if (state.entered !== active) storage.enterWith(state.entered)
  }

  /** Leaves nothing behind on the stack of whoever ran the fiber, and nothing on the fiber that would outlive its end. */
  const leave = (state: Presence): void => {
    if (!state.framed) storage.enterWith(state.outside)
    state.waited = framesFibers()
    state.seen = state.entered = state.outside = undefined
  }

  const manager = new Manager(
    storage,
    (stored) => {
      // Who is not to be traced, as our own delivery, does not count as asking.
      if (on || (stored !== undefined && isTracingSuppressed(stored))) return stored
      on = true
      const fiber = Fiber.getCurrent()
      return fiber === undefined ? stored : contextOf(fiber, stored)
    },
    () => {
      on = false
    }
  )

  return {
    manager,
    turnOn() {
      on = true
    },
    activeServer: () => (on ? serverIn(storage.getStore()) : undefined),
    activeParent: () => (on ? parentIn(storage.getStore()) : undefined),
    evaluate(primitive, fiber) {
      if (!on) return primitive[evaluate](fiber)
      const state = ((fiber as { [presence]?: Presence })[presence] ??= new Presence())
      const active = storage.getStore()
      if (state.seen !== fiber.context || state.entered !== active) enter(fiber, state, active)
      let result
      try {
        result = primitive[evaluate](fiber)
      } catch (error) {
        // What is no effect at all ends the fiber here and now.
        if (!(evaluate in Object(primitive))) leave(state)
        throw error
      }
      if (result === yielded) leave(state)
      return result
    }
  }
}
