/**
 * The folder that several processes keep their spans in, each in a folder of its own.
 *
 * A folder's name says when it began and whose it is; to take it over is to
 * rename it, which succeeds for exactly one. It is made when there is
 * something to put into it, and gone when there is not.
 */
import * as Result from "effect/Result"
import * as fs from "node:fs"
import { directoryMode, type SpoolFiles } from "./SpoolFiles.ts"
import * as SpoolFolder from "./SpoolFolder.ts"
import * as SpoolOwner from "./SpoolOwner.ts"

export class SpoolDirectory {
  readonly #directory: string
  readonly #owner = SpoolOwner.make()
  readonly #files: SpoolFiles
  /** Beginnings of the names of the folders that are ours. */
  readonly #held = new Set<string>()
  /** Our own folder; another one when the last was not ours any more. */
  #own: string | undefined

  constructor(directory: string, files: SpoolFiles) {
    this.#directory = directory
    this.#files = files
  }

  #path(born: string, owner = this.#owner): string {
    return SpoolFolder.pathOf(this.#directory, born, owner)
  }

  /** A folder of this process, which is there; throws what the file system says. */
  own(now: number): string {
    if (this.#own === undefined || !fs.existsSync(this.#path(this.#own))) {
      this.#own = SpoolFolder.birth(now)
      this.#files.mkdirSync(this.#path(this.#own), { recursive: true, mode: directoryMode })
      this.#held.add(this.#own)
    }
    return this.#path(this.#own)
  }

  /** Takes over the folders of processes that are gone, the oldest first. */
  adopt(now: number): ReadonlyArray<string> {
    const others = SpoolFolder.list(this.#directory).filter(({ owner }) => owner !== this.#owner)
    return others.flatMap(({ born, owner, path }) => {
      const adopted = Result.try(() => {
        const { mtimeMs, uid } = fs.lstatSync(path)
        if (uid !== (process.getuid?.() ?? uid) || SpoolOwner.isAlive(owner, now - mtimeMs)) return []
        // Of all who try, the first succeeds
        fs.renameSync(path, this.#path(born))
        this.#held.add(born)
        return [this.#path(born)]
      })
      return Result.getOrElse(adopted, () => [])
    })
  }

  /** A sign of life for those who cannot see this process. */
  beat(now: number): void {
    for (const born of this.#held) Result.try(() => fs.utimesSync(this.#path(born), now / 1000, now / 1000))
  }

  /** Deletes folders with nothing in them. */
  tidy(): void {
    for (const born of this.#held) {
      if (Result.isFailure(Result.try(() => fs.rmdirSync(this.#path(born))))) continue
      this.#held.delete(born)
      if (born === this.#own) this.#own = undefined
    }
  }

  /** Leaves what is there to whoever comes next. */
  release(): void {
    this.tidy()
    for (const born of this.#held) {
      Result.try(() => fs.renameSync(this.#path(born), this.#path(born, SpoolOwner.nobody)))
    }
    this.#held.clear()
    this.#own = undefined
  }
}
