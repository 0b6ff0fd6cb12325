/**
 * The tracer: Effect's own `Tracer`, made to cost little and say what is true.
 */
import * as Context from "effect/Context"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { Transparent } from "../model/SpanHints.ts"
import * as SpanOpener from "../model/SpanOpener.ts"
import { GoraxSpan, noAnnotations } from "./GoraxSpan.ts"
import type { OtelContext } from "./OtelContext.ts"
import { PassThroughSpan } from "./PassThroughSpan.ts"
import * as SpanClock from "./SpanClock.ts"
import * as SpanDefaults from "./SpanDefaults.ts"
import * as SpanFrame from "./SpanFrame.ts"
import * as SpanLoggers from "./SpanLoggers.ts"
import * as SpanShared from "./SpanShared.ts"

export interface GoraxTracerOptions extends SpanShared.SpanSettings {
  /** Lets OpenTelemetry's API see the spans of fibers, and fibers continue its spans. */
  readonly otelContext?: OtelContext | undefined
  /** Keeps to Effect's public API where spans are opened, as it also does where fibers are not as they are known. */
  readonly publicApiOnly?: boolean | undefined
}

const rename = (span: Tracer.AnySpan, name: string): void => {
  if (span instanceof GoraxSpan) span.rename(name)
}

const mark: SpanOpener.SpanOpener["mark"] = (fiber, span, name, attributes) => {
  if (span instanceof GoraxSpan && span.recording) span.mark(name, SpanClock.read(SpanFrame.clockOf(fiber)), attributes)
}

const declines =
  ({ books, recordsUnsampled, sampler }: SpanShared.SpanShared): SpanOpener.SpanOpener["declines"] =>
  (fiber) => {
    const current = fiber.cache.span
    if (!(current instanceof GoraxSpan) || current.sampled) return false
    if (!current.refused && (recordsUnsampled === true || sampler.declinesBelowUnsampled !== true)) return false
    books.started++
    books.sampledOut++
    return true
  }

/**
 * What Effect decided of a span by itself. Below an unsampled parent it says no in any case; there its level is looked up
 * again where that matters, and a `sampled: false` cannot be told from the parent's.
 */
const wished = (
  { recordsUnsampled }: SpanShared.SpanShared,
  sampled: boolean,
  parent: Tracer.AnySpan | undefined
): boolean => {
  if (sampled || parent === undefined || parent.sampled) return sampled
  const fiber = recordsUnsampled === true ? Fiber.getCurrent() : undefined
  return fiber === undefined || SpanDefaults.isSampled(fiber)
}

/** A tracer that records spans and pushes the finished ones into its sink. */
export const make = (options: GoraxTracerOptions): Tracer.Tracer & SpanOpener.SpanOpener => {
  const { otelContext } = options
  const shared = SpanShared.make(options)
  const tracer = Tracer.make({
    span(span) {
      if (Context.get(span.annotations, Transparent)) return new PassThroughSpan(span.name, span.parent)
      SpanLoggers.exchangeCurrent(options.loggers)
      const parent = Option.getOrUndefined(span.parent) ?? (span.root ? undefined : otelContext?.activeParent())
      const annotations = span.annotations.mapUnsafe.size === 0 ? noAnnotations : span.annotations
      const sampled = wished(shared, span.sampled, parent)
      const made = new GoraxSpan(shared, { ...span, annotations, sampled }, parent)
      if (span.links.length > 0) made.addLinks(span.links)
      return made
    },
    context: otelContext?.evaluate
  })
  const opener = SpanOpener.make({
    off: false,
    rename,
    mark,
    receiving: otelContext?.activeServer,
    declines: declines(shared),
    around: SpanFrame.around(shared, otelContext, options.publicApiOnly)
  })
  return { ...tracer, ...opener }
}

/** The tracer of a disabled layer: it records nothing and hands every parent's context on unchanged. */
export const passThrough: Tracer.Tracer & SpanOpener.SpanOpener = {
  ...Tracer.make({ span: ({ name, parent }) => new PassThroughSpan(name, parent) }),
  ...SpanOpener.make({ off: true, rename, mark, declines: () => true, around: (_, self) => self })
}
