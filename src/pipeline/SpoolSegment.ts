/**
 * A file of spans, and beside it a file that says which of them are done.
 *
 * Both only ever grow, and go when every span is done. A record is written
 * with one call that has returned before the span's `end` does; what the
 * kernel has then, no killed process can take back.
 */
import * as Result from "effect/Result"
import { statSync } from "node:fs"
import { type SpoolFiles, fileMode } from "./SpoolFiles.ts"
import * as SpoolHeader from "./SpoolHeader.ts"
import * as SpoolRange from "./SpoolRange.ts"
import * as SpoolRecord from "./SpoolRecord.ts"

/** What the names of the two files end in. */
export const extension = ".spans"
export const acksExtension = ".acks"

/** Where records are put together: one for the process, as nothing comes between that and their writing. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024)

const written = (files: SpoolFiles, fd: number, size: number): void => {
  const count = files.writeSync(fd, scratch, 0, size)
  if (count !== size) throw Object.assign(new Error(`${count} of ${size} bytes were written`), { code: "ENOSPC" })
}

export class SpoolSegment {
  /** The file of spans, without its extension. */
  readonly path: string
  readonly header: SpoolHeader.SpoolHeader
  /** How much of the file is known to be whole. */
  size = SpoolHeader.size
  /** The index of the next record. */
  next = 0
  /** Spans that are nowhere but here. */
  unread = 0
  /** Spans of this segment that are in memory, and not done. */
  out = 0
  /** Where spans are that have not been read, and the index of the first. */
  readAt = SpoolHeader.size
  readIndex = 0
  /** When it was written last, or began; milliseconds. */
  modified: number
  /** True when its files are gone. */
  removed = false
  /** True when this process wrote it. */
  readonly own: boolean
  readonly #files: SpoolFiles
  readonly #acked = new Set<number>()
  #fd: number | undefined
  #acksFd: number | undefined
  #acks = 0

  private constructor(
    files: SpoolFiles,
    path: string,
    header: SpoolHeader.SpoolHeader,
    modified: number,
    own: boolean
  ) {
    this.own = own
    this.#files = files
    this.path = path
    this.header = header
    this.modified = modified
  }

  /** Begins a segment; throws what the file system says. */
  static create(files: SpoolFiles, path: string, key: Uint8Array | undefined, now: number): SpoolSegment {
    const segment = new SpoolSegment(files, path, SpoolHeader.make(key), now, true)
    segment.#fd = files.openSync(path + extension, "ax", fileMode)
    scratch.set(segment.header.bytes)
    const begun = Result.try(() => written(files, segment.#fd!, SpoolHeader.size))
    if (Result.isFailure(begun)) {
      segment.remove()
      throw begun.failure
    }
    return segment
  }

  /** Takes over a segment that another process wrote, from what is in its files; `undefined` when that is none. */
  static adopt(
    files: SpoolFiles,
    path: string,
    spans: Buffer,
    acks: Buffer,
    key: Uint8Array | undefined
  ): { readonly segment: SpoolSegment; readonly records: number; readonly damaged: number } | undefined {
    const header = SpoolHeader.read(spans, key)
    if (header === undefined) return undefined
    const modified = Result.getOrElse(
      Result.try(() => statSync(path + extension).mtimeMs),
      () => 0
    )
    const segment = new SpoolSegment(files, path, header, modified, false)
    const done = SpoolRecord.scan(acks, header.salt)
    segment.#acks = done.next
    for (const { payload } of done.records) {
      const [first, count] = SpoolRange.fromBytes(payload)
      for (let index = first; index < first + count; index++) segment.#acked.add(index)
    }
    const found = SpoolRecord.scan(spans.subarray(SpoolHeader.size), header.salt)
    segment.size = spans.length
    segment.next = found.next
    segment.unread = found.records.filter(({ index }) => !segment.#acked.has(index)).length
    return { segment, records: found.records.length, damaged: found.damaged }
  }

  /** True when nothing of it is left to do. */
  get isDone(): boolean {
    return this.unread === 0 && this.out === 0
  }

  /** How long the record will be. */
  static sizeOf(payload: Uint8Array): number {
    return SpoolRecord.overhead + payload.length + 16
  }

  /**
   * Writes one span, with `sync` through to the disk, and answers its index.
   *
   * Throws what the file system says. What a failed write leaves is cut off when the segment is sealed.
   */
  append(payload: Uint8Array, sync: boolean): number {
    const { cipher, salt } = this.header
    const index = this.next
    const body = typeof cipher === "string" ? payload : cipher.seal(index, payload)
    if (body.length + SpoolRecord.overhead > scratch.length) scratch = Buffer.allocUnsafeSlow(2 * body.length + 1024)
    const size = SpoolRecord.write(scratch, index, body, salt)
    written(this.#files, this.#fd!, size)
    if (sync) this.#files.fdatasyncSync(this.#fd!)
    this.size += size
    this.next++
    return index
  }

  /** The spans among these bytes of its file that are not done, in order. */
  read(bytes: Buffer): Array<SpoolRecord.SpoolRecord> {
    const { records } = SpoolRecord.scan(bytes, this.header.salt, this.readIndex)
    return records.filter(({ index }) => !this.#acked.has(index))
  }

  /** What a record was before it was written; `undefined` when it is not that any more. */
  open({ index, payload }: SpoolRecord.SpoolRecord): Uint8Array | undefined {
    const { cipher } = this.header
    return typeof cipher === "string" ? payload : cipher.open(index, payload)
  }

  /** Remembers for whoever comes after us what is done. Where that cannot be written, it will be sent again. */
  acknowledge(ranges: ReadonlyArray<SpoolRange.SpoolRange>): void {
    if (this.removed) return
    Result.try(() => {
      this.#acksFd ??= this.#files.openSync(this.path + acksExtension, "a", fileMode)
      for (const range of ranges) {
        written(
          this.#files,
          this.#acksFd,
          SpoolRecord.write(scratch, this.#acks++, SpoolRange.toBytes(range), this.header.salt)
        )
      }
    })
  }

  /** Writes no more spans. What a failed write left behind is cut off, where that is possible. */
  seal(now: number): void {
    const fd = this.#fd
    if (fd === undefined) return
    this.#fd = undefined
    this.modified = now
    Result.try(() => this.#files.ftruncateSync(fd, this.size))
    Result.try(() => this.#files.closeSync(fd))
  }

  /** Lets go of its files. */
  close(now: number): void {
    this.seal(now)
    const fd = this.#acksFd
    this.#acksFd = undefined
    if (fd !== undefined) Result.try(() => this.#files.closeSync(fd))
  }

  /** Deletes it: the spans first, so that there is no moment in which they are there and not known to be done. */
  remove(): void {
    if (this.removed) return
    this.removed = true
    this.close(this.modified)
    Result.try(() => this.#files.unlinkSync(this.path + extension))
    Result.try(() => this.#files.unlinkSync(this.path + acksExtension))
  }
}
