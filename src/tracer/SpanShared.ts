/**
 * What all spans of one tracer share.
 */
import type { AttributeLimits } from "../model/Attributes.ts"
import type { Sampler } from "../model/Sampler.ts"
import type { SpanBooks } from "../model/SpanBooks.ts"
import type { Resource, Scope } from "../model/SpanData.ts"
import type { SpanLimits } from "../model/SpanLimits.ts"
import type { SpanSink } from "../model/SpanSink.ts"
import type { GoraxSpan } from "./GoraxSpan.ts"
import type { IdGenerator } from "./Ids.ts"
import type { OpenSpans } from "./OpenSpans.ts"
import type { Exchange } from "./SpanLoggers.ts"

/** What a tracer is made of. */
export interface SpanSettings {
  readonly sink: SpanSink
  readonly sampler: Sampler
  readonly ids: IdGenerator
  readonly limits: SpanLimits
  readonly resource: Resource
  readonly scope: Scope
  readonly books: SpanBooks
  /** Where spans are noted while they are open. */
  readonly openSpans?: OpenSpans | undefined
  /** Told of every span when it is opened, before sampling is decided. */
  readonly onStart?: ((span: GoraxSpan) => void) | undefined
  /** What the loggers of a fiber become inside its spans. */
  readonly loggers?: Exchange | undefined
  /**
   * Records what the sampler leaves out, too: it goes into the sink without the sampled flag, and neither children in
   * other processes nor anybody else outside hears of it. False by default, when such spans are hardly made at all.
   */
  readonly recordsUnsampled?: boolean | undefined
  /** Told of every local root that is recorded only, as soon as that is decided. */
  readonly onRecordedRoot?: ((traceId: string, spanId: string) => void) | undefined
}

export interface SpanShared extends SpanSettings {
  readonly attributeLimits: AttributeLimits
  readonly eventLimits: AttributeLimits
  readonly linkLimits: AttributeLimits
}

export const make = (settings: SpanSettings): SpanShared => {
  const { limits } = settings
  const of = (count: number): AttributeLimits => ({ count, valueLength: limits.attributeLength })
  return {
    ...settings,
    attributeLimits: of(limits.attributes),
    eventLimits: of(limits.attributesPerEvent),
    linkLimits: of(limits.attributesPerLink)
  }
}
