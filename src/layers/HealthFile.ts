/**
 * The health of a process as a file beside its spool, for tools that come when it is gone.
 *
 * `<TRACING_SPOOL_DIR>.health/<process>.json`, readable by its owner alone,
 * written at most every ten seconds and only when something has changed, and
 * at the end if there is something to tell. Replaced in one step. What cannot
 * be written is left out: health is no reason for anything to fail.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as FileSystem from "node:fs/promises"
import * as path from "node:path"
import * as SpoolAccess from "../pipeline/SpoolAccess.ts"
import * as SpoolFiles from "../pipeline/SpoolFiles.ts"
import { HealthSnapshot } from "./HealthSnapshot.ts"
import type { TracingConfig } from "./TracingConfig.ts"

const interval = "10 seconds"

/** Of processes that are gone so many are kept. */
const mostFiles = 32

/** Where the processes that share a spool leave their health. */
export const folderOf = (spool: string): string => `${path.resolve(spool)}.health`

const toJson = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(HealthSnapshot)))

/** What has to be told even when nobody asks any more. */
const tells = ({ books, leftOut, status }: HealthSnapshot): boolean =>
  status !== "healthy" || leftOut.length > 0 || books.inFlight.onDisk > 0

const attempt = <A>(action: () => Promise<A>) => Effect.tryPromise({ try: action, catch: (error) => error })

const quietly = (action: () => Promise<unknown>): Effect.Effect<void> => Effect.ignore(attempt(action))

/** Lets the oldest go where there are too many. */
const prune = Effect.fnUntraced(function* (folder: string) {
  const names = (yield* attempt(() => FileSystem.readdir(folder))).filter((name) => name.endsWith(".json"))
  if (names.length <= mostFiles) return
  const files = yield* Effect.forEach(names, (name) => {
    const file = path.join(folder, name)
    return Effect.map(
      attempt(() => FileSystem.stat(file)),
      ({ mtimeMs }) => ({ file, mtimeMs })
    )
  })
  files.sort((a, b) => b.mtimeMs - a.mtimeMs)
  yield* Effect.forEach(files.slice(mostFiles), ({ file }) => quietly(() => FileSystem.unlink(file)), { discard: true })
})

/** In a folder that is ours alone, under a name that nobody has put there: what is written leads nowhere else. */
const replace = Effect.fnUntraced(
  function* (folder: string, file: string, text: string) {
    const next = `${file}.new`
    yield* SpoolAccess.check(folder, SpoolFiles.node)
    yield* quietly(() => FileSystem.unlink(next))
    yield* attempt(() => FileSystem.writeFile(next, text, { flag: "wx", mode: SpoolFiles.fileMode }))
    yield* attempt(() => FileSystem.rename(next, file))
    yield* prune(folder)
  },
  (effect) => Effect.ignore(effect)
)

const remove = (folder: string, file: string): Effect.Effect<void> =>
  Effect.andThen(
    quietly(() => FileSystem.unlink(file)),
    // Somebody else's may be there
    quietly(() => FileSystem.rmdir(folder))
  )

export interface HealthFile {
  /** Writes what this says from now on, and once more when the scope that the file was made in closes. */
  readonly follow: (snapshot: Effect.Effect<HealthSnapshot>) => Effect.Effect<void, never, Scope.Scope>
}

/** Nothing at all where there is no spool. `alone` keeps the process from staying for what it wraps. */
export const make = Effect.fnUntraced(function* (
  { spool }: Pick<TracingConfig, "spool">,
  alone: <A>(effect: Effect.Effect<A>) => Effect.Effect<A>
): Effect.fn.Return<HealthFile, never, Scope.Scope> {
  if (spool === undefined) return { follow: () => Effect.void }
  const folder = folderOf(spool.directory)
  const file = path.join(folder, `${process.pid}.json`)
  let last = ""
  let latest: Effect.Effect<HealthSnapshot> | undefined
  const write = Effect.fnUntraced(function* (snapshot: HealthSnapshot) {
    const { at: _, ...said } = snapshot
    const text = JSON.stringify(said)
    if (text === last) return
    last = text
    yield* replace(folder, file, toJson(snapshot))
  })
  yield* Effect.addFinalizer(() =>
    latest === undefined
      ? Effect.void
      : Effect.flatMap(latest, (snapshot) => (tells(snapshot) ? write(snapshot) : remove(folder, file)))
  )
  return {
    follow: (snapshot) =>
      Effect.suspend(() => {
        latest = snapshot
        const next = Effect.andThen(Effect.sleep(interval), Effect.flatMap(snapshot, write))
        return Effect.asVoid(Effect.forkScoped(alone(Effect.forever(next))))
      })
  }
})
