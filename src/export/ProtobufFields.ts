/**
 * The fields of a small protobuf message: what an OTLP receiver answers.
 *
 * Total: of bytes that are no message, the fields before the fault are read.
 * 64-bit numbers are read up to 2^53.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

/** A field's number, and its value: a number, or the bytes of a text or message. */
export type ProtobufField = readonly [field: number, value: number | Uint8Array]

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

export function* read(bytes: Uint8Array): Generator<ProtobufField> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; at < bytes.length && shift < 70; shift += 7) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return NaN
  }
  while (at < bytes.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    const wireType = tag % 8
    if (wireType === wireTypes.varint) {
      const value = varint()
      if (Number.isNaN(value)) return
      yield [field, value]
    } else if (wireType === wireTypes.bytes) {
      const length = varint()
      // NaN fits nowhere either
      if (!(length <= bytes.length - at)) return
      yield [field, bytes.subarray(at, (at += length))]
    } else if (wireType === wireTypes.fixed64) at += 8
    else if (wireType === wireTypes.fixed32) at += 4
    else return
  }
}

/** The last value of each field that is a number. */
export const numberOf = (bytes: Uint8Array, field: number): number => {
  let found = 0
  for (const [number, value] of read(bytes)) if (number === field && typeof value === "number") found = value
  return found
}

/** Every value of a field that is a text or a message. */
export const bytesOf = (bytes: Uint8Array, field: number): ReadonlyArray<Uint8Array> =>
  Array.from(read(bytes)).flatMap(([number, value]) => (number === field && typeof value !== "number" ? [value] : []))

/** A field that is text; empty when it is not there. */
export const textOf = (bytes: Uint8Array, field: number): string =>
  new TextDecoder().decode(bytesOf(bytes, field).at(-1) ?? new Uint8Array())
