/**
 * Deletes spans that processes which are gone have left, undelivered.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "node:fs/promises"
import { SpoolDirectory } from "./SpoolDirectory.ts"
import * as SpoolFiles from "./SpoolFiles.ts"
import * as SpoolInventory from "./SpoolInventory.ts"
import { acksExtension, extension } from "./SpoolSegment.ts"

/** True for a file whose youngest span is as old as that. */
export const isOlder = (file: SpoolInventory.SpoolFile, than: Duration.Duration, now: number): boolean =>
  now - file.modified >= Duration.toMillis(than)

const unlink = (file: string) => Effect.ignore(Effect.tryPromise(() => FileSystem.unlink(file)))

/**
 * Deletes the files that are older, and answers which. Takes folders over first, as who delivers them does, so that of
 * what is deleted nothing is being delivered; what it leaves is nobody's again.
 */
export const run = (
  directory: string,
  olderThan: Duration.Duration,
  key: Uint8Array | undefined
): Effect.Effect<ReadonlyArray<SpoolInventory.SpoolFile>> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new SpoolDirectory(directory, SpoolFiles.node)),
    Effect.fnUntraced(function* (held) {
      const now = yield* Clock.currentTimeMillis
      const files = yield* Effect.forEach(held.adopt(now), (folder) => SpoolInventory.filesIn(folder, key))
      const removed = files.flat().filter((file) => isOlder(file, olderThan, now))
      for (const { path } of removed) {
        // The spans first: without them the notes say nothing
        yield* unlink(path + extension)
        yield* unlink(path + acksExtension)
      }
      return removed
    }),
    (held) => Effect.sync(() => held.release())
  )
