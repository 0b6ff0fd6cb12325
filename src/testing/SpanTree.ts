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
 * their labels, so that a race does not change the picture.
 */
import * as Effect from "effect/Effect"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { SpanData } from "../model/SpanData.ts"
import * as Trace from "../model/Trace.ts"
import { type CollectedSpan, TracingTest } from "./TracingTest.ts"

const written = (value: unknown): string =>
  typeof value === "string" && value !== "" && !/\s/.test(value) ? value : JSON.stringify(value)

const labelOf = (span: SpanData, keys: ReadonlyArray<string>): string => {
  const parts = [span.name]
  for (const key of keys) {
    const value = span.attributes.get(key) ?? span.resource.attributes[key]
    if (value !== undefined) parts.push(`${key}=${written(value)}`)
  }
  if (span.statusCode === "error") parts.push(`✗ ${String(span.attributes.get(AttributeKeys.errorType) ?? "error")}`)
  if (span.attributes.get(AttributeKeys.interrupted) === true) parts.push("⊘")
  return parts.join(" ")
}

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

/** The finished spans with this name, in the order they began. */
export const findAll = (name: string): Effect.Effect<ReadonlyArray<CollectedSpan>, never, TracingTest> =>
  Effect.map(collected, (spans) =>
    spans.filter((span) => span.name === name).sort((self, that) => self.began - that.began)
  )

/** The first finished span with this name; where there is none, the test fails and shows what there is. */
export const find = Effect.fnUntraced(function* (name: string): Effect.fn.Return<CollectedSpan, never, TracingTest> {
  const [span] = yield* findAll(name)
  if (span !== undefined) return span
  const drawn = yield* draw()
  return yield* Effect.die(new Error(`No span "${name}" has finished. These have:\n${drawn === "" ? "(none)" : drawn}`))
})
