/**
 * Thrift's compact protocol: what a Jaeger agent takes over UDP.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { GrowingBytes } from "./GrowingBytes.ts"
import type { ThriftWriter } from "./ThriftWriter.ts"

const stop = 0
const types = { true: 1, false: 2, i32: 5, i64: 6, double: 7, text: 8, list: 9, struct: 12 } as const

const protocolId = 0x82
const version = 1
const oneway = 4
/** Ids and sizes up to this fit into the byte that holds the type. */
const short = 15

class ThriftCompact implements ThriftWriter {
  readonly #bytes = new GrowingBytes()
  /** Fields are told apart by how much greater their id is than the last one's, struct by struct. */
  readonly #outer: Array<number> = []
  #last = 0

  /** A call that nobody answers. */
  constructor(method?: string) {
    if (method === undefined) return
    this.#bytes.byte(protocolId)
    this.#bytes.byte((oneway << 5) | version)
    this.#bytes.varint(0, 0)
    this.#write(method)
  }

  begin(id?: number): void {
    if (id !== undefined) this.#field(types.struct, id)
    this.#outer.push(this.#last)
    this.#last = 0
  }

  end(): void {
    this.#bytes.byte(stop)
    this.#last = this.#outer.pop() ?? 0
  }

  bool(id: number, value: boolean): void {
    this.#field(value ? types.true : types.false, id)
  }

  i32(id: number, value: number): void {
    this.#field(types.i32, id)
    this.#bytes.varint(0, (value << 1) ^ (value >> 31))
  }

  i64(id: number, high: number, low: number): void {
    this.#field(types.i64, id)
    const sign = high >> 31
    this.#bytes.varint((((high << 1) | (low >>> 31)) ^ sign) >>> 0, (low << 1) ^ sign)
  }

  /** Lowest byte first: what the implementations do, whatever the specification said for years. */
  double(id: number, value: number): void {
    this.#field(types.double, id)
    this.#bytes.doubleLE(value)
  }

  text(id: number, value: string): void {
    this.#field(types.text, id)
    this.#write(value)
  }

  list(id: number, size: number): void {
    this.#field(types.list, id)
    if (size < short) return this.#bytes.byte((size << 4) | types.struct)
    this.#bytes.byte((short << 4) | types.struct)
    this.#bytes.varint(0, size)
  }

  written(bytes: Uint8Array): void {
    this.#bytes.bytes(bytes)
  }

  finish(): Buffer {
    return this.#bytes.copy()
  }

  #write(text: string): void {
    const length = Buffer.byteLength(text)
    this.#bytes.varint(0, length)
    this.#bytes.utf8(text, length)
  }

  #field(type: number, id: number): void {
    const more = id - this.#last
    this.#last = id
    if (more > 0 && more <= short) return this.#bytes.byte((more << 4) | type)
    this.#bytes.byte(type)
    this.#bytes.varint(0, (id << 1) ^ (id >> 31))
  }
}

export const make = (): ThriftWriter => new ThriftCompact()

/** Begins with the call of a method that gives no answer; its arguments follow as one struct. */
export const makeCall = (method: string): ThriftWriter => new ThriftCompact(method)
