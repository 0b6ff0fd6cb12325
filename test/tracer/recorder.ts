import { Effect, Tracer } from "effect"
import type { Sampler } from "../../src/model/Sampler.ts"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as SpanLimits from "../../src/model/SpanLimits.ts"
import * as Samplers from "../../src/sampling/Sampler.ts"
import * as GoraxTracer from "../../src/tracer/GoraxTracer.ts"
import * as Ids from "../../src/tracer/Ids.ts"
import type { OtelContext } from "../../src/tracer/OtelContext.ts"

export interface RecorderOptions {
  readonly sampler?: Sampler
  readonly limits?: Partial<SpanLimits.SpanLimits>
  readonly otelContext?: OtelContext
  readonly ids?: Ids.IdGenerator
  readonly publicApiOnly?: boolean
  readonly recordsUnsampled?: boolean
  readonly onRecordedRoot?: (traceId: string) => void
}

/** A tracer whose finished spans are kept in an array, and a way to run an effect with it. */
export const make = (options: RecorderOptions = {}) => {
  const spans: Array<SpanData> = []
  const books = SpanBooks.make()
  const tracer = GoraxTracer.make({
    sink: {
      push(span) {
        spans.push(span)
      },
      flush: Effect.succeed({ exported: 0, left: 0 })
    },
    sampler: options.sampler ?? Samplers.always,
    ids: options.ids ?? Ids.secure(),
    limits: { ...SpanLimits.defaults, ...options.limits },
    resource: { attributes: { "service.name": "test" } },
    scope: { name: "test", version: "0" },
    books,
    otelContext: options.otelContext,
    publicApiOnly: options.publicApiOnly,
    recordsUnsampled: options.recordsUnsampled,
    onRecordedRoot: options.onRecordedRoot
  })
  return {
    spans,
    books,
    tracer,
    named: (name: string) => spans.find((span) => span.name === name)!,
    run: <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.provideService(self, Tracer.Tracer, tracer)
  }
}
