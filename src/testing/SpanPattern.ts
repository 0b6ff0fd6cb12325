/**
 * What a test expects of a span: as much as it names, and nothing beyond.
 *
 * ```ts
 * {
 *   name: "workflow.step.execute",
 *   attributes: { node_id: "charge-card", card_number: undefined },
 *   error: "Declined",
 *   children: [{ name: "workflow.retry.attempt" }, { name: "workflow.retry.attempt" }],
 *   clue: "a declined card is tried twice"
 * }
 * ```
 */
import type * as Duration from "effect/Duration"
import type * as Tracer from "effect/Tracer"
import type { AttributeValue } from "../model/Attributes.ts"
import type { StatusCode } from "../model/SpanData.ts"

/** The very text, or what it looks like. */
export type TextPattern = string | RegExp

/** The very value, what its text looks like, a question to it, or `undefined` for an attribute that must not be there. */
export type ValuePattern = AttributeValue | RegExp | ((value: AttributeValue) => boolean) | undefined

export type AttributesPattern = Readonly<Record<string, ValuePattern>>

export interface EventPattern {
  readonly name?: TextPattern
  readonly attributes?: AttributesPattern
}

export interface LinkPattern {
  /** The linked span, which must be among the spans that are looked at. */
  readonly to?: Expected
  /** The trace that is linked to, wherever its spans are. */
  readonly traceId?: string
  readonly attributes?: AttributesPattern
}

export interface SpanPattern {
  readonly name?: TextPattern
  /** The `service.name` of the process that the span comes from. */
  readonly service?: TextPattern
  readonly kind?: Tracer.SpanKind
  readonly status?: StatusCode
  readonly statusMessage?: TextPattern
  /** What went wrong, by its `error.type`: the span must have failed. `false` for a span that did not. */
  readonly error?: TextPattern | false
  readonly interrupted?: boolean
  /** How long it took, to the nanosecond: for spans that were measured with a `TestClock`. */
  readonly duration?: Duration.Input
  /** Attributes of the span, or of its process. Those that are not named may be what they like. */
  readonly attributes?: AttributesPattern
  /** Events that it must have, in any order and among others; `[]` for none at all. A text is an event's name. */
  readonly events?: ReadonlyArray<string | EventPattern>
  /** Links that it must have, in any order and among others; `[]` for none at all. */
  readonly links?: ReadonlyArray<LinkPattern>
  /** All its children, in any order; `[]` for none. */
  readonly children?: ReadonlyArray<Expected>
  /** Some of its children, in any order, whatever others there are. */
  readonly includes?: ReadonlyArray<Expected>
  /** True where the children must stand in this order. */
  readonly ordered?: boolean
  /** Why this is expected; shown with the difference where there is one. */
  readonly clue?: string
}

/** A pattern; a text is short for the name alone. */
export type Expected = string | SpanPattern

export const from = (expected: Expected): SpanPattern => (typeof expected === "string" ? { name: expected } : expected)

/** The expected children, and whether there may be others. */
export const childrenOf = (pattern: SpanPattern): ReadonlyArray<SpanPattern> | undefined =>
  pattern.children === undefined && pattern.includes === undefined
    ? undefined
    : [...(pattern.children ?? []), ...(pattern.includes ?? [])].map(from)

/** How many spans it takes to satisfy a pattern. */
export const sizeOf = (pattern: SpanPattern): number =>
  (childrenOf(pattern) ?? []).reduce((size, child) => size + sizeOf(child), 1)

/** The attributes that patterns name, at any depth. */
export const keysOf = (patterns: ReadonlyArray<SpanPattern>): ReadonlyArray<string> => [
  ...new Set(
    patterns.flatMap((pattern) => [...Object.keys(pattern.attributes ?? {}), ...keysOf(childrenOf(pattern) ?? [])])
  )
]

/** What was expected, and why. */
export const withClue = (words: string, { clue }: SpanPattern): string =>
  clue === undefined ? words : `${words}  (${clue})`
