/**
 * A tracing layer for tests: spans stay in memory, where the test can look at them.
 *
 * Ids count up from one, times come from the test's clock, everything is
 * sampled and contexts travel as W3C trace context, so the same test gives the
 * same spans. Works for any Effect program, with our combinators or without.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { CurrentPropagator } from "../model/References.ts"
import type { Sampler } from "../model/Sampler.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import { copyOf, type SpanData } from "../model/SpanData.ts"
import * as SpanLimits from "../model/SpanLimits.ts"
import { always } from "../sampling/Sampler.ts"
import * as GoraxTracer from "../tracer/GoraxTracer.ts"
import * as Ids from "../tracer/Ids.ts"
import * as SpanLoggers from "../tracer/SpanLoggers.ts"

export interface TracingTestOptions {
  /** Default: everything is recorded. Trace ids count up, so a ratio sampler finds none of them random. */
  readonly sampler?: Sampler | undefined
  readonly limits?: SpanLimits.SpanLimits | undefined
  /** Default `test`. */
  readonly serviceName?: string | undefined
  /** True for a test that means to leave spans open. Default: such a test fails. */
  readonly mayLeaveOpen?: boolean | undefined
}

/** A finished span, and its place in the order in which spans of this test began and ended. */
export interface CollectedSpan extends SpanData {
  readonly began: number
  readonly ended: number
}

export class TracingTest extends Context.Service<
  TracingTest,
  {
    /** The spans that were sampled and have ended, in the order they ended. */
    readonly spans: Effect.Effect<ReadonlyArray<CollectedSpan>>
    /** The names of those that have not ended, in the order they began. */
    readonly open: Effect.Effect<ReadonlyArray<string>>
    /** How many spans were started, ended and sampled out. */
    readonly books: SpanBooks.SpanBooks
  }
>()("@gorax/tracing/testing/TracingTest") {}

/** Copied when it ends, so that what a test compares is plain data. */
const collect = (span: SpanData, began: number, ended: number): CollectedSpan => ({
  ...copyOf(span),
  attributes: new Map(span.attributes),
  events: [...span.events],
  links: [...span.links],
  began,
  ended
})

/** A span and those around it, the outermost first. */
const pathOf = (span: SpanData, spans: Iterable<SpanData>): string => {
  const byId = new Map(Array.from(spans, (one) => [one.spanId, one] as const))
  const path: Array<string> = []
  for (let next: SpanData | undefined = span; next !== undefined; next = byId.get(next.parentSpanId ?? "")) {
    path.unshift(next.name)
  }
  return path.join(" › ")
}

const leftOpen = (open: ReadonlyArray<SpanData>, all: Iterable<SpanData>): Error =>
  new Error(
    [
      `This test left ${open.length} span${open.length === 1 ? "" : "s"} open:`,
      ...open.map((span) => `  ${pathOf(span, all)}`),
      "A fiber in them outlived the test's program: await it, interrupt it, or run it in a scope that closes inside the " +
        "layer. Where it is meant so, provide TracingTest.layerWith({ mayLeaveOpen: true })."
    ].join("\n")
  )

const make = Effect.fnUntraced(function* (options: TracingTestOptions) {
  const spans: Array<CollectedSpan> = []
  const began = new Map<SpanData & Tracer.Span, number>()
  const books = SpanBooks.make()
  let moments = 0
  const tracer = GoraxTracer.make({
    sampler: options.sampler ?? always,
    limits: options.limits ?? SpanLimits.defaults,
    ids: Ids.counting(),
    // As under `TracingLive`
    loggers: SpanLoggers.each(SpanLoggers.withoutEvents),
    resource: { attributes: { [AttributeKeys.serviceName]: options.serviceName ?? "test" } },
    scope: { name: "@gorax/tracing/testing", version: "" },
    books,
    onStart: (span) => {
      began.set(span, moments++)
    },
    sink: {
      push: (span) => {
        books.exported++
        spans.push(collect(span, began.get(span as SpanData & Tracer.Span) ?? 0, moments++))
      },
      flush: Effect.succeed({ exported: 0, left: 0 })
    }
  })
  const opened = () => [...began.keys()].filter((span) => span.status._tag === "Started")
  yield* Effect.addFinalizer((exit) => {
    const open = Exit.isSuccess(exit) && options.mayLeaveOpen !== true ? opened() : []
    return open.length === 0 ? Effect.void : Effect.die(leftOpen(open, began.keys()))
  })
  return Context.make(TracingTest, {
    spans: Effect.sync(() => [...spans]),
    open: Effect.sync(() => opened().map((span) => span.name)),
    books
  }).pipe(Context.add(Tracer.Tracer, tracer), Context.add(CurrentPropagator, undefined))
})

/** As `layer`, with another sampler, other limits, another service name, or leave to leave spans open. */
export const layerWith = (options: TracingTestOptions): Layer.Layer<TracingTest> => Layer.effectContext(make(options))

/** Collects every span of a test; a test that leaves one open when its program is done fails. */
export const layer: Layer.Layer<TracingTest> = layerWith({})

/** The spans of this test that have ended, in the order they ended. */
export const spans: Effect.Effect<ReadonlyArray<CollectedSpan>, never, TracingTest> = Effect.flatMap(
  TracingTest,
  ({ spans }) => spans
)
