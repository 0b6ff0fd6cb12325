/**
 * `@gorax/tracing/vitest`: matchers for spans. Import it once, in a test or in a file of `setupFiles`.
 *
 * ```ts
 * import "@gorax/tracing/vitest"
 *
 * expect(yield* TracingTest.spans).toHaveSpan({ name: "workflow.step.execute", attributes: { node_id: "charge-card" } })
 * ```
 *
 * They take spans of any program and of any tracer of ours: what a
 * `TracingTest` or a `FakeCollector` has collected, or a sink of your own.
 */
import { expect } from "vitest"
import type { SpanData } from "../model/SpanData.ts"
import * as CarriedContext from "./CarriedContext.ts"
import * as SpanRules from "./SpanRules.ts"
import * as SpanTree from "./SpanTree.ts"

declare module "vitest" {
  // Merged with vitest's own, so its parameters are vitest's
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** One of these spans is as expected; a text is its name. */
    readonly toHaveSpan: (expected: SpanTree.Expected) => R
    /** These spans are these trees, in any order and no others. */
    readonly toHaveSpanTree: (...roots: ReadonlyArray<SpanTree.Expected>) => R
    /** This one span is as expected, by itself. */
    readonly toBeSpan: (expected: SpanTree.Expected) => R
    /** These spans are without the faults that `SpanRules` know. */
    readonly toBeSoundSpans: (rules?: ReadonlyArray<SpanRules.SpanRule>) => R
    /** These headers carry one W3C trace context, and it is that of this span where one is given. */
    readonly toCarryContext: (span?: Pick<SpanData, "traceId" | "spanId">) => R
  }
}

interface Verdict {
  readonly pass: boolean
  readonly message: () => string
}

/** A verdict by what is wrong; `otherwise` speaks where nothing is and something should have been. */
const verdict = (problem: string | undefined, otherwise: () => string): Verdict => ({
  pass: problem === undefined,
  message: () => problem ?? otherwise()
})

const drawn = (spans: Iterable<SpanData>): string => SpanTree.drawSpans(spans)

expect.extend({
  toHaveSpan(spans: Iterable<SpanData>, expected: SpanTree.Expected): Verdict {
    const [found] = SpanTree.select(spans, expected)
    return verdict(
      found === undefined ? SpanTree.missing(spans, expected) : undefined,
      () => `No such span was expected, and "${found!.name}" is one:\n${drawn(spans)}`
    )
  },
  toHaveSpanTree(spans: Iterable<SpanData>, ...roots: ReadonlyArray<SpanTree.Expected>): Verdict {
    return verdict(
      SpanTree.differenceOf(spans, ...roots),
      () => `Other spans were expected than these:\n${drawn(spans)}`
    )
  },
  toBeSpan(span: SpanData, expected: SpanTree.Expected): Verdict {
    return verdict(SpanTree.differenceOf([span], expected), () => `Another span was expected than "${span.name}".`)
  },
  toBeSoundSpans(spans: Iterable<SpanData>, rules?: ReadonlyArray<SpanRules.SpanRule>): Verdict {
    return verdict(SpanRules.report(spans, rules), () => `Something should be wrong with these spans:\n${drawn(spans)}`)
  },
  toCarryContext(headers: CarriedContext.HeadersLike, span?: Pick<SpanData, "traceId" | "spanId">): Verdict {
    const problem = CarriedContext.problem(headers, span)
    return verdict(
      problem && `The headers should carry a trace context, but ${problem}.`,
      () => "The headers should carry no such trace context."
    )
  }
})
