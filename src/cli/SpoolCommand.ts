/**
 * `gorax-tracing spool`: spans that wait on disk.
 */
import * as Command from "effect/cli/Command"
import * as SpoolDrainCommand from "./SpoolDrainCommand.ts"
import * as SpoolListCommand from "./SpoolListCommand.ts"
import * as SpoolRemoveCommand from "./SpoolRemoveCommand.ts"

export const command = Command.make("spool").pipe(
  Command.withDescription("Spans that wait on disk (TRACING_SPOOL_DIR)"),
  Command.withSubcommands([SpoolListCommand.command, SpoolDrainCommand.command, SpoolRemoveCommand.command])
)
