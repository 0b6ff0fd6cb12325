/**
 * Bytes being written in the protobuf wire format.
 *
 * One growing buffer, used again for every batch. Each method takes the place
 * to write at and a field's tag, makes room for what it writes, and answers
 * the place behind it: a place that travels in a register costs half of one
 * that is kept in the object.
 *
 * A message is opened with room for its length in front and closed when it is
 * written, so nothing is measured beforehand and lengths take no more bytes
 * than they need. A message whose length does not fit the room is moved; that
 * is rare where the room is chosen well.
 *
 * Text is always valid UTF-8: half a surrogate pair becomes U+FFFD.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

const smallest = 64 * 1024
/** A buffer that one huge batch made larger than this is not kept for the next. */
const largestKept = 8 * 1024 * 1024

/** A tag and the longest number, with some to spare. */
const field = 16

/** Shorter text is written character by character: a call into Node costs as much as thirty of them. */
const nativeFrom = 32

/** Up to this size, eight bytes at a time are faster than a call into the engine. */
const largestByWords = 64

/** How many bytes a length takes. */
const sizeOf = (length: number): number =>
  length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x200000 ? 3 : length < 0x10000000 ? 4 : 5

/** Writes a number of up to 32 bits, unsigned. */
const varint = (bytes: Uint8Array, at: number, value: number): number => {
  while (value > 0x7f) {
    bytes[at++] = (value & 0x7f) | 0x80
    value >>>= 7
  }
  bytes[at] = value
  return at + 1
}

/** Writes text and says whether that was right: only ASCII has one byte a character. */
const ascii = (bytes: Uint8Array, at: number, text: string): boolean => {
  let all = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    all |= code
    bytes[at + index] = code
  }
  return all < 0x80
}

export class OtlpEncoderBuffer {
  /** Another buffer after every call that makes room. */
  bytes: Buffer = Buffer.allocUnsafeSlow(smallest)
  view = new DataView(this.bytes.buffer)

  /** Lets go of what an unusually large batch needed. */
  clear(): void {
    if (this.bytes.length > largestKept) this.#use(Buffer.allocUnsafeSlow(smallest))
  }

  /** What is written before `end`, copied: the caller's own. */
  copy(end: number): Uint8Array<ArrayBuffer> {
    const copy = Buffer.allocUnsafeSlow(end)
    this.bytes.copy(copy, 0, 0, end)
    return copy
  }

  /** Makes room for everything before `end`. */
  reserve(end: number): void {
    if (end > this.bytes.length) this.#grow(end)
  }

  /** A number of up to 32 bits, unsigned. */
  count(at: number, tag: number, value: number): number {
    this.reserve(at + field)
    this.bytes[at] = tag
    return varint(this.bytes, at + 1, value >>> 0)
  }

  /** A safe integer as 64 bits in two's complement, so that negative ones take ten bytes. */
  integer(at: number, tag: number, value: number): number {
    this.reserve(at + field)
    const { bytes } = this
    let low = value >>> 0
    let high = Math.floor(value / 0x100000000) >>> 0
    bytes[at++] = tag
    for (; high > 0; high >>>= 7) {
      bytes[at++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
    }
    return varint(bytes, at, low)
  }

  double(at: number, tag: number, value: number): number {
    this.reserve(at + field)
    this.bytes[at] = tag
    this.view.setFloat64(at + 1, value, true)
    return at + 9
  }

  text(at: number, tag: number, text: string): number {
    const { length } = text
    // No character takes more than three bytes
    this.reserve(at + field + 3 * length)
    const { bytes } = this
    bytes[at] = tag
    if (length < nativeFrom && ascii(bytes, at + 2, text)) {
      bytes[at + 1] = length
      return at + 2 + length
    }
    const room = sizeOf(length)
    const from = at + 1 + room
    return this.close(at + 1, room, from + bytes.write(text, from))
  }

  /** Bytes from elsewhere, which may be read a little beyond their end. */
  copied(at: number, tag: number, from: DataView, start: number, size: number): number {
    this.reserve(at + size + field)
    this.bytes[at++] = tag
    const { view } = this
    // What is copied too much at the end is written over by what comes next
    for (let index = 0; index < size; index += 8) {
      view.setBigUint64(at + index, from.getBigUint64(start + index, true), true)
    }
    return at + size
  }

  /** Writes again what is in this batch already. */
  repeat(at: number, start: number, end: number): number {
    const size = end - start
    this.reserve(at + size + 8)
    if (size > largestByWords) this.bytes.copyWithin(at, start, end)
    else {
      const { view } = this
      // What is copied too much at the end is written over by what comes next
      for (let index = 0; index < size; index += 8) {
        view.setBigUint64(at + index, view.getBigUint64(start + index, true), true)
      }
    }
    return at + size
  }

  /** Begins a message whose length will stand behind its tag; hand its place and the room to `close`. */
  open(at: number, tag: number, room: number): number {
    this.reserve(at + field)
    this.bytes[at] = tag
    return at + 1 + room
  }

  /** Writes the length of a message that ends at `end` into the room at `at`; answers its new end. */
  close(at: number, room: number, end: number): number {
    const length = end - at - room
    if (length < 0x80 && room === 1) {
      this.bytes[at] = length
      return end
    }
    const size = sizeOf(length)
    if (size !== room) {
      this.reserve(end + field)
      this.bytes.copyWithin(at + size, at + room, end)
    }
    return varint(this.bytes, at, length) + length
  }

  #grow(size: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(size, this.bytes.length * 2))
    this.bytes.copy(bytes)
    this.#use(bytes)
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer)
  }
}

/** The one of the process: nothing can come between the beginning and the end of an encoding. */
export const buffer = new OtlpEncoderBuffer()
