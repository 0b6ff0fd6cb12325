/**
 * Whether a folder may hold a spool: what is written there says what programs do, and what is read there is believed.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fs from "node:fs"
import { SpoolError } from "./SpoolError.ts"
import { directoryMode, type SpoolFiles } from "./SpoolFiles.ts"

/** A disk in trouble is no mistake of whoever wrote the setting: it may get better. */
const troubles = ["ENOSPC", "EDQUOT", "EROFS", "EIO"]

export const codeOf = (error: unknown): string => String(Reflect.get(Object(error), "code") ?? error)

/** Writable by the group or by everybody. */
const writableByOthers = 0o022

/** Fails unless this folder is ours alone. Makes it where there is none; one in trouble is left for later. */
export const check = (directory: string, files: SpoolFiles): Effect.Effect<void, SpoolError> =>
  Effect.suspend(() => {
    const fail = (reason: SpoolError["reason"], rule: string, found: string) =>
      Effect.fail(new SpoolError({ reason, directory, rule, found }))
    const made = Result.try(() => {
      files.mkdirSync(directory, { recursive: true, mode: directoryMode })
      fs.accessSync(directory, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK)
      return fs.statSync(directory)
    })
    if (Result.isFailure(made)) {
      const code = codeOf(made.failure)
      return troubles.includes(code)
        ? Effect.void
        : fail("NotUsable", "a folder that this process can make, read and write", code)
    }
    const { mode, uid } = made.success
    // Windows knows neither
    if (process.getuid === undefined) return Effect.void
    if (uid !== process.getuid()) {
      return fail("NotOwned", "owned by the user of this process", `owned by user ${uid}, this is ${process.getuid()}`)
    }
    if ((mode & writableByOthers) !== 0) {
      return fail("OpenToOthers", "writable by nobody else (chmod 700)", `its mode is ${(mode & 0o777).toString(8)}`)
    }
    return Effect.void
  })
