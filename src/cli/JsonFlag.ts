/**
 * `--json`: what a command has found as one line for programs.
 */
import * as Flag from "effect/cli/Flag"

export const json = Flag.Boolean("json").pipe(
  Flag.withDescription("One line of JSON instead of text"),
  Flag.withDefault(false)
)
