/**
 * Thrift's binary protocol: what a Jaeger collector takes over HTTP.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
 */
import { GrowingBytes } from "./GrowingBytes.ts"
import type { ThriftWriter } from "./ThriftWriter.ts"

const stop = 0
const types = { bool: 2, double: 4, i32: 8, i64: 10, text: 11, struct: 12, list: 15 } as const

class ThriftBinary implements ThriftWriter {
  readonly #bytes = new GrowingBytes()

  begin(id?: number): void {
    if (id !== undefined) this.#field(types.struct, id)
  }

  end(): void {
    this.#bytes.byte(stop)
  }

  bool(id: number, value: boolean): void {
    this.#field(types.bool, id)
    this.#bytes.byte(value ? 1 : 0)
  }

  i32(id: number, value: number): void {
    this.#field(types.i32, id)
    this.#bytes.int32(value)
  }

  i64(id: number, high: number, low: number): void {
    this.#field(types.i64, id)
    this.#bytes.int32(high)
    this.#bytes.int32(low)
  }

  double(id: number, value: number): void {
    this.#field(types.double, id)
    this.#bytes.doubleBE(value)
  }

  text(id: number, value: string): void {
    this.#field(types.text, id)
    const length = Buffer.byteLength(value)
    this.#bytes.int32(length)
    this.#bytes.utf8(value, length)
  }

  list(id: number, size: number): void {
    this.#field(types.list, id)
    this.#bytes.byte(types.struct)
    this.#bytes.int32(size)
  }

  written(bytes: Uint8Array): void {
    this.#bytes.bytes(bytes)
  }

  finish(): Buffer {
    return this.#bytes.copy()
  }

  #field(type: number, id: number): void {
    this.#bytes.byte(type)
    this.#bytes.int16(id)
  }
}

export const make = (): ThriftWriter => new ThriftBinary()
