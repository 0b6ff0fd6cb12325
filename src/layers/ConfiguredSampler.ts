/**
 * The sampler that settings ask for: rules before the rate, limits after it, and the books around all of it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Sampler } from "../model/Sampler.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import * as Samplers from "../sampling/Sampler.ts"
import type * as Rules from "../sampling/SamplingRules.ts"
import { Tally } from "../sampling/Tally.ts"
import * as Delivery from "./Delivery.ts"
import * as LiveRules from "./LiveRules.ts"
import * as SamplingRulesFile from "./SamplingRulesFile.ts"
import * as SettingTable from "./SettingTable.ts"
import type { SamplerSetting, TracingConfig } from "./TracingConfig.ts"
import type { TracingConfigError } from "./TracingConfigError.ts"

/** What the names of samplers say about a trace that begins here. */
const rates: Readonly<Record<SamplerSetting["kind"], (ratio: number) => Sampler>> = {
  always_on: () => Samplers.always,
  always_off: () => Samplers.never,
  traceidratio: Samplers.ratio,
  parentbased_always_on: () => Samplers.always,
  parentbased_always_off: () => Samplers.never,
  parentbased_traceidratio: Samplers.ratio
}

/** Some follow a parent, and ask about no other traces than those that begin. */
const around = (kind: SamplerSetting["kind"], root: Sampler): Sampler =>
  kind.startsWith("parentbased_") ? Samplers.parentBased(root) : root

/** A sampler, and the rules in it where it knows rules. */
export interface Configured {
  readonly sampler: Sampler
  readonly rules: LiveRules.LiveRules | undefined
}

interface LimitOptions {
  readonly clock: Clock.Clock
  readonly onRefused: (reason: string) => void
}

const nothingToFollow = (): Effect.Effect<void> => Effect.void

/** The rules at start, who named them, and what keeps them up to date. */
const rulesOf = Effect.fnUntraced(function* ({ sampling, sources }: TracingConfig) {
  const { rules, rulesFile } = sampling
  if (rulesFile !== undefined) {
    return { ...(yield* SamplingRulesFile.read(rulesFile)), from: SettingTable.table.samplingRulesFile.key }
  }
  return { rules, from: sources.samplingRules ?? "default", follow: nothingToFollow }
})

const withRules = Effect.fnUntraced(function* (
  settings: TracingConfig,
  limits: LimitOptions
): Effect.fn.Return<Configured, TracingConfigError, Scope.Scope> {
  const { kind, ratio } = settings.sampler
  const { perTenant, rulesInterval, tenants } = settings.sampling
  const { follow, from, rules } = yield* rulesOf(settings)
  const rate = rates[kind](ratio)
  const over = (rules: Rules.SamplingRules): Sampler =>
    rules.length === 0 ? rate : Samplers.explained(Samplers.rules(rules, rate, limits))
  const ruled = Samplers.replaceable(over(rules))
  const root =
    perTenant === undefined
      ? ruled
      : Samplers.perTenant(ruled, { ...limits, tracesPerSecond: perTenant, maxTenants: tenants })
  const handle = yield* LiveRules.make(rules, from, (next) => ruled.replace(over(next)))
  const alone = yield* Delivery.alone
  yield* Effect.forkScoped(alone(follow(handle, rulesInterval)))
  return { sampler: around(kind, root), rules: handle }
})

/** Makes the sampler, or takes the one that is given instead of rules and rate; the cap holds for both. */
export const make = Effect.fnUntraced(function* (
  settings: TracingConfig,
  books: SpanBooks.SpanBooks,
  own: Sampler | undefined
): Effect.fn.Return<Configured, TracingConfigError, Scope.Scope> {
  const clock = yield* Clock.Clock
  const limits: LimitOptions = { clock, onRefused: (reason) => SpanBooks.refuse(books, reason) }
  const { rules, sampler } = own === undefined ? yield* withRules(settings, limits) : { rules: undefined, sampler: own }
  const { maxSpansPerSecond } = settings
  const capped =
    maxSpansPerSecond === undefined
      ? sampler
      : Samplers.rateLimited(sampler, { ...limits, spansPerSecond: maxSpansPerSecond })
  return { sampler: new Tally(capped, books), rules }
})
