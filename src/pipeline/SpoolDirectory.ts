/**
 * The folder that several processes keep their spans in, each in a folder of its own.
 *
 * A folder's name says when it began and whose it is; to take it over is to
 * rename it, which succeeds for exactly one. It is made when there is
 * something to put into it, and gone when there is not.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { directoryMode, type SpoolFiles } from "./SpoolFiles.ts"
import * as SpoolOwner from "./SpoolOwner.ts"

/** The folder may not be used. */
export class SpoolError extends Schema.TaggedError<SpoolError>()("SpoolError", {
  reason: Schema.Literals(["NotUsable", "NotOwned", "OpenToOthers"]),
  directory: Schema.String,
  /** What it must be. Completes the sentence "the folder must be …". */
  rule: Schema.String,
  /** What it is instead. */
  found: Schema.String
}) {
  override get message(): string {
    return `${this.reason}: ${this.directory} must be ${this.rule}; ${this.found}`
  }
}

/** A disk in trouble is no mistake of whoever wrote the setting: it may get better. */
const troubles = ["ENOSPC", "EDQUOT", "EROFS", "EIO"]

export const codeOf = (error: unknown): string => String(Reflect.get(Object(error), "code") ?? error)

/** Writable by the group or by everybody. */
const writableByOthers = 0o022

/** Fails unless this folder is ours alone. Makes it where there is none, and one in trouble is left for later. */
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
    return path.join(this.#directory, `${born}.${owner}`)
  }

  /** A folder of this process, which is there; throws what the file system says. */
  own(now: number): string {
    if (this.#own === undefined || !fs.existsSync(this.#path(this.#own))) {
      this.#own = `${now.toString(36).padStart(9, "0")}-${randomBytes(3).toString("hex")}`
      this.#files.mkdirSync(this.#path(this.#own), { recursive: true, mode: directoryMode })
      this.#held.add(this.#own)
    }
    return this.#path(this.#own)
  }

  /** Takes over the folders of processes that are gone, the oldest first. */
  adopt(now: number): ReadonlyArray<string> {
    return this.#others().flatMap(({ born, name, owner }) => {
      const adopted = Result.try(() => {
        const from = path.join(this.#directory, name)
        const { mtimeMs, uid } = fs.lstatSync(from)
        if (uid !== (process.getuid?.() ?? uid) || SpoolOwner.isAlive(owner, now - mtimeMs)) return []
        // Of all who try, the first succeeds
        fs.renameSync(from, this.#path(born))
        this.#held.add(born)
        return [this.#path(born)]
      })
      return Result.getOrElse(adopted, () => [])
    })
  }

  #others() {
    const entries = Result.getOrElse(
      Result.try(() => fs.readdirSync(this.#directory, { withFileTypes: true })),
      () => []
    )
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ name, born: name.slice(0, name.indexOf(".")), owner: name.slice(name.indexOf(".") + 1) }))
      .filter(({ born, owner }) => /^[0-9a-z]+-[0-9a-f]{6}$/.test(born) && owner !== this.#owner)
      .sort((a, b) => (a.born < b.born ? -1 : 1))
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
