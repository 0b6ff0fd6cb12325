/**
 * A command that did not do all it was asked to: says what to do next, and with which code the process exits.
 */
import * as CliError from "effect/cli/CliError"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"

/**
 * What an exit code means, the same for every command: `Refused` is what was typed or set, and nothing was done;
 * `Left` is that some of it remains to be done, so that the same command may be run again; `Lost` that it never will be.
 */
const codes = { Refused: 1, Left: 2, Lost: 3 }

export class CommandFailure extends Schema.TaggedError<CommandFailure>()("CommandFailure", {
  reason: Schema.Literals(["Refused", "Left", "Lost"]),
  /** One sentence or more; shown as it is. */
  message: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = codes[this.reason]
  /** Shown by the command line itself. */
  override readonly [Runtime.errorReported] = false
  override readonly [CliError.userMessage] = this.message
}
