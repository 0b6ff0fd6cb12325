/**
 * Records in a file, framed so that a torn or damaged one is never taken for whole.
 *
 *     "GSR1" | CRC-32 | length | index | payload
 *
 * Numbers are 32 bits, little end first. The checksum is over all that follows
 * it and begins with the segment's salt, so that nothing that a span says can
 * pass for a record. Behind damage, reading goes on at the next record that is
 * whole; the gap in the indexes tells how many were lost.
 */
import { crc32 } from "node:zlib"

const magic = Buffer.from("GSR1")
const magicNumber = magic.readUInt32LE()

/** What a record takes besides its payload. */
export const overhead = 16

/** Writes a record at the beginning of `target`, which has room for it; answers its size. */
export const write = (target: Buffer, index: number, payload: Uint8Array, salt: number): number => {
  const size = overhead + payload.length
  target.set(payload, overhead)
  target.writeUInt32LE(magicNumber, 0)
  target.writeUInt32LE(payload.length, 8)
  target.writeUInt32LE(index, 12)
  target.writeUInt32LE(crc32(target.subarray(8, size), salt), 4)
  return size
}

export interface SpoolRecord {
  readonly index: number
  readonly payload: Buffer
}

export interface Scanned {
  /** In order, each index greater than the one before. */
  readonly records: ReadonlyArray<SpoolRecord>
  /** How many records are known to be lost; of a torn tail, which may have been several, one. */
  readonly damaged: number
  /** The index that comes next. */
  readonly next: number
}

/** Of damaged bytes so many are searched, and what may still be in the rest is given up. */
const mostSearched = 64 * 1024 * 1024

/** Reads records. Total: any bytes give the records that are whole in them. `first` is the index that is expected first. */
export const scan = (bytes: Buffer, salt: number, first = 0): Scanned => {
  const records: Array<SpoolRecord> = []
  let damaged = 0
  let next = first
  let searched = 0
  let at = 0
  let whole = 0
  while (at >= 0 && at + overhead <= bytes.length && searched < mostSearched) {
    const size = bytes.readUInt32LE(at) === magicNumber ? overhead + bytes.readUInt32LE(at + 8) : Infinity
    const index = bytes.readUInt32LE(at + 12)
    const end = at + size
    const sound =
      end <= bytes.length && index >= next && bytes.readUInt32LE(at + 4) === crc32(bytes.subarray(at + 8, end), salt)
    if (sound) {
      records.push({ index, payload: bytes.subarray(at + overhead, end) })
      damaged += index - next
      next = index + 1
      at = whole = end
    } else {
      if (end <= bytes.length) searched += size
      at = bytes.indexOf(magic, at + 1)
    }
  }
  return { records, damaged: whole < bytes.length ? damaged + 1 : damaged, next }
}
