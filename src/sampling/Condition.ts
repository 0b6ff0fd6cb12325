/**
 * What a rule asks of one value: an attribute, the name of a span, an entry of the baggage.
 *
 * A condition takes time linear in the value, whatever was written. There are
 * no regular expressions, because those of a user may take forever.
 */
import * as Schema from "effect/Schema"
import type { AttributeValue } from "../model/Attributes.ts"
import * as Glob from "./Glob.ts"

const longestText = 1024

const Text = Schema.String.check(Schema.isMaxLength(longestText, { expected: `a text of ${longestText} characters` }))
const Plain = Schema.Union([Text, Schema.Finite, Schema.Boolean]).annotate({
  message: "a text, a number, true or false"
})

/** What may be asked; all that is asked must be true. */
export const Operators = Schema.Struct({
  /** The value itself. `200` and `"200"` are the same. */
  equals: Schema.optionalKey(Plain),
  /** One of these. */
  in: Schema.optionalKey(Schema.Array(Plain).check(Schema.isMinLength(1, { expected: "a list with something in it" }))),
  /** Begins so. */
  prefix: Schema.optionalKey(Text),
  /** Fits the pattern, in which a star stands for any text. */
  glob: Schema.optionalKey(Text),
  /** Is there, or is not. */
  exists: Schema.optionalKey(Schema.Boolean),
  /** Is a number, or the text of one, and more than this. */
  above: Schema.optionalKey(Schema.Finite),
  atLeast: Schema.optionalKey(Schema.Finite),
  below: Schema.optionalKey(Schema.Finite),
  atMost: Schema.optionalKey(Schema.Finite)
})

/** A value that must be equal, or what must be true of it. */
export const Condition = Schema.Union([Plain, Operators]).annotate({
  message: "a text, a number, true, false, or an object of conditions"
})

export type Condition = typeof Condition.Type

type Test = (value: AttributeValue | undefined) => boolean

/** Of a list, one entry is enough. */
const some =
  (test: (value: string | number | boolean) => boolean): Test =>
  (value) =>
    typeof value === "object" ? value.some((entry) => test(entry)) : value !== undefined && test(value)

const among = (values: ReadonlyArray<string | number | boolean>): Test => {
  const texts = new Set(values.map(String))
  return some((value) => texts.has(typeof value === "string" ? value : String(value)))
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i
const longestNumber = 40

const numeric = (test: (value: number) => boolean): Test =>
  some((value) =>
    typeof value === "string"
      ? value.length <= longestNumber && decimal.test(value) && test(Number(value))
      : typeof value === "number" && test(value)
  )

const text = (test: (value: string) => boolean): Test => some((value) => test(String(value)))

type Compile = {
  readonly [Key in keyof typeof Operators.Type]-?: (wanted: NonNullable<(typeof Operators.Type)[Key]>) => Test
}

const compilers: Compile = {
  equals: (wanted) => among([wanted]),
  in: among,
  prefix: (wanted) => text((value) => value.startsWith(wanted)),
  glob: (wanted) => text(Glob.matcher(wanted)),
  exists: (wanted) => (value) => (value !== undefined) === wanted,
  above: (wanted) => numeric((value) => value > wanted),
  atLeast: (wanted) => numeric((value) => value >= wanted),
  below: (wanted) => numeric((value) => value < wanted),
  atMost: (wanted) => numeric((value) => value <= wanted)
}

/** Makes the test of one value. */
export const compile = (condition: Condition): Test => {
  if (typeof condition !== "object") return among([condition])
  const tests = Object.entries(condition)
    .filter(([, wanted]) => wanted !== undefined)
    .map(([key, wanted]) => (compilers[key as keyof Compile] as (wanted: unknown) => Test)(wanted))
  return (value) => tests.every((test) => test(value))
}
