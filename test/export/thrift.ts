/**
 * Thrift's two protocols, read by their specifications: what our writers are held to.
 *
 * @see https://github.com/apache/thrift/tree/master/doc/specs
 */
export type ThriftValue = boolean | number | bigint | string | ThriftStruct | ReadonlyArray<ThriftValue>

/** Fields by their id. */
export interface ThriftStruct {
  readonly [id: number]: ThriftValue
}

class Bytes {
  at = 0
  readonly bytes: Buffer

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes)
  }
  take(size: number): Buffer {
    if (this.at + size > this.bytes.length) throw new RangeError("cut off")
    return this.bytes.subarray(this.at, (this.at += size))
  }
  byte(): number {
    return this.take(1)[0]!
  }
  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError("a varint of more than ten bytes")
  }
  zigzag(): bigint {
    const value = this.varint()
    return (value >> 1n) ^ -(value & 1n)
  }
}

const text = (bytes: Buffer): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes)

const binaryValue = (from: Bytes, type: number): ThriftValue => {
  switch (type) {
    case 2:
      return from.byte() === 1
    case 4:
      return from.take(8).readDoubleBE()
    case 8:
      return from.take(4).readInt32BE()
    case 10:
      return from.take(8).readBigInt64BE()
    case 11:
      return text(from.take(from.take(4).readInt32BE()))
    case 12:
      return binaryStruct(from)
    case 15: {
      const element = from.byte()
      return Array.from({ length: from.take(4).readInt32BE() }, () => binaryValue(from, element))
    }
    default:
      throw new TypeError(`binary type ${type}`)
  }
}

const binaryStruct = (from: Bytes): ThriftStruct => {
  const fields: Record<number, ThriftValue> = {}
  for (let type = from.byte(); type !== 0; type = from.byte()) {
    const id = from.take(2).readInt16BE()
    fields[id] = binaryValue(from, type)
  }
  return fields
}

const compactValue = (from: Bytes, type: number): ThriftValue => {
  switch (type) {
    case 1:
      return true
    case 2:
      return false
    case 5: {
      const value = from.zigzag()
      if (BigInt.asIntN(32, value) !== value) throw new RangeError("more than 32 bits")
      return Number(value)
    }
    case 6: {
      const value = from.zigzag()
      if (BigInt.asIntN(64, value) !== value) throw new RangeError("more than 64 bits")
      return value
    }
    case 7:
      return from.take(8).readDoubleLE()
    case 8:
      return text(from.take(Number(from.varint())))
    case 9: {
      const header = from.byte()
      const size = header >> 4 === 15 ? Number(from.varint()) : header >> 4
      return Array.from({ length: size }, () => compactValue(from, header & 0x0f))
    }
    case 12:
      return compactStruct(from)
    default:
      throw new TypeError(`compact type ${type}`)
  }
}

const compactStruct = (from: Bytes): ThriftStruct => {
  const fields: Record<number, ThriftValue> = {}
  let last = 0
  for (let header = from.byte(); header !== 0; header = from.byte()) {
    const more = header >> 4
    last = more === 0 ? Number(from.zigzag()) : last + more
    fields[last] = compactValue(from, header & 0x0f)
  }
  return fields
}

const whole = <A>(bytes: Uint8Array, read: (from: Bytes) => A): A => {
  const from = new Bytes(bytes)
  const value = read(from)
  if (from.at !== bytes.length) throw new RangeError(`${bytes.length - from.at} bytes too many`)
  return value
}

/** A struct in the binary protocol, and nothing else. */
export const fromBinary = (bytes: Uint8Array): ThriftStruct => whole(bytes, binaryStruct)

/** A struct in the compact protocol, and nothing else. */
export const fromCompact = (bytes: Uint8Array): ThriftStruct => whole(bytes, compactStruct)

/** A message in the compact protocol: its type, its method and its arguments. */
export const fromCompactMessage = (bytes: Uint8Array) =>
  whole(bytes, (from) => {
    if (from.byte() !== 0x82) throw new TypeError("no compact message")
    const typeAndVersion = from.byte()
    return {
      version: typeAndVersion & 0x1f,
      type: typeAndVersion >> 5,
      sequence: Number(from.varint()),
      method: text(from.take(Number(from.varint()))),
      args: compactStruct(from)
    }
  })
