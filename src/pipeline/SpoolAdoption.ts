/**
 * Reads what another process left in its folder, when it is ours.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "node:fs/promises"
import * as path from "node:path"
import type { SpoolFiles } from "./SpoolFiles.ts"
import * as SpoolHeader from "./SpoolHeader.ts"
import { acksExtension, extension, SpoolSegment } from "./SpoolSegment.ts"

export interface SpoolAdoption {
  /** In the order in which they were written. */
  readonly segments: ReadonlyArray<SpoolSegment>
  /** How many records are lost. */
  readonly damaged: number
}

const bytesOf = (file: string) => Effect.result(Effect.tryPromise(() => FileSystem.readFile(file)))
const nothing = Buffer.alloc(0)

const unlink = (file: string) => Effect.ignore(Effect.tryPromise(() => FileSystem.unlink(file)))

const namesIn = (folder: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.tryPromise(() => FileSystem.readdir(folder)).pipe(
    Effect.map((names) => names.sort()),
    Effect.orElseSucceed(() => [])
  )

/** Reads a folder file by file, giving way in between. What is of no use to anybody is deleted. */
export const read = Effect.fnUntraced(function* (
  folder: string,
  files: SpoolFiles,
  key: Uint8Array | undefined
): Effect.fn.Return<SpoolAdoption> {
  const names = yield* namesIn(folder)
  const segments: Array<SpoolSegment> = []
  let lost = 0
  for (const name of names) {
    const base = path.join(folder, path.parse(name).name)
    if (name.endsWith(acksExtension)) {
      // The spans went first
      if (!names.includes(path.basename(base) + extension)) yield* unlink(base + acksExtension)
      continue
    }
    if (!name.endsWith(extension)) continue
    const spans = yield* bytesOf(base + extension)
    const acks = yield* bytesOf(base + acksExtension)
    // What cannot be read now may be read by whoever tries next
    if (spans._tag === "Failure" || SpoolHeader.isForeign(spans.success)) continue
    const found = SpoolSegment.adopt(files, base, spans.success, acks._tag === "Success" ? acks.success : nothing, key)
    if (found !== undefined && !found.segment.isDone) segments.push(found.segment)
    else if (found !== undefined) found.segment.remove()
    // A process that was killed while it began a segment has lost nothing
    else yield* unlink(base + extension)
    lost += found?.damaged ?? (spans.success.length > 0 ? 1 : 0)
    yield* Effect.yieldNow
  }
  return { segments, damaged: lost }
})
