/**
 * Sees to it that the disk itself has what was written, from time to time and on nobody's time.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "node:fs/promises"
import * as path from "node:path"
import { extension, type SpoolSegment } from "./SpoolSegment.ts"

const synced = (name: string): Effect.Effect<void> =>
  Effect.ignore(
    Effect.tryPromise(async () => {
      await using handle = await FileSystem.open(name, "r")
      await handle.sync()
    })
  )

export class SpoolSync {
  readonly #written = new Set<SpoolSegment>()

  /** Something was written to this one. */
  add(segment: SpoolSegment): void {
    this.#written.add(segment)
  }

  /** Waits until the disk has it: the files, and then their names. Systems that cannot do the latter need it not. */
  readonly run: Effect.Effect<void> = Effect.suspend(() => {
    const files = [...this.#written].filter(({ removed }) => !removed).map(({ path }) => path + extension)
    this.#written.clear()
    const folders = new Set(files.map((file) => path.dirname(file)))
    return Effect.forEach([...files, ...folders], synced, { discard: true })
  })
}
