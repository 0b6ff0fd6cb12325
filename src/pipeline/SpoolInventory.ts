/**
 * What is in a spool, seen from outside: nothing is taken over, changed or deleted.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as FileSystem from "node:fs/promises"
import * as path from "node:path"
import * as SpoolFiles from "./SpoolFiles.ts"
import * as SpoolFolder from "./SpoolFolder.ts"
import * as SpoolHeader from "./SpoolHeader.ts"
import * as SpoolOwner from "./SpoolOwner.ts"
import { acksExtension, extension, SpoolSegment } from "./SpoolSegment.ts"

/** One file of spans, and the notes beside it. */
export interface SpoolFile {
  /** Without its extension. */
  readonly path: string
  /** What both take. */
  readonly bytes: number
  /** Records that are whole, and how many of these have not arrived. */
  readonly records: number
  readonly waiting: number
  /** How many are known to be lost. */
  readonly damaged: number
  /** `locked` was written with another key, `unknown` by another version, `unreadable` is no file of spans. */
  readonly kind: "plain" | "encrypted" | "locked" | "unknown" | "unreadable"
  /** When it was written last; milliseconds since the epoch. */
  readonly modified: number
}

/** What one process has there. */
export interface SpoolHolding {
  readonly path: string
  /** When its folder was made; milliseconds since the epoch. */
  readonly begun: number
  readonly owner: SpoolOwner.SpoolOwner
  readonly files: ReadonlyArray<SpoolFile>
}

const bytesOf = (file: string): Effect.Effect<Option.Option<Buffer>> =>
  Effect.option(Effect.tryPromise(() => FileSystem.readFile(file)))

const statusOf = (file: string) => Effect.option(Effect.tryPromise(() => FileSystem.stat(file)))

const nothing = Buffer.alloc(0)

const judge = (
  base: string,
  spans: Buffer,
  acks: Buffer,
  key: Uint8Array | undefined
): Omit<SpoolFile, "modified" | "path" | "bytes"> => {
  const none = { records: 0, waiting: 0, damaged: 0 }
  if (SpoolHeader.isForeign(spans)) return { ...none, kind: "unknown" }
  const found = SpoolSegment.adopt(SpoolFiles.node, base, spans, acks, key)
  if (found === undefined) return { ...none, damaged: spans.length > 0 ? 1 : 0, kind: "unreadable" }
  const { cipher } = found.segment.header
  return {
    records: found.records,
    waiting: found.segment.unread,
    damaged: found.damaged,
    kind: cipher === "none" ? "plain" : cipher === "locked" ? "locked" : "encrypted"
  }
}

/** Reads one file; nothing when its process has just deleted it. */
const fileAt = Effect.fnUntraced(function* (base: string, key: Uint8Array | undefined) {
  const status = yield* statusOf(base + extension)
  const spans = yield* bytesOf(base + extension)
  const acks = Option.getOrElse(yield* bytesOf(base + acksExtension), () => nothing)
  if (Option.isNone(status) || Option.isNone(spans)) return []
  const bytes = spans.value.length + acks.length
  const file: SpoolFile = {
    path: base,
    bytes,
    modified: status.value.mtimeMs,
    ...judge(base, spans.value, acks, key)
  }
  return [file]
})

/** The files of a folder, in the order in which they were written, one at a time. */
export const filesIn = Effect.fnUntraced(function* (
  folder: string,
  key: Uint8Array | undefined
): Effect.fn.Return<ReadonlyArray<SpoolFile>> {
  const names = yield* Effect.orElseSucceed(
    Effect.tryPromise(() => FileSystem.readdir(folder)),
    () => []
  )
  const bases = names.filter((name) => name.endsWith(extension)).map((name) => name.slice(0, -extension.length))
  const files = yield* Effect.forEach(bases.sort(), (base) => fileAt(path.join(folder, base), key))
  return files.flat()
})

/** Looks at all of a spool, the oldest folder first. With a key it says which files that key opens. */
export const read = (
  directory: string,
  key: Uint8Array | undefined,
  now: number
): Effect.Effect<ReadonlyArray<SpoolHolding>> =>
  Effect.forEach(SpoolFolder.list(directory), (folder) =>
    Effect.gen(function* () {
      const status = yield* statusOf(folder.path)
      // Taken over or deleted meanwhile
      if (Option.isNone(status)) return []
      const owner = SpoolOwner.see(folder.owner, now - status.value.mtimeMs)
      const files = yield* filesIn(folder.path, key)
      const holding: SpoolHolding = { path: folder.path, begun: SpoolFolder.begun(folder), owner, files }
      return [holding]
    })
  ).pipe(Effect.map((holdings) => holdings.flat()))
