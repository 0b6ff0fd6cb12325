/**
 * The spool, looked at and not touched: whether it can be used, what waits in it, and whether there is room.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as fs from "node:fs"
import * as path from "node:path"
import * as SpoolAccess from "../../pipeline/SpoolAccess.ts"
import * as SpoolFiles from "../../pipeline/SpoolFiles.ts"
import * as SpoolInventory from "../../pipeline/SpoolInventory.ts"
import * as TextTable from "../TextTable.ts"
import type { Check, Finding } from "./Check.ts"
import type { Setup } from "./Setup.ts"

type Settings = NonNullable<Setup["settings"]["spool"]>

/** Makes nothing. */
const looking: SpoolFiles.SpoolFiles = { ...SpoolFiles.node, mkdirSync: () => undefined }

const key = "TRACING_SPOOL_DIR"

const existing = (folder: string): string =>
  fs.existsSync(folder) || path.dirname(folder) === folder ? folder : existing(path.dirname(folder))

const missing = (directory: string): Finding => {
  const above = existing(directory)
  const writable = Result.isSuccess(Result.try(() => fs.accessSync(above, fs.constants.W_OK | fs.constants.X_OK)))
  const found = { check: "spool.folder", tried: `to look at ${directory}`, seen: `it is not there; ${above} is` }
  return writable
    ? { ...found, severity: "ok", summary: "The folder of the spool will be made when the program starts" }
    : {
        ...found,
        severity: "problem",
        summary: `The folder of the spool is not there, and cannot be made`,
        advice: `Make it for the user of the program (chmod 700), or name another with ${key}. The program does not start like this.`
      }
}

const access = (directory: string): Effect.Effect<Finding> =>
  Effect.match(SpoolAccess.check(directory, looking), {
    onSuccess: (): Finding => ({
      check: "spool.folder",
      severity: "ok",
      summary: "The folder of the spool can be used",
      tried: `to look at ${directory}`,
      seen: "it belongs to this user, who can write to it"
    }),
    onFailure: ({ found, rule }) => ({
      check: "spool.folder",
      severity: "problem",
      summary: `The folder of the spool cannot be used by this user`,
      tried: `to look at ${directory}`,
      seen: found,
      advice: `It must be ${rule}. The program does not start like this.`
    })
  })

/** Files that nobody takes over at the next start. */
const strange = (files: ReadonlyArray<SpoolInventory.SpoolFile>): ReadonlyArray<Finding> =>
  files.some(({ kind }) => kind === "locked")
    ? [
        {
          check: "spool.key",
          severity: "warning",
          summary: "Spans in the spool are encrypted with another key, so nobody delivers them",
          tried: "to read the heads of its files with TRACING_SPOOL_KEY",
          seen: TextTable.counted(files.filter(({ kind }) => kind === "locked").length, "file") + " of another key",
          advice:
            "Set TRACING_SPOOL_KEY to the key they were written with and run gorax-tracing spool drain, or leave them until they are too old."
        }
      ]
    : []

const waiting = Effect.fnUntraced(function* ({ key, directory }: Settings): Effect.fn.Return<ReadonlyArray<Finding>> {
  const now = yield* Clock.currentTimeMillis
  const holdings = yield* SpoolInventory.read(directory, key && Redacted.value(key), now)
  const left = holdings.filter(({ owner }) => !owner.alive).flatMap(({ files }) => files)
  const all = holdings.flatMap(({ files }) => files)
  const spans = (files: ReadonlyArray<SpoolInventory.SpoolFile>) => files.reduce((sum, file) => sum + file.waiting, 0)
  const oldest = Math.min(now, ...all.filter((file) => file.waiting > 0).map(({ modified }) => modified))
  const found = {
    check: "spool.waiting",
    tried: `to count what waits in ${directory}`,
    seen: `${TextTable.counted(spans(all), "span")} in ${TextTable.counted(all.length, "file")}; ${TextTable.counted(spans(left), "span")} of processes that are gone; the oldest was written ${Duration.format(Duration.seconds(Math.round((now - oldest) / 1000)))} ago`
  }
  if (spans(left) > 0) {
    return [
      {
        ...found,
        severity: "warning",
        summary: `In the spool ${spans(left) === 1 ? "waits" : "wait"} ${TextTable.counted(spans(left), "span")} of processes that are gone`,
        advice: "The next start of a program with this folder delivers them; so does gorax-tracing spool drain."
      },
      ...strange(all)
    ]
  }
  const isBehind = now - oldest > 60_000
  return [
    isBehind
      ? {
          ...found,
          severity: "warning",
          summary: "Spans wait in the spool for more than a minute: what should take them does not",
          advice: "See what is said of the destination; the health of the program says more (docs/health.md)."
        }
      : {
          ...found,
          severity: "ok",
          summary: `${TextTable.counted(spans(all), "span")} in the spool, all of living processes`
        },
    ...strange(all)
  ]
})

/** Beyond this there is not much left to do. Bytes. */
const little = 64 * 1024 * 1024

const room = ({ directory, maxBytes }: Settings): ReadonlyArray<Finding> =>
  Option.match(Option.liftThrowable(() => fs.statfsSync(existing(directory)))(), {
    onNone: () => [],
    onSome: ({ bavail, bsize }) => {
      const free = bavail * bsize
      const found = {
        check: "spool.room",
        tried: "to find how much room its disk has",
        seen: `${TextTable.count(Math.floor(free / 1e6))} MB are free, and TRACING_SPOOL_MAX_BYTES allows ${TextTable.count(Math.floor(maxBytes / 1e6))} MB for each process`
      }
      return free >= maxBytes
        ? [{ ...found, severity: "ok", summary: "There is room for the spool" }]
        : [
            {
              ...found,
              severity: free < little ? ("warning" as const) : ("note" as const),
              summary: "The disk is full before the spool is",
              advice: "Make room, or lower TRACING_SPOOL_MAX_BYTES: what does not fit is delivered from memory alone."
            }
          ]
    }
  })

/** Nothing where there is no spool. */
export const check = ({ settings: { spool } }: Setup): Check => ({
  name: "spool",
  run: Effect.gen(function* () {
    if (spool === undefined) return []
    const settings = { ...spool, directory: path.resolve(spool.directory) }
    if (!fs.existsSync(settings.directory)) return [missing(settings.directory), ...room(settings)]
    const usable = yield* access(settings.directory)
    return [usable, ...(yield* waiting(settings)), ...room(settings)]
  })
})
