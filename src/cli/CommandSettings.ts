/**
 * The settings of a command: those of the program, from the same variables, and flags that win over them.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import type * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Flag from "effect/cli/Flag"
import * as SettingRule from "../layers/SettingRule.ts"
import * as TracingConfig from "../layers/TracingConfig.ts"
import { CommandFailure } from "./CommandFailure.ts"

/** A flag that stands for a variable, with what that says when it is left out. */
export const variable = (name: string, key: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(Flag.withDescription(`${description} (${key})`), Flag.optional)

/** A flag that is a span of time, written as in settings: `500`, `"30 seconds"`. */
export const duration = (name: string): Flag.Flag<Duration.Duration> =>
  Flag.String(name).pipe(
    Flag.filterMap(
      (text) => Option.fromUndefinedOr(SettingRule.delay.parse(text)),
      () => SettingRule.delay.expects
    )
  )

/** Variables that flags have set, by their names. */
export type Overrides = Readonly<Record<string, Option.Option<string>>>

/**
 * Reads all settings, and judges them as a program does that has tracing on; so what a command finds to be right, a
 * program finds to be right.
 */
export const read = Effect.fnUntraced(function* (
  overrides: Overrides
): Effect.fn.Return<TracingConfig.TracingConfig, CommandFailure> {
  const said = Object.entries(overrides).flatMap(([key, value]) => (Option.isSome(value) ? [[key, value.value]] : []))
  const flags = ConfigProvider.fromUnknown({ TRACING_ENABLED: "true", ...Object.fromEntries(said) })
  const provider = ConfigProvider.orElse(flags, yield* ConfigProvider.ConfigProvider)
  return yield* TracingConfig.config.parse(provider).pipe(Effect.mapError(refused))
})

/** A setting that is not usable, as a command says so. */
export const refused = (error: Config.ConfigError): CommandFailure =>
  new CommandFailure({ reason: "Refused", message: error.message })
