/**
 * Bytes that are written one after the other, with as much room as they need.
 */
const firstRoom = 1024

export class GrowingBytes {
  #bytes = Buffer.allocUnsafe(firstRoom)
  #at = 0

  /** How many bytes were written. */
  get size(): number {
    return this.#at
  }

  byte(value: number): void {
    const at = this.#room(1)
    this.#bytes[at] = value
  }

  int16(value: number): void {
    const at = this.#room(2)
    this.#bytes.writeInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.#room(4)
    this.#bytes.writeInt32BE(value | 0, at)
  }

  doubleBE(value: number): void {
    const at = this.#room(8)
    this.#bytes.writeDoubleBE(value, at)
  }

  doubleLE(value: number): void {
    const at = this.#room(8)
    this.#bytes.writeDoubleLE(value, at)
  }

  /** Seven bits a byte, the lowest first, of 64 unsigned bits in two words. */
  varint(high: number, low: number): void {
    while (high !== 0 || low >>> 0 > 0x7f) {
      this.byte((low & 0x7f) | 0x80)
      low = (low >>> 7) | (high << 25)
      high >>>= 7
    }
    this.byte(low)
  }

  bytes(value: Uint8Array): void {
    const at = this.#room(value.length)
    this.#bytes.set(value, at)
  }

  /** A text that is known to take so many bytes of UTF-8. */
  utf8(text: string, length: number): void {
    const at = this.#room(length)
    this.#bytes.write(text, at, "utf8")
  }

  /** What was written, as the caller's own. */
  copy(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at))
  }

  /** Where so many bytes may be written. Asked for first, as they may be other bytes then. */
  #room(size: number): number {
    const at = this.#at
    const end = at + size
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    this.#at = end
    return at
  }
}
