/**
 * Rules in their order, as operators write them: the first that matches decides.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Sampler } from "../model/Sampler.ts"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import * as FirstOf from "./FirstOf.ts"
import * as SamplingRule from "./SamplingRule.ts"

/** The schema of a list of rules. */
export const SamplingRules = Schema.Array(SamplingRule.SamplingRule).check(
  Schema.isMaxLength(1000, { expected: "a list of 1000 rules at most" })
)

export type SamplingRules = typeof SamplingRules.Type

/** One thing that is wrong: where, what it must be, and what it is. */
export interface RulesProblem {
  /** `[2].action.ratio`; empty for the whole. */
  readonly at: string
  /** Completes the sentence "it must be …". */
  readonly rule: string
  readonly value: string
}

const decode = Schema.decodeUnknownResult(SamplingRules, { onExcessProperty: "error", errors: "all" })
const issues = SchemaIssue.makeFormatterStandardSchemaV1()
const longestShown = 120

const plainKey = /^[a-z_$][\w$]*$/i

const spell = (path: ReadonlyArray<PropertyKey>): string =>
  path.map((key) => (typeof key === "string" && plainKey.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`)).join("")

const valueAt = (root: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    root
  )

const show = (value: unknown): string =>
  value === undefined ? "missing" : SensitiveKeys.redactText(JSON.stringify(value), longestShown)

/** What the schema calls types. */
const types: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  object: "an object",
  string: "a text"
}

const ruleOf = (message: string, path: ReadonlyArray<PropertyKey>): string => {
  if (message === "Missing key") return "there"
  const expected = message.replace(/^Expected /, "")
  return expected === "no excess property"
    ? `left out, or called one of ${SamplingRule.keysAt(path).join(", ")}`
    : (types[expected] ?? expected)
}

/** Rules out of anything, such as parsed JSON; or all that is wrong with them. */
export const fromUnknown = (input: unknown): Result.Result<SamplingRules, ReadonlyArray<RulesProblem>> =>
  Result.mapError(decode(input), (error) =>
    issues(error.issue).issues.map(({ message, path = [] }): RulesProblem => {
      const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment))
      return { at: spell(keys), rule: ruleOf(message, keys), value: show(valueAt(input, keys)) }
    })
  )

const notJson = (text: string, error: unknown): RulesProblem => ({
  at: "",
  rule: "a list of rules in JSON",
  value: [
    JSON.stringify(SensitiveKeys.redactText(text, longestShown)),
    ...(/\(line \d+ column \d+\)/.exec(String(error)) ?? [])
  ].join(" ")
})

/** Rules out of JSON. */
export const fromJson = (text: string): Result.Result<SamplingRules, ReadonlyArray<RulesProblem>> => {
  const parsed = Result.try({ try: (): unknown => JSON.parse(text), catch: (error) => [notJson(text, error)] })
  return Result.flatMap(parsed, fromUnknown)
}

/** The rules that operators write: the first that matches decides, and `otherwise` where none does. */
export const make = (rules: SamplingRules, otherwise: Sampler, options: SamplingRule.RuleOptions = {}): Sampler => ({
  ...FirstOf.make(
    rules.map((rule) => SamplingRule.compile(rule, options)),
    otherwise
  ),
  description: `rules(${rules.length},${otherwise.description})`
})
