/**
 * All segments of one process: the one that is written to, those that are full, and those it took over.
 *
 * Keeps to its bounds by giving up whole segments, the oldest first.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as path from "node:path"
import * as SpanBooks from "../model/SpanBooks.ts"
import * as SpoolAdoption from "./SpoolAdoption.ts"
import { SpoolDirectory } from "./SpoolDirectory.ts"
import type { SpoolFiles } from "./SpoolFiles.ts"
import type { SpoolPlace } from "./SpoolPlace.ts"
import type { SpoolRange } from "./SpoolRange.ts"
import { SpoolSegment } from "./SpoolSegment.ts"
import { SpoolSync } from "./SpoolSync.ts"

export type SpoolLoss = "spool_full" | "spool_expired" | "spool_damaged"

export interface SpoolStoreOptions {
  readonly directory: string
  /** How many bytes the spans of this process may take on disk. At least four segments. */
  readonly maxBytes: number
  /** How old the youngest span of a segment may become, in milliseconds. */
  readonly maxAge: number
  readonly segmentBytes: number
  /** Whether every write waits for the disk itself, or `sync` is run from time to time. */
  readonly sync: "none" | "interval" | "each"
  readonly key: Uint8Array | undefined
  readonly files: SpoolFiles
  readonly books: SpanBooks.SpanBooks
  /** Told of spans that were given up. */
  readonly lost: (reason: SpoolLoss, count: number) => void
  /** Told why the disk cannot be written to. */
  readonly broken: (error: unknown) => void
}

/** Segments that begin together are in the order of their names. */
const nameOf = (number: number): string => String(number).padStart(10, "0")

export class SpoolStore {
  /** Spans that are on disk alone and were written by this process. */
  ownUnread = 0
  readonly sync = new SpoolSync()
  /** True while the disk takes nothing. */
  isBroken = false
  #bytes = 0
  #now: number
  #active: SpoolSegment | undefined
  #segments = 0
  #closed = false
  readonly #own: Array<SpoolSegment> = []
  readonly #adopted: Array<SpoolSegment> = []
  readonly #directory: SpoolDirectory
  readonly #options: SpoolStoreOptions

  constructor(options: SpoolStoreOptions, now: number) {
    this.#options = options
    this.#now = now
    this.#directory = new SpoolDirectory(options.directory, options.files)
  }

  /** Writes a span, before anything else can happen to it; `undefined` when that could not be done. */
  append(payload: Uint8Array): SpoolPlace | undefined {
    const length = SpoolSegment.sizeOf(payload)
    if (this.isBroken || this.#closed || length > this.#options.segmentBytes) return undefined
    // No Result here: this is what every span waits for
    try {
      let segment = this.#active
      if (segment === undefined || segment.size + length > this.#options.segmentBytes) segment = this.#begin()
      const before = segment.size
      const index = segment.append(payload, this.#options.sync === "each")
      if (this.#options.sync === "interval") this.sync.add(segment)
      this.#bytes += segment.size - before
      if (this.#bytes > this.#options.maxBytes) this.#makeRoom()
      return { segment, index }
    } catch (error) {
      this.#break(error)
      return undefined
    }
  }

  #begin(): SpoolSegment {
    this.#active?.seal(this.#now)
    const { files, key } = this.#options
    const folder = this.#directory.own(this.#now)
    const segment = SpoolSegment.create(files, path.join(folder, nameOf(this.#segments++)), key, this.#now)
    this.#bytes += segment.size
    this.#own.push(segment)
    return (this.#active = segment)
  }

  #break(error: unknown): void {
    this.isBroken = true
    const segment = this.#active
    this.#active = undefined
    segment?.seal(this.#now)
    if (segment?.isDone === true) this.#remove(segment)
    this.#options.broken(error)
  }

  /** Tries whether the disk can be written to again. */
  mend(): boolean {
    if (!this.isBroken || this.#closed) return false
    const begun = Result.try(() => this.#begin())
    this.isBroken = Result.isFailure(begun)
    return !this.isBroken
  }

  /** The span at this place, just written, is in memory as well, and nothing stands before it. */
  hand({ segment }: SpoolPlace): void {
    segment.out++
    segment.readAt = segment.size
    segment.readIndex = segment.next
  }

  /** The span at this place, just written, is nowhere else. */
  leave({ segment }: SpoolPlace): void {
    segment.unread++
    this.ownUnread++
    this.#options.books.onDisk++
  }

  /** A span is nowhere else any more, until it is read by whoever comes after us. */
  abandon({ segment }: SpoolPlace): void {
    segment.out--
    segment.unread++
    if (segment.own) this.ownUnread++
    this.#options.books.onDisk++
  }

  /** A span that was nowhere else has been read: it is in memory as well, or lost. */
  taken(segment: SpoolSegment, lost: boolean): void {
    if (segment.removed) return
    segment.unread--
    this.#options.books.onDisk--
    if (segment.own) this.ownUnread--
    if (lost) this.#options.lost("spool_damaged", 1)
    else segment.out++
    if (segment.isDone) this.#remove(segment)
  }

  /** These spans are done. A segment that has no others is deleted. */
  settle(segment: SpoolSegment, ranges: ReadonlyArray<SpoolRange>): void {
    if (segment.removed) return
    for (const [, count] of ranges) segment.out -= count
    if (segment.isDone) this.#remove(segment)
    else segment.acknowledge(ranges)
  }

  /** The segment whose spans are due next. What was taken over is older, and waits while there is much to do. */
  nextUnread(adoptedToo: boolean): SpoolSegment | undefined {
    const readable = ({ header, unread }: SpoolSegment) => unread > 0 && header.cipher !== "locked"
    return (adoptedToo ? this.#adopted.find(readable) : undefined) ?? this.#own.find(readable)
  }

  /** Spans that wait on disk and can be read. */
  get readable(): number {
    return this.#adopted.reduce(
      (sum, { header, unread }) => (header.cipher === "locked" ? sum : sum + unread),
      this.ownUnread
    )
  }

  /** Takes over what processes that are gone have left, folder by folder; says how many spans can be read, and how many not. */
  adopt(now: number, found: () => void): Effect.Effect<{ readonly adopted: number; readonly locked: number }> {
    const { books, files, key, lost, maxBytes } = this.#options
    let adopted = 0
    let locked = 0
    const add = ({ damaged, segments }: SpoolAdoption.SpoolAdoption): void => {
      books.adopted += damaged
      if (damaged > 0) lost("spool_damaged", damaged)
      for (const segment of segments) {
        this.#adopted.push(segment)
        this.#bytes += segment.size
        books.adopted += segment.unread
        books.onDisk += segment.unread
        if (segment.header.cipher === "locked") locked += segment.unread
        else adopted += segment.unread
      }
      if (this.#bytes > maxBytes) this.#makeRoom()
      found()
    }
    return Effect.forEach(
      this.#directory.adopt(now),
      (folder) => Effect.map(SpoolAdoption.read(folder, files, key), add),
      { discard: true }
    ).pipe(Effect.map(() => ({ adopted, locked })))
  }

  #remove(segment: SpoolSegment): void {
    if (segment === this.#active) this.#active = undefined
    for (const list of [this.#own, this.#adopted]) {
      const at = list.indexOf(segment)
      if (at >= 0) list.splice(at, 1)
    }
    this.#bytes -= segment.size
    segment.remove()
  }

  #giveUp(segment: SpoolSegment, reason: SpoolLoss): void {
    if (segment.unread > 0) this.#options.lost(reason, segment.unread)
    if (segment.own) this.ownUnread -= segment.unread
    this.#options.books.onDisk -= segment.unread
    this.#remove(segment)
  }

  #makeRoom(): void {
    while (this.#bytes > this.#options.maxBytes) {
      const oldest = [...this.#adopted, ...this.#own].find((segment) => segment !== this.#active)
      if (oldest === undefined) return
      this.#giveUp(oldest, "spool_full")
    }
  }

  /** What is done regularly: gives a sign of life, and gives up what is too old. */
  upkeep(now: number): void {
    this.#now = now
    const { maxAge } = this.#options
    this.#directory.beat(now)
    // A segment is as old as its youngest span, so it may not be written to for too long
    if (this.#active !== undefined && now - this.#active.modified > maxAge / 4) {
      this.#active.seal(now)
      this.#active = undefined
    }
    for (const segment of [...this.#adopted, ...this.#own]) {
      if (segment !== this.#active && now - segment.modified > maxAge) this.#giveUp(segment, "spool_expired")
    }
    if (this.#active === undefined) this.#directory.tidy()
  }

  /** Writes and deletes no more; what is left is whoever's comes next. Answers how much that is. */
  close(now: number): number {
    this.#closed = true
    let left = 0
    for (const segment of [...this.#own, ...this.#adopted]) {
      left += segment.unread + segment.out
      if (segment.isDone) segment.remove()
      else segment.close(now)
    }
    this.#directory.release()
    return left
  }
}
