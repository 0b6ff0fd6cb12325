/**
 * The one shape of a span combinator, and the one way a span is opened.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"
import * as Attributes from "../model/Attributes.ts"
import * as SpanOpener from "../model/SpanOpener.ts"
import type { SpanSpec } from "../model/SpanOpener.ts"

type Rest<Options> = {} extends Options ? [options?: Options] : [options: Options]

/**
 * Wraps one effect in a span, data-last in a pipe or data-first.
 *
 * Behind `Effect.fn` and `Effect.fnUntraced` the options may be a function of
 * the arguments; one that throws costs the span its attributes, never the
 * program its result.
 */
export interface SpanCombinator<Options> {
  <Args extends ReadonlyArray<any>>(
    name: string,
    ...rest: Rest<Options> | [options: (...args: NoInfer<Args>) => Options]
  ): <A, E, R>(self: Effect.Effect<A, E, R>, ...args: Args) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    name: string,
    ...rest: Rest<Options>
  ): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
}

type Wrap<Options> = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  name: string,
  options: Options | undefined
) => Effect.Effect<A, E, R>

/** What makes one combinator different from the next. */
export interface SpanShape<Options> {
  /** True where its span hangs elsewhere than under the current one, which then says nothing about it. */
  readonly elsewhere?: (options: Options | undefined) => boolean
  readonly describe: (name: string, options: Options | undefined, fiber: Fiber.Fiber<unknown, unknown>) => SpanSpec
  /** Wraps the effect inside the span, when there is one. */
  readonly inside?: Wrap<Options>
  /** Wraps the effect whether tracing is on or off: what belongs to logs and context too. */
  readonly always?: Wrap<Options>
  /** Wraps the span, too, whether there is one or not: what surrounded the effect elsewhere, and shall here. */
  readonly around?: Wrap<Options>
}

/** Wraps one effect in a span. Where tracing is off the effect is returned as it is. */
export const open = <A, E, R>(self: Effect.Effect<A, E, R>, spec: SpanSpec): Traced<A, E, R> =>
  Effect.withFiber((fiber) => {
    const opener = openerOf(fiber)
    if (opener === off) return unopened(fiber, self, spec)
    if (spec.parent === undefined && spec.root !== true && opener?.declines(fiber) === true) return asIs(fiber, self)
    return SpanOpener.open(opener, fiber, self, spec)
  })

type Traced<A, E, R> = Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>

const off = Symbol("off")

const openerOf = (fiber: Fiber.Fiber<unknown, unknown>): SpanOpener.SpanOpener | undefined | typeof off => {
  if (!fiber.cache.tracerEnabled) return off
  const opener = SpanOpener.fromTracer(fiber.cache.tracer)
  return opener?.off === true ? off : opener
}

/** True where spans are not recorded: none is opened then, and only contexts are handed on. */
export const isOff = (fiber: Fiber.Fiber<unknown, unknown>): boolean => openerOf(fiber) === off

/** A remote parent is handed on even where no span is opened under it. */
const unopened = <A, E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  spec: SpanSpec
): Traced<A, E, R> =>
  spec.parent === undefined ? asIs(fiber, self) : Effect.provideService(self, Tracer.ParentSpan, spec.parent)

const evaluate = "~effect/Effect/evaluate"
/** Combinators right inside one another use the stack that the fiber's own loop would not. */
const mostInPlace = 16
let inPlace = 0

/**
 * The effect without a span. It is evaluated on the spot, as the tracer of a fiber may do with any effect, because the
 * way back to the fiber's loop would be most of what a span costs that is not there.
 */
const asIs = <A, E, R>(fiber: Fiber.Fiber<unknown, unknown>, self: Effect.Effect<A, E, R>): Traced<A, E, R> => {
  if (inPlace === mostInPlace || fiber.cache.tracerContext !== undefined) return self as Traced<A, E, R>
  inPlace++
  try {
    return (self as unknown as Tracer.EffectPrimitive<Traced<A, E, R>>)[evaluate](fiber)
  } finally {
    inPlace--
  }
}

const read = <Options>(options: Options | (() => Options) | undefined): Options | undefined => {
  if (typeof options !== "function") return options
  try {
    return (options as () => Options)()
  } catch {
    return undefined
  }
}

/** Options, and the attributes among them, that do not throw when they are read. */
const readable = <Options>(options: Options | undefined): Options | undefined => {
  const copy = Attributes.readable(options as object | undefined)
  return (
    copy !== undefined && "attributes" in copy
      ? { ...copy, attributes: Attributes.readable(copy.attributes as object) }
      : copy
  ) as Options | undefined
}

/** Where options throw when they are read, what can be read of them is told. */
const total = <Options>(shape: SpanShape<Options>): SpanShape<Options> => {
  const { around, elsewhere } = shape
  const wrap = (wrapper: Wrap<Options> | undefined): Wrap<Options> | undefined =>
    wrapper &&
    ((self, name, options) => {
      try {
        return wrapper(self, name, options)
      } catch {
        return wrapper(self, name, readable(options))
      }
    })
  const inside = wrap(shape.inside)
  const always = wrap(shape.always)
  const outside = wrap(around)
  return {
    describe: (name, options, fiber) => {
      try {
        return shape.describe(name, options, fiber)
      } catch {
        return shape.describe(name, readable(options), fiber)
      }
    },
    ...(elsewhere && {
      elsewhere: (options) => {
        try {
          return elsewhere(options)
        } catch {
          return elsewhere(readable(options))
        }
      }
    }),
    ...(inside && { inside }),
    ...(always && { always }),
    ...(outside && { around: outside })
  }
}

/** Builds a combinator from what is special about it. */
export const make = <Options>(given: SpanShape<Options>): SpanCombinator<Options> => {
  const shape = total(given)
  const spanned = <A, E, R>(
    self: Effect.Effect<A, E, R>,
    name: string,
    lazyOptions: Options | (() => Options) | undefined
  ): Traced<A, E, R> =>
    Effect.withFiber((fiber) => {
      const options = read(lazyOptions)
      const base = shape.always === undefined ? self : shape.always(self, name, options)
      const opener = openerOf(fiber)
      if (opener === off || (shape.elsewhere?.(options) !== true && opener?.declines(fiber) === true))
        return asIs(fiber, base)
      const inner = shape.inside === undefined ? base : shape.inside(base, name, options)
      return SpanOpener.open(opener, fiber, inner, shape.describe(name, options, fiber))
    })
  const { around } = shape
  const wrap: typeof spanned =
    around === undefined
      ? spanned
      : (self, name, lazyOptions) =>
          Effect.suspend(() => {
            const options = read(lazyOptions)
            return around(spanned(self, name, options), name, options)
          })
  return ((first: unknown, second: unknown, third: unknown) =>
    Effect.isEffect(first)
      ? wrap(first, second as string, third as Options)
      : (self: Effect.Effect<unknown, unknown, unknown>, ...args: ReadonlyArray<unknown>) =>
          wrap(
            self,
            first as string,
            typeof second === "function"
              ? () => (second as (...args: ReadonlyArray<unknown>) => Options)(...args)
              : (second as Options)
          )) as SpanCombinator<Options>
}
