/**
 * The sampling rules that hold, and others in their place while the program runs.
 *
 * ```ts
 * yield* SamplingRules.replace([{ name: "acme", match: { tenant: "acme" }, action: "keep" }])
 * ```
 *
 * @see docs/sampling.md
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SamplingRule } from "../sampling/SamplingRule.ts"
import * as LiveRules from "./LiveRules.ts"
import type { TracingConfigError } from "./TracingConfigError.ts"

export type { SamplingRule } from "../sampling/SamplingRule.ts"
export type { RulesState } from "./LiveRules.ts"

/** The rules of the tracing layer that is provided; of none, where its sampler knows no rules. */
export const SamplingRules = Context.Reference<LiveRules.LiveRules | undefined>("@gorax/tracing/layers/SamplingRules", {
  defaultValue: () => undefined
})

const none = LiveRules.error("rules", [
  {
    at: "",
    rule: "replaced below a tracing layer that is on and has no sampler of your own",
    value: "replaced where there is none"
  }
])

/**
 * Other rules from now on, in place of all that hold. Traces that have begun keep their decision, and no span is lost;
 * limits begin anew. Rules that are not usable change nothing, and the error names each of them.
 */
export const replace = (rules: ReadonlyArray<SamplingRule>): Effect.Effect<void, TracingConfigError> =>
  Effect.flatMap(SamplingRules, (live) => live?.replace(rules) ?? Effect.fail(none))

/** The rules that hold; `undefined` where the tracing layer is off, or its sampler is one of your own. */
export const current: Effect.Effect<LiveRules.RulesState | undefined> = Effect.flatMap(
  SamplingRules,
  (live) => live?.current ?? Effect.succeed(undefined)
)
