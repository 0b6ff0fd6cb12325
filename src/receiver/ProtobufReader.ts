/**
 * Reads the protobuf wire format, trusting nothing.
 *
 * Linear in the length of its input: every byte is looked at once, nested
 * messages are views and not copies. Nesting and the number of messages are
 * bounded, so that a small body cannot become a large heap. Whatever is wrong
 * is thrown as `OtlpError`; the one place that catches it is `OtlpBody.decode`.
 *
 * Not read: groups, which proto3 does not have.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
import { malformed, tooLarge } from "./OtlpError.ts"

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** How deep messages may nest: OTLP itself needs 6, and each level of a nested attribute 2 or 3. */
const maxDepth = 64

/** What all readers of one body share. */
interface Budget {
  messages: number
}

export class ProtobufReader {
  /** Number of the field that `next` found. */
  field = 0
  #wireType = 0
  #at: number
  readonly #bytes: Buffer
  readonly #end: number
  readonly #depth: number
  readonly #budget: Budget

  private constructor(bytes: Buffer, at: number, end: number, depth: number, budget: Budget) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    this.#depth = depth
    this.#budget = budget
  }

  static make(body: Uint8Array, maxMessages: number): ProtobufReader {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    return new ProtobufReader(bytes, 0, bytes.length, 0, { messages: maxMessages })
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#end) return false
    const tag = this.#uint32()
    this.field = tag >>> 3
    this.#wireType = tag & 7
    if (this.field === 0) throw malformed(`protobuf: field number 0 at byte ${this.#at}`)
    return true
  }

  /** Passes over the field's value, whatever it is. */
  skip(): void {
    switch (this.#wireType) {
      case wireTypes.varint:
        this.#varint()
        return
      case wireTypes.fixed64:
        this.#take(8)
        return
      case wireTypes.bytes:
        this.#take(this.#uint32())
        return
      case wireTypes.fixed32:
        this.#take(4)
        return
      default:
        throw malformed(`protobuf: wire type ${this.#wireType} at byte ${this.#at}`)
    }
  }

  message(): ProtobufReader {
    const [from, to] = this.#slice()
    if (this.#depth >= maxDepth) throw malformed(`protobuf: messages nest deeper than ${maxDepth}`)
    if (this.#budget.messages-- <= 0) throw tooLarge("protobuf: too many messages in one body; send smaller batches")
    return new ProtobufReader(this.#bytes, from, to, this.#depth + 1, this.#budget)
  }

  text(): string {
    return this.#bytes.toString("utf8", ...this.#slice())
  }

  hex(): string {
    return this.#bytes.toString("hex", ...this.#slice())
  }

  base64(): string {
    return this.#bytes.toString("base64", ...this.#slice())
  }

  boolean(): boolean {
    return this.#varintField() !== 0n
  }

  /** An enum or a 32-bit count. */
  uint32(): number {
    return Number(this.#varintField() & 0xffffffffn)
  }

  /** Decimal text, as OTLP/JSON writes 64-bit integers. */
  int64(): string {
    return String(BigInt.asIntN(64, this.#varintField()))
  }

  /** Decimal text. */
  fixed64(): string {
    this.#expect(wireTypes.fixed64)
    return String(this.#bytes.readBigUInt64LE(this.#take(8)))
  }

  fixed32(): number {
    this.#expect(wireTypes.fixed32)
    return this.#bytes.readUInt32LE(this.#take(4))
  }

  double(): number {
    this.#expect(wireTypes.fixed64)
    return this.#bytes.readDoubleLE(this.#take(8))
  }

  #expect(wireType: number): void {
    if (this.#wireType === wireType) return
    throw malformed(
      `protobuf: field ${this.field} at byte ${this.#at} has wire type ${this.#wireType}, not ${wireType}`
    )
  }

  #slice(): [from: number, to: number] {
    this.#expect(wireTypes.bytes)
    const length = this.#uint32()
    const from = this.#take(length)
    return [from, from + length]
  }

  #varintField(): bigint {
    this.#expect(wireTypes.varint)
    return this.#varint()
  }

  /** Claims bytes and says where they begin. */
  #take(length: number): number {
    const from = this.#at
    if (length > this.#end - from) throw malformed(`protobuf: ends inside a field at byte ${from}`)
    this.#at = from + length
    return from
  }

  /** A tag or a length: such numbers fit 32 bits. */
  #uint32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#take(1)]!
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > 0xffffffff) break
        return value
      }
    }
    throw malformed(`protobuf: a tag or length before byte ${this.#at} is too large`)
  }

  #varint(): bigint {
    let low = 0
    let value = 0n
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[this.#take(1)]!
      if (index < 4) low += (byte & 0x7f) * 2 ** (7 * index)
      else value |= BigInt(byte & 0x7f) << BigInt(7 * index)
      if (byte < 0x80) return BigInt.asUintN(64, value | BigInt(low))
    }
    throw malformed(`protobuf: a number before byte ${this.#at} is longer than ten bytes`)
  }
}
