/**
 * Neighbours in a segment, as a note says that they are done.
 */
import type { SpoolPlace } from "./SpoolPlace.ts"
import type { SpoolSegment } from "./SpoolSegment.ts"

/** The index of the first, and how many. */
export type SpoolRange = readonly [first: number, count: number]

export const toBytes = ([first, count]: SpoolRange): Buffer => {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeUInt32LE(first, 0)
  bytes.writeUInt32LE(count, 4)
  return bytes
}

export const fromBytes = (bytes: Buffer): SpoolRange => [bytes.readUInt32LE(0), bytes.readUInt32LE(4)]

/** The places as neighbours, by segment. Spans of a batch mostly are. */
export const fromPlaces = (places: ReadonlyArray<SpoolPlace>): Map<SpoolSegment, ReadonlyArray<SpoolRange>> => {
  const ranges = new Map<SpoolSegment, Array<SpoolRange>>()
  for (const { index, segment } of places) {
    const known = ranges.get(segment)
    const last = known?.at(-1)
    if (known === undefined) ranges.set(segment, [[index, 1]])
    else if (last !== undefined && last[0] + last[1] === index) known[known.length - 1] = [last[0], last[1] + 1]
    else known.push([index, 1])
  }
  return ranges
}
