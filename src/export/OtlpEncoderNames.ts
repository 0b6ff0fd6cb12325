/**
 * Text that comes again and again: keys of attributes, names of spans and events.
 *
 * It is remembered as it stands on the wire, from one batch to the next. To
 * look a name up costs a quarter of what it costs to encode it. What is
 * remembered is bounded; names that never come again push out the others once
 * in hundreds of times.
 */
import { buffer } from "./OtlpEncoderBuffer.ts"

/** In characters, so that with its length it takes fewer than 128 bytes. */
const longest = 42
const storage = 64 * 1024

const bytes = Buffer.alloc(storage)
const view = new DataView(bytes.buffer, bytes.byteOffset)
const known = new Map<string, number>()
let used = 0

const learn = (name: string): number => {
  // Some room behind the last, as more is read than it is long
  if (used + 4 * longest > storage) {
    known.clear()
    used = 0
  }
  const start = used
  const length = bytes.write(name, start + 1)
  bytes[start] = length
  used += 1 + length
  known.set(name, start)
  return start
}

/** Writes a field of text, and answers the place behind it. */
export const write = (at: number, tag: number, name: string): number => {
  if (name.length > longest) return buffer.text(at, tag, name)
  const start = known.get(name) ?? learn(name)
  return buffer.copied(at, tag, view, start, bytes[start]! + 1)
}
