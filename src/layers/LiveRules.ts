/**
 * The sampling rules of one tracing layer: what holds, and how it is replaced.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Rules from "../sampling/SamplingRules.ts"
import { TracingConfigError } from "./TracingConfigError.ts"

/** What holds, since when, and who said so. */
export interface RulesState {
  readonly rules: Rules.SamplingRules
  /** The variable that they stand in or that names their file, or `code`. */
  readonly from: string
  readonly since: DateTime.Utc
  /** Why a later version was not taken, as long as there is no better one. */
  readonly refused?: string
}

/** The rules of one tracing layer. */
export interface LiveRules {
  readonly current: Effect.Effect<RulesState>
  /** Other rules from now on. Those that are not usable change nothing. */
  readonly replace: (rules: unknown, from?: string) => Effect.Effect<void, TracingConfigError>
  /** Notes that a later version was not taken. */
  readonly refuse: (why: string) => Effect.Effect<void>
}

/** What is wrong with rules, as an error that names each place: `rules[2].action.ratio`. */
export const error = (key: string, problems: ReadonlyArray<Rules.RulesProblem>): TracingConfigError =>
  new TracingConfigError(problems.map(({ at, rule, value }) => ({ key: key + at, rule, value })))

/** Makes the rules of a layer; `apply` is what others mean to the sampler. */
export const make = (
  rules: Rules.SamplingRules,
  from: string,
  apply: (rules: Rules.SamplingRules) => Effect.Effect<void>
): Effect.Effect<LiveRules> =>
  Effect.map(DateTime.now, (since) => {
    let state: RulesState = { rules, from, since }
    return {
      current: Effect.sync(() => state),
      replace: Effect.fnUntraced(function* (given, from = "code") {
        const rules = yield* Effect.fromResult(
          Result.mapError(Rules.fromUnknown(given), (problems) => error("rules", problems))
        )
        yield* apply(rules)
        state = { rules, from, since: yield* DateTime.now }
      }),
      refuse: (refused) =>
        Effect.sync(() => {
          state = { ...state, refused }
        })
    }
  })
