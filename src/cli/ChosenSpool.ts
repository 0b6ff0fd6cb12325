/**
 * Which spool a command is about: that of the settings, or of a flag.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import type { TracingConfig } from "../layers/TracingConfig.ts"
import * as SpoolInventory from "../pipeline/SpoolInventory.ts"
import { CommandFailure } from "./CommandFailure.ts"
import * as CommandSettings from "./CommandSettings.ts"

export const directory = CommandSettings.variable("dir", "TRACING_SPOOL_DIR", "The folder of the spool")

export interface ChosenSpool {
  readonly settings: TracingConfig
  readonly spool: NonNullable<TracingConfig["spool"]>
  /** What its files are encrypted with; shown to nobody. */
  readonly key: Uint8Array | undefined
}

/** Where the spool is; refuses to guess. */
export const find = Effect.fnUntraced(function* (
  directory: Option.Option<string>,
  overrides: CommandSettings.Overrides = {}
): Effect.fn.Return<ChosenSpool, CommandFailure> {
  const settings = yield* CommandSettings.read({ TRACING_SPOOL_DIR: directory, ...overrides })
  if (settings.spool === undefined) {
    return yield* new CommandFailure({
      reason: "Refused",
      message: "Which spool? Set TRACING_SPOOL_DIR as the program has it, or name the folder: --dir /var/spool/traces"
    })
  }
  const spool = { ...settings.spool, directory: path.resolve(settings.spool.directory) }
  return { settings, spool, key: spool.key && Redacted.value(spool.key) }
})

/** Looks what is there, and changes nothing. */
export const look = ({ key, spool }: ChosenSpool) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => SpoolInventory.read(spool.directory, key, now))

/** True when its folder is there. Where it is not, nothing has been spooled yet, or its name is wrong. */
export const isThere = ({ spool }: ChosenSpool): boolean => fs.existsSync(spool.directory)

/** What people are told then; it is no failure. */
export const absence = ({ spool }: ChosenSpool): string =>
  `There is no folder ${spool.directory}, so nothing waits there.`
