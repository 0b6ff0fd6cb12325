/**
 * Reads spans back from the disk, a segment at a time, without holding anybody up.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "node:fs/promises"
import type { SpoolRecord } from "./SpoolRecord.ts"
import { extension, type SpoolSegment } from "./SpoolSegment.ts"

/** What was read of a segment and has not been taken. */
export interface SpoolPage {
  readonly segment: SpoolSegment
  /** The next one last. */
  readonly records: Array<SpoolRecord>
  /** How many of its spans were not found. */
  readonly missing: number
}

const bytesOf = async (file: string, from: number, to: number): Promise<Buffer> => {
  await using handle = await FileSystem.open(file, "r")
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(to - from), 0, to - from, from)
  return buffer.subarray(0, bytesRead)
}

/** Reads what of a segment has not been read; `undefined` when that cannot be done now. */
export const read = (segment: SpoolSegment): Effect.Effect<SpoolPage | undefined> =>
  Effect.suspend(() => {
    // It may grow meanwhile
    const { next, path, readAt, size, unread } = segment
    return Effect.tryPromise({
      try: () => bytesOf(path + extension, readAt, size),
      catch: (error) => error
    }).pipe(
      Effect.catchIf(
        // Somebody has deleted it
        (error) => Reflect.get(Object(error), "code") === "ENOENT",
        () => Effect.succeed(Buffer.alloc(0))
      ),
      Effect.map((bytes) => {
        const records = segment.read(bytes)
        segment.readAt = size
        segment.readIndex = next
        return { segment, records: records.reverse(), missing: unread - records.length }
      }),
      Effect.orElseSucceed(() => undefined)
    )
  })
