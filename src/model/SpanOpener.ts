/**
 * What a tracer of ours can do beyond Effect's `Tracer`.
 *
 * Combinators look for it on the current tracer and use Effect's public API
 * when it is not there, so they work with any tracer.
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { readable } from "./Attributes.ts"

const TypeId = "~@gorax/tracing/model/SpanOpener"

/** A span to be opened. */
export interface SpanSpec {
  readonly name: string
  readonly kind?: Tracer.SpanKind | undefined
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
  readonly links?: ReadonlyArray<Tracer.SpanLink> | undefined
  readonly parent?: Tracer.AnySpan | undefined
  readonly root?: boolean | undefined
  /** False leaves the span out, and with it all below. */
  readonly sampled?: boolean | undefined
  /** What is wished for the span: see `SpanHints`. */
  readonly annotations?: Context.Context<never> | undefined
  /**
   * Shown what the effect came to, before the span ends: writes the last attributes, and says how the span ends. The
   * effect's own exit is passed on untouched. One that throws changes nothing.
   */
  readonly conclude?: Conclude | undefined
}

/** Says how a span ends whose effect came to `exit`. Synchronous; runs on the fiber of the effect. */
export type Conclude = (
  span: Tracer.Span,
  exit: Exit.Exit<unknown, unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
) => Exit.Exit<unknown, unknown>

/** How a span ends, as far as anybody concludes it. Total. */
export const concluded = (
  conclude: Conclude | undefined,
  span: Tracer.Span,
  exit: Exit.Exit<unknown, unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Exit.Exit<unknown, unknown> => {
  if (conclude === undefined) return exit
  try {
    return conclude(span, exit, fiber)
  } catch {
    return exit
  }
}

/** Opens a span around an effect through Effect's public API alone. */
export const throughEffect = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  spec: SpanSpec
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
  Effect.useSpan(spec.name, { ...spec, attributes: readable(spec.attributes) } as Tracer.SpanOptionsNoTrace, (span) => {
    const inside = Effect.provideService(self, Tracer.ParentSpan, span)
    if (spec.conclude === undefined) return inside
    return Effect.onExit(inside, (exit) =>
      Effect.withFiber((fiber) => {
        span.end(nowUnsafe(fiber), concluded(spec.conclude, span, exit, fiber))
        return Effect.void
      })
    )
  })

/** The fiber's time, as Effect's own spans have it. */
export const nowUnsafe = (fiber: Fiber.Fiber<unknown, unknown>): bigint =>
  fiber.getRef(References.TracerTimingEnabled) ? fiber.getRef(Clock.Clock).currentTimeNanosUnsafe() : 0n

export interface SpanOpener {
  readonly [TypeId]: typeof TypeId
  /** True when this tracer records nothing: a combinator then returns its effect untouched. */
  readonly off: boolean
  /**
   * True where a child of the current span would not be recorded; it counts as started and sampled out, and a
   * combinator returns its effect untouched.
   */
  readonly declines: (fiber: Fiber.Fiber<unknown, unknown>) => boolean
  /** Opens a span around an effect, on the fiber that runs it: `Effect.withSpan` at less cost. */
  readonly around: <A, E, R>(
    fiber: Fiber.Fiber<unknown, unknown>,
    self: Effect.Effect<A, E, R>,
    spec: SpanSpec
  ) => Effect.Effect<A, E, R>
  /** Marks a moment on a span: `Span.event` with the fiber's own clock, at less cost. */
  readonly mark: (
    fiber: Fiber.Fiber<unknown, unknown>,
    span: Tracer.Span,
    name: string,
    attributes: Readonly<Record<string, unknown>> | undefined
  ) => void
  /** The server span that other instrumentation has opened for the request at hand: ours belongs under it. */
  readonly receiving?: (() => Tracer.ExternalSpan | undefined) | undefined
  /** Gives a span its better name once that is known, as a server span gets its route. */
  readonly rename: (span: Tracer.AnySpan, name: string) => void
}

export const make = (opener: Omit<SpanOpener, typeof TypeId>): SpanOpener => ({ [TypeId]: TypeId, ...opener })

/** Runs an effect in a span: the opener's way where there is one, and else through Effect's API. */
export const open = <A, E, R>(
  opener: SpanOpener | undefined,
  fiber: Fiber.Fiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  spec: SpanSpec
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
  opener === undefined
    ? throughEffect(self, spec)
    : (opener.around(fiber, self, spec) as Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>)

/** The tracer's extra powers, if it has them. */
export const fromTracer = (tracer: Tracer.Tracer | undefined): SpanOpener | undefined =>
  tracer !== undefined && TypeId in tracer ? (tracer as Tracer.Tracer & SpanOpener) : undefined
