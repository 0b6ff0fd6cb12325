/**
 * A rule: which traces it is about, and what becomes of them.
 *
 * ```json
 * { "name": "imports", "match": { "workflow": { "glob": "import-*" } }, "action": { "ratio": 0.1 } }
 * ```
 *
 * @see docs/sampling.md
 */
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { CurrentBaggage } from "../model/References.ts"
import type { Sampler, SamplingInput } from "../model/Sampler.ts"
import * as Condition from "./Condition.ts"
import type { SamplerCase } from "./FirstOf.ts"
import * as Probability from "./Probability.ts"
import * as Threshold from "../model/Threshold.ts"
import { TokenBucket, type TokenClock } from "./TokenBucket.ts"
import * as TraceLimit from "./TraceLimit.ts"

const kinds = ["internal", "server", "client", "producer", "consumer"] as const

const Values = Schema.Record(Schema.String, Condition.Condition)

/** What a trace must be like; all that is said must be true. */
const Match = Schema.Struct({
  /** The name of the span where it begins. */
  name: Schema.optionalKey(Condition.Condition),
  kind: Schema.optionalKey(Schema.Literals(kinds).annotate({ message: `one of ${kinds.join(", ")}` })),
  /** `tenant_id` */
  tenant: Schema.optionalKey(Condition.Condition),
  /** `workflow_id` */
  workflow: Schema.optionalKey(Condition.Condition),
  /** `http.route` */
  route: Schema.optionalKey(Condition.Condition),
  attributes: Schema.optionalKey(Values),
  /** Entries of the baggage that the fiber has when it is decided. */
  baggage: Schema.optionalKey(Values)
})

const must = (rule: string) => ({ message: rule, expected: rule })
const shareRule = must("a number from 0 to 1")
const rateRule = must("a number above 0")

const Limits = Schema.Struct({
  /** The share that is kept. */
  ratio: Schema.optionalKey(
    Schema.Number.annotate(shareRule).check(Schema.isBetween({ minimum: 0, maximum: 1 }, shareRule))
  ),
  /** How many traces a second are kept of it; as many may come at once after a second of rest. */
  perSecond: Schema.optionalKey(
    Schema.Number.annotate(rateRule).check(Schema.isFinite(rateRule), Schema.isGreaterThan(0, rateRule))
  )
}).check(
  Schema.makeFilter((limits) => limits.ratio !== undefined || limits.perSecond !== undefined, {
    expected: "an object with ratio, perSecond or both"
  })
)

const nameRule = must("a name of 1 to 64 characters, without control characters")

const actionRule = '"keep", "drop", or an object with ratio, perSecond or both'

/** The schema of one rule. */
export const SamplingRule = Schema.Struct({
  /** Why a trace was kept or left out, in health, metrics and on the span. */
  name: Schema.String.annotate(nameRule).check(Schema.isPattern(/^[^\p{Cc}]{1,64}$/u, nameRule)),
  match: Schema.optionalKey(Match),
  action: Schema.Union([Schema.Literals(["keep", "drop"]).annotate({ message: actionRule }), Limits]).annotate({
    message: actionRule
  })
})

export type SamplingRule = typeof SamplingRule.Type

/** The keys that there are where an unknown one was found. */
export const keysAt = (path: ReadonlyArray<PropertyKey>): ReadonlyArray<string> => {
  const [, section, ...inside] = path
  if (inside.length === 0) return Object.keys(SamplingRule.fields)
  if (section === "action") return Object.keys(Limits.fields)
  return Object.keys(inside.length === 1 ? Match.fields : Condition.Operators.fields)
}

type Matches = (input: SamplingInput) => boolean

const attribute = (key: string, condition: Condition.Condition | undefined): ReadonlyArray<Matches> => {
  if (condition === undefined) return []
  const test = Condition.compile(condition)
  return [({ attributes }) => test(attributes.get(key))]
}

const baggage = (name: string, condition: Condition.Condition): Matches => {
  const test = Condition.compile(condition)
  return () => test(Fiber.getCurrent()?.getRef(CurrentBaggage).get(name)?.value)
}

const matches = ({ match = {} }: SamplingRule): Matches => {
  const { attributes = {}, baggage: entries = {}, kind, name, route, tenant, workflow } = match
  const named = name === undefined ? undefined : Condition.compile(name)
  const all: ReadonlyArray<Matches> = [
    ...(kind === undefined ? [] : [(input: SamplingInput) => input.kind === kind]),
    ...(named === undefined ? [] : [(input: SamplingInput) => named(input.name)]),
    ...attribute(AttributeKeys.tenantId, tenant),
    ...attribute(AttributeKeys.workflowId, workflow),
    ...attribute(AttributeKeys.httpRoute, route),
    ...Object.entries(attributes).flatMap(([key, condition]) => attribute(key, condition)),
    ...Object.entries(entries).map(([key, condition]) => baggage(key, condition))
  ]
  return (input) => all.every((one) => one(input))
}

/** What limits need. */
export interface RuleOptions {
  /** Default: Effect's own. */
  readonly clock?: TokenClock | undefined
  /** Told of every trace that a rule chose and its `perSecond` left out, and why. */
  readonly onRefused?: ((reason: string) => void) | undefined
}

const sampler = ({ action, name }: SamplingRule, { clock, onRefused }: RuleOptions): Sampler => {
  if (action === "drop") return { description: "drop", decide: Probability.left(name) }
  const { perSecond, ratio = 1 } = action === "keep" ? {} : action
  const decide = Probability.decide(Threshold.fromShare(ratio), name)
  if (perSecond === undefined) return { description: `keep(${ratio})`, decide }
  const bucket = new TokenBucket(perSecond, clock)
  const reason = `${name}.rate_limit`
  return {
    description: `keep(${ratio},${perSecond}/s)`,
    decide(input) {
      const decision = decide(input)
      return decision.sampled ? TraceLimit.through(bucket, decision, input, reason, onRefused) : decision
    }
  }
}

/** The case of a `firstOf` that a rule is. */
export const compile = (rule: SamplingRule, options: RuleOptions): SamplerCase => ({
  matches: matches(rule),
  sampler: sampler(rule, options)
})
