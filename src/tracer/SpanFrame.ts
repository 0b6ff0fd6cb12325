/**
 * A span around an effect, at a fraction of what `Effect.withSpan` costs.
 *
 * The span is opened, made current and put on the fiber's stack in one step,
 * so that no interruption finds it half open. Where a fiber does not look as
 * this file knows it (it is tried once, with success, failure and
 * interruption), Effect's public API does the same work.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Tracer from "effect/Tracer"
import * as SpanContext from "../model/SpanContext.ts"
import * as SpanOpeners from "../model/SpanOpener.ts"
import type { SpanOpener, SpanSpec } from "../model/SpanOpener.ts"
import { GoraxSpan, noAnnotations } from "./GoraxSpan.ts"
import type { OtelContext } from "./OtelContext.ts"
import type * as SpanClock from "./SpanClock.ts"
import * as SpanDefaults from "./SpanDefaults.ts"
import type { Loggers } from "./SpanLoggers.ts"
import type { SpanShared } from "./SpanShared.ts"

const onSuccess = "~effect/Effect/successCont"
const onFailure = "~effect/Effect/failureCont"
const onEither = "~effect/Effect/ensureCont"

/** What this file knows of a fiber beyond its public face. */
interface KnownFiber extends Fiber.Fiber<unknown, unknown> {
  readonly _stack: Array<unknown>
  interruptible: boolean
  succeedWith(value: unknown): Ending
}

type Ending = Exit.Exit<unknown, unknown>

/** What a frame needs of its span; only a real one is ever concluded. */
type Finishing = Pick<GoraxSpan, "finish">

/** Ends its span when the effect before it on the stack is done, and makes the outer context current again. */
class SpanFrame {
  readonly #span: Finishing
  readonly #outer: Context.Context<never>
  readonly #clock: Clock.Clock | undefined
  readonly #conclude: SpanOpeners.Conclude | undefined
  #interruptible = false

  constructor(
    span: Finishing,
    outer: Context.Context<never>,
    clock: Clock.Clock | undefined,
    conclude: SpanOpeners.Conclude | undefined
  ) {
    this.#span = span
    this.#outer = outer
    this.#clock = clock
    this.#conclude = conclude
  }
  /** An interrupted fiber passes over every frame but those that it finds uninterruptible. */
  [onEither](fiber: KnownFiber): void {
    this.#interruptible = fiber.interruptible
    fiber.interruptible = false
  }
  [onSuccess](value: unknown, fiber: KnownFiber, exit?: Ending): Ending {
    this.#end(fiber, this.#conclude === undefined ? Exit.void : (exit ?? Exit.succeed(value)))
    return exit ?? fiber.succeedWith(value)
  }
  [onFailure](cause: never, fiber: KnownFiber, exit: Ending = Exit.failCause(cause)): Ending {
    this.#end(fiber, exit)
    return exit
  }
  #end(fiber: KnownFiber, exit: Ending): void {
    fiber.setContext(this.#outer)
    const ending =
      this.#conclude === undefined ? exit : SpanOpeners.concluded(this.#conclude, this.#span as GoraxSpan, exit, fiber)
    this.#span.finish(SpanDefaults.now(this.#clock), ending)
    fiber.interruptible = this.#interruptible
  }
}

/** The span that new ones hang under. Ours are never hidden. */
const parentOf = (current: Tracer.AnySpan | undefined): Tracer.AnySpan | undefined =>
  current instanceof GoraxSpan ? current : SpanContext.visible(current)

const open = (
  shared: SpanShared,
  otelContext: OtelContext | undefined,
  current: Tracer.AnySpan | undefined,
  defaults: SpanDefaults.SpanDefaults,
  spec: SpanSpec
): GoraxSpan => {
  const parent = spec.parent ?? (spec.root === true ? undefined : (parentOf(current) ?? otelContext?.activeParent()))
  const span = new GoraxSpan(
    shared,
    {
      name: spec.name,
      kind: spec.kind ?? "internal",
      annotations: spec.annotations ?? noAnnotations,
      startTime: SpanDefaults.now(defaults.clock),
      sampled: spec.sampled !== false && defaults.sampled
    },
    parent
  )
  if (defaults.links.length > 0) span.addLinks(defaults.links)
  if (spec.links !== undefined) span.addLinks(spec.links)
  span.attributes.setAll(defaults.annotations)
  span.attributes.setAll(spec.attributes)
  return span
}

/** What a fiber derives from its context, with what spans derive from it beside. */
interface KnownCache extends Fiber.Fiber.Cache {
  spanDefaults?: SpanDefaults.SpanDefaults
  spanDefaultsOf?: Context.Context<never>
  base?: Context.Context<never>
  baseOf?: Context.Context<never>
}

interface KnownContext extends Context.Context<never> {
  _fiberCache?: KnownCache
  /** How many services were added since it was last laid flat, and how many may be. */
  readonly depth?: number
  readonly maxDepth?: number
}

/** The context, and the loggers that belong inside spans. */
const withLoggers = (context: Context.Context<never>, loggers: Loggers | undefined): Context.Context<never> =>
  loggers === undefined ? context : Context.add(context, Logger.CurrentLoggers, loggers)

const maxDepthOf = ({ maxDepth = 8 }: KnownContext): number => maxDepth

const isFull = ({ depth, maxDepth }: KnownContext): boolean => depth !== undefined && depth === maxDepth

/**
 * What a span is added to: the fiber's context, with room for another service. Effect copies all of a context that is
 * full when something is added to it, and would for each of the spans opened in it; so it is laid flat once.
 */
const baseOf = (fiber: Fiber.Fiber<unknown, unknown>, loggers: Loggers | undefined): Context.Context<never> => {
  const { context } = fiber
  if (loggers === undefined && !isFull(context)) return context
  const cache: KnownCache = fiber.cache
  if (cache.base !== undefined && cache.baseOf === context) return cache.base
  const base = withLoggers(context, loggers)
  cache.baseOf = context
  return (cache.base = isFull(base) ? Context.makeUnsafe(base.mapUnsafe, { maxDepth: maxDepthOf(base) }) : base)
}

const defaultsOf = (fiber: Fiber.Fiber<unknown, unknown>, shared: SpanShared): SpanDefaults.SpanDefaults => {
  const cache: KnownCache = fiber.cache
  if (cache.spanDefaults !== undefined && cache.spanDefaultsOf === fiber.context) return cache.spanDefaults
  cache.spanDefaultsOf = fiber.context
  return (cache.spanDefaults = SpanDefaults.fromFiber(fiber, shared.loggers))
}

/** The fiber's clock; inside a span it has been looked up already. */
export const clockOf = (fiber: Fiber.Fiber<unknown, unknown>): Clock.Clock => {
  const { spanDefaults, spanDefaultsOf }: KnownCache = fiber.cache
  return (spanDefaultsOf === fiber.context ? spanDefaults?.clock : undefined) ?? fiber.getRef(Clock.Clock)
}

/** The fiber's context with another span. What is derived from the two differs in nothing else, so it is copied. */
const withSpan = (
  fiber: Fiber.Fiber<unknown, unknown>,
  span: Tracer.AnySpan,
  spanDefaults: SpanDefaults.SpanDefaults
): Context.Context<never> => {
  const context = Context.addUnsafe(baseOf(fiber, spanDefaults.loggers), Tracer.ParentSpanKey, span) as KnownContext
  const inside = SpanDefaults.inside(spanDefaults)
  context._fiberCache = { ...fiber.cache, span, spanDefaults: inside, spanDefaultsOf: context }
  return context
}

const enter = <A, E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  context: Context.Context<never>,
  span: Finishing,
  clock: Clock.Clock | undefined,
  conclude?: SpanOpeners.Conclude
): Effect.Effect<A, E, R> => {
  ;(fiber as KnownFiber)._stack.push(new SpanFrame(span, fiber.context, clock, conclude))
  fiber.setContext(context)
  return self
}

/** Tries it out on real fibers: success, failure, interruption, and the copied cache. */
const tryOut = (): boolean => {
  const endings: Array<string> = []
  const parent = Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "1".repeat(16) })
  const span = {
    finish: (_: SpanClock.Reading, exit: Ending) => {
      endings.push(Exit.isSuccess(exit) ? "success" : Exit.hasInterrupts(exit) ? "interruption" : "failure")
    }
  }
  const inside = (self: Effect.Effect<unknown, unknown>) =>
    Effect.withFiber((fiber) => {
      const context = withSpan(fiber, parent, SpanDefaults.fromFiber(fiber))
      const natural = Context.add(fiber.context, Tracer.ParentSpan, parent)
      const entered = enter(fiber, self, context, span, undefined)
      const copied = fiber.cache
      fiber.setContext(natural)
      const known = Object.keys(copied).filter((key) => !key.startsWith("spanDefaults"))
      const same = copied.span === parent && known.join() === Object.keys(fiber.cache).join()
      return same ? entered : Effect.die("another cache")
    })
  try {
    Effect.runSync(inside(Effect.void))
    Effect.runSyncExit(inside(Effect.fail("expected")))
    Effect.runSyncExit(
      inside(
        Effect.withFiber((fiber) =>
          Effect.as(
            Effect.sync(() => fiber.interruptUnsafe()),
            1
          )
        )
      )
    )
    return endings.join() === "success,failure,interruption"
  } catch {
    return false
  }
}

/** The opener's `around` for one tracer, on the fiber's own stack. */
const onStack =
  (shared: SpanShared, otelContext: OtelContext | undefined): SpanOpener["around"] =>
  (fiber, self, spec) => {
    const defaults = defaultsOf(fiber, shared)
    const span = open(shared, otelContext, fiber.cache.span, defaults, spec)
    return enter(fiber, self, withSpan(fiber, span, defaults), span, defaults.clock, spec.conclude)
  }

/** The same through Effect's public API. Siblings have one context, and what it says is read once for all of them. */
const throughEffect = (shared: SpanShared, otelContext: OtelContext | undefined): SpanOpener["around"] => {
  let last: { readonly of: Context.Context<never>; readonly defaults: SpanDefaults.SpanDefaults } | undefined
  return (fiber, self, spec) => {
    let opened: { readonly span: GoraxSpan; readonly outer: Context.Context<never> } | undefined
    if (last?.of !== fiber.context)
      last = { of: fiber.context, defaults: SpanDefaults.fromFiber(fiber, shared.loggers) }
    const { defaults } = last
    // Opened only when its end is on the stack: an interruption may come between
    const entering = Effect.withFiber((fiber) => {
      const span = open(shared, otelContext, fiber.cache.span, defaults, spec)
      opened = { span, outer: fiber.context }
      fiber.setContext(Context.add(withLoggers(fiber.context, defaults.loggers), Tracer.ParentSpan, span))
      return self
    })
    return Effect.onExitPrimitive(entering, (exit) => {
      if (opened === undefined) return undefined
      fiber.setContext(opened.outer)
      opened.span.finish(
        SpanDefaults.now(defaults.clock),
        SpanOpeners.concluded(spec.conclude, opened.span, exit, fiber)
      )
      return undefined
    })
  }
}

let supported: boolean | undefined

/** True when fibers of this version of Effect are as this file knows them. */
export const isKnown = (): boolean => (supported ??= tryOut())

/** The opener's `around` for one tracer. */
export const around = (
  shared: SpanShared,
  otelContext: OtelContext | undefined,
  publicApiOnly = false
): SpanOpener["around"] => (!publicApiOnly && isKnown() ? onStack : throughEffect)(shared, otelContext)
