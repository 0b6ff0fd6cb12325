/**
 * An id read from its hexadecimal digits into the words that are written.
 *
 * It remembers the last one: the spans of a batch share traces and parents.
 */

/** The value of a digit by its character code, and more than 15 for everything that is none. */
const digits = new Uint8Array(128).fill(0xff)
for (let value = 0; value < 16; value++) {
  digits[value.toString(16).charCodeAt(0)] = value
  digits[value.toString(16).toUpperCase().charCodeAt(0)] = value
}

const digitsOfWord = 8

export class OtlpEncoderId {
  /** Big-endian, as they stand on the wire. */
  readonly words: Int32Array
  #hex = ""
  #valid = false

  /** Of so many bytes. */
  constructor(size: 8 | 16) {
    this.words = new Int32Array(size / 4)
  }

  /** False when the id is not well formed, or zero: then it may not be written. */
  read(hex: string): boolean {
    // Equal ids are mostly one and the same string; comparing two that differ costs more than reading one
    const last = hex.length - 1
    if (this.#hex.charCodeAt(last) === hex.charCodeAt(last) && this.#hex === hex) return this.#valid
    this.#hex = hex
    return (this.#valid = hex.length === this.words.length * digitsOfWord && this.#parse(hex))
  }

  #parse(hex: string): boolean {
    const { words } = this
    let codes = 0
    let values = 0
    let some = 0
    for (let index = 0; index < words.length; index++) {
      let word = 0
      for (let at = index * digitsOfWord; at < (index + 1) * digitsOfWord; at++) {
        const code = hex.charCodeAt(at)
        const value = digits[code]!
        codes |= code
        values |= value
        word = (word << 4) | value
      }
      some |= word
      words[index] = word
    }
    return codes <= 0x7f && values <= 0xf && some !== 0
  }

  /** Writes the bytes of the id, and answers the place behind them. */
  write(view: DataView, at: number): number {
    const { words } = this
    for (let index = 0; index < words.length; index++, at += 4) view.setInt32(at, words[index]!)
    return at
  }
}
