/**
 * The spans of a test as a picture that can be compared.
 *
 * ```
 * workflow.execute workflow_id=fulfil-order
 * ├─ workflow.step.execute node_id=charge-card ✗ declined
 * └─ workflow.step.execute node_id=ship ⊘
 * ```
 *
 * The picture has no ids and no times. Siblings stand in the order they began;
 * those that ran together and began at the same time stand in the order of
 * their labels, so that a race does not change the picture. Where a picture
 * says too much, `expect` compares what you name and leaves the rest alone.
 */
import * as Effect from "effect/Effect"
import type { SpanData } from "../model/SpanData.ts"
import * as Trace from "../model/Trace.ts"
import * as FieldPattern from "./FieldPattern.ts"
import * as SpanDifference from "./SpanDifference.ts"
import * as SpanFields from "./SpanFields.ts"
import { labelOf } from "./SpanLabel.ts"
import * as SpanPattern from "./SpanPattern.ts"
import * as SpanRules from "./SpanRules.ts"
import { type CollectedSpan, TracingTest } from "./TracingTest.ts"

export type {
  AttributesPattern,
  EventPattern,
  Expected,
  LinkPattern,
  SpanPattern,
  TextPattern,
  ValuePattern
} from "./SpanPattern.ts"

type Moments = SpanData & Partial<Pick<CollectedSpan, "began" | "ended">>

/**
 * Numbers siblings that began at one time: one that began after others had ended comes after them.
 *
 * A test's clock often stands still, so time alone would not tell steps in a row from branches.
 */
const turns = <Span extends Moments>(spans: ReadonlyArray<Span>): ReadonlyMap<Span, number> => {
  const known = new Set(spans.map((span) => span.traceId + span.spanId))
  const parentOf = (span: Span): string => {
    const parent = span.traceId + (span.parentSpanId ?? "")
    return known.has(parent) ? parent : ""
  }
  const together = Map.groupBy(spans, (span) => `${parentOf(span)} ${span.startTime}`)
  const numbers = new Map<Span, number>()
  for (const siblings of together.values()) {
    let turn = 0
    let lastEnd = -1
    for (const span of siblings.toSorted((self, that) => (self.began ?? 0) - (that.began ?? 0))) {
      if ((span.began ?? 0) > lastEnd && lastEnd >= 0) turn++
      lastEnd = Math.max(lastEnd, span.ended ?? Infinity)
      numbers.set(span, turn)
    }
  }
  return numbers
}

/** Any spans as trees, those of a `FakeCollector` too; roots and siblings in an order that a race does not change. */
export const fromSpans = <Span extends SpanData>(
  spans: Iterable<Span>,
  ...keys: ReadonlyArray<string>
): ReadonlyArray<Trace.SpanNode<Span>> => {
  const all = [...spans]
  const turnOf = turns(all)
  const picture = (node: Trace.SpanNode<Span>): string => Trace.draw([node], (span) => labelOf(span, keys))
  return Trace.fromSpans(all, (self, that) => {
    const order = Trace.byStart(self, that) || turnOf.get(self.span)! - turnOf.get(that.span)!
    if (order !== 0) return order
    const [left, right] = [picture(self), picture(that)]
    return left < right ? -1 : left > right ? 1 : 0
  })
}

/** Draws any spans, with the attributes of these keys behind the name; resource attributes count too. */
export const drawSpans = (spans: Iterable<SpanData>, ...keys: ReadonlyArray<string>): string =>
  Trace.draw(fromSpans(spans, ...keys), (span) => labelOf(span, keys))

const collected = Effect.flatMap(TracingTest, (test) => test.spans)

/** Draws the finished spans of this test, with the attributes of these keys behind the name. */
export const draw = (...keys: ReadonlyArray<string>): Effect.Effect<string, never, TracingTest> =>
  Effect.map(collected, (spans) => drawSpans(spans, ...keys))

/** What is different between any spans and the trees that are expected of them, drawn; `undefined` for nothing. */
export const differenceOf = (
  spans: Iterable<SpanData>,
  ...roots: ReadonlyArray<SpanPattern.Expected>
): string | undefined => {
  const all = [...spans]
  return SpanDifference.between(fromSpans(all), roots.map(SpanPattern.from), SpanDifference.finder(all))
}

const fail = (message: string | undefined): Effect.Effect<void> =>
  message === undefined ? Effect.void : Effect.die(new Error(message))

/**
 * Expects any spans to be these trees, in any order and no others; where they are not, the test fails and shows a
 * difference. For the spans of several services hand over what a `FakeCollector` has taken.
 */
export const expectSpans = (
  spans: Iterable<SpanData>,
  ...roots: ReadonlyArray<SpanPattern.Expected>
): Effect.Effect<void> => Effect.suspend(() => fail(differenceOf(spans, ...roots)))

/** Expects the finished spans of this test to be these trees, in any order and no others. */
export const expect = (...roots: ReadonlyArray<SpanPattern.Expected>): Effect.Effect<void, never, TracingTest> =>
  Effect.flatMap(collected, (spans) => expectSpans(spans, ...roots))

/** Those of any spans that are as expected; children count where they are named. In the order they began. */
export const select = <Span extends Moments>(
  spans: Iterable<Span>,
  expected: SpanPattern.Expected
): ReadonlyArray<Span> => {
  const all = [...spans].sort((self, that) => (self.began ?? 0) - (that.began ?? 0))
  const pattern = SpanPattern.from(expected)
  const find = SpanDifference.finder(all)
  const fields = SpanFields.of(pattern, find)
  const fitting = all.filter((span) => FieldPattern.compare(fields, span).mismatches === 0)
  if (SpanPattern.childrenOf(pattern) === undefined) return fitting
  const nodes = new Map(Array.from(Trace.walk(fromSpans(all)), (node) => [node.span, node] as const))
  return fitting.filter((span) => {
    const node = nodes.get(span)
    return node !== undefined && SpanDifference.between([node], [pattern], find) === undefined
  })
}

/** Why no span is as expected: what the closest one lacks, and all there are. */
export const missing = (spans: Iterable<SpanData>, expected: SpanPattern.Expected): string => {
  const all = [...spans]
  const pattern = SpanPattern.from(expected)
  const called = typeof pattern.name === "string" ? ` "${pattern.name}"` : ""
  const isKnown = all.some(({ name }) => name === pattern.name)
  const lines = [`No span${called}${isKnown ? " as expected" : ""} has finished.`]
  const nodes = [...Trace.walk(fromSpans(all))]
  const closest = SpanDifference.nearest(nodes, pattern, SpanDifference.finder(all))
  // A name that nobody has is close to none
  if (closest !== undefined && typeof expected !== "string") lines.push(closest)
  lines.push(...(all.length === 0 ? ["No span has finished at all."] : ["These have:", drawSpans(all)]))
  return lines.join("\n")
}

/** The finished spans that are as expected, in the order they began; a text is a name. */
export const findAll = (
  expected: SpanPattern.Expected
): Effect.Effect<ReadonlyArray<CollectedSpan>, never, TracingTest> =>
  Effect.map(collected, (spans) => select(spans, expected))

/** The first finished span that is as expected; where there is none, the test fails and shows what there is. */
export const find = Effect.fnUntraced(function* (
  expected: SpanPattern.Expected
): Effect.fn.Return<CollectedSpan, never, TracingTest> {
  const spans = yield* collected
  const [span] = select(spans, expected)
  return span ?? (yield* Effect.die(new Error(missing(spans, expected))))
})

/** Expects any spans to be without the faults that {@link SpanRules} know; shows each where they are not. */
export const expectSoundSpans = (
  spans: Iterable<SpanData>,
  rules: ReadonlyArray<SpanRules.SpanRule> = SpanRules.process
): Effect.Effect<void> => Effect.suspend(() => fail(SpanRules.report(spans, rules)))

/** Expects the finished spans of this test to be without the faults that {@link SpanRules} know. */
export const expectSound = (
  rules: ReadonlyArray<SpanRules.SpanRule> = SpanRules.process
): Effect.Effect<void, never, TracingTest> =>
  Effect.flatMap(TracingTest, ({ open, spans }) =>
    Effect.flatMap(Effect.all([spans, open]), ([finished, names]) => fail(SpanRules.report(finished, rules, names)))
  )
