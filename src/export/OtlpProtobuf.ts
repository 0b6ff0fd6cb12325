/**
 * Any OTLP request as protobuf, out of the shape it has in JSON.
 *
 * For logs and metrics, which are few: an object is written field by field
 * after a table of the fields of its message. Spans, which are many, have an
 * encoder of their own (`OtlpEncoder`).
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

/** How a field is written: a scalar, or the message that it holds. `hex` are bytes that JSON has as digits. */
export type FieldType = "string" | "hex" | "bool" | "varint" | "fixed32" | "fixed64" | "double" | (() => MessageType)

/** A field's number and type. A list is a repeated field; of numbers it is packed. */
export type MessageType = Readonly<Record<string, readonly [number: number, type: FieldType]>>

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const varint = (value: bigint): Uint8Array => {
  const bytes: Array<number> = []
  let rest = BigInt.asUintN(64, value)
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

const tag = (field: number, wireType: number): Uint8Array => varint(BigInt(field * 8 + wireType))

const delimited = (field: number, bytes: Uint8Array): ReadonlyArray<Uint8Array> => [
  tag(field, wireTypes.bytes),
  varint(BigInt(bytes.length)),
  bytes
]

type Packed = "bool" | "varint" | "fixed32" | "fixed64" | "double"

const wireTypeOf: Readonly<Record<Packed, number>> = {
  bool: wireTypes.varint,
  varint: wireTypes.varint,
  fixed32: wireTypes.fixed32,
  fixed64: wireTypes.fixed64,
  double: wireTypes.fixed64
}

const numberBytes = (type: Packed, value: unknown): Uint8Array => {
  switch (type) {
    case "bool":
      return Uint8Array.of(value === true ? 1 : 0)
    case "varint":
      return varint(BigInt(value as string | number))
    case "fixed32": {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(Number(value))
      return bytes
    }
    case "fixed64": {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value as string | number)))
      return bytes
    }
    case "double": {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(Number(value))
      return bytes
    }
  }
}

const one = (field: number, type: FieldType, value: unknown): ReadonlyArray<Uint8Array> => {
  if (typeof type === "function") return delimited(field, encode(value as object, type()))
  if (type === "string") return delimited(field, Buffer.from(value as string))
  if (type === "hex") return delimited(field, Buffer.from(value as string, "hex"))
  return [tag(field, wireTypeOf[type]), numberBytes(type, value)]
}

const fieldBytes = (field: number, type: FieldType, value: unknown): ReadonlyArray<Uint8Array> => {
  if (!Array.isArray(value)) return one(field, type, value)
  if (typeof type === "function" || type === "string" || type === "hex")
    return value.flatMap((entry) => one(field, type, entry))
  return value.length === 0 ? [] : delimited(field, Buffer.concat(value.map((entry) => numberBytes(type, entry))))
}

/** Writes a message. Fields that the table does not know are left out. */
export const encode = (message: object, fields: MessageType): Uint8Array =>
  Buffer.concat(
    Object.entries(message).flatMap(([name, value]) => {
      const known = fields[name]
      return known === undefined || value === undefined ? [] : fieldBytes(...known, value)
    })
  )

/** Messages that logs and metrics share. */
export const anyValue: MessageType = {
  stringValue: [1, "string"],
  boolValue: [2, "bool"],
  intValue: [3, "varint"],
  doubleValue: [4, "double"],
  arrayValue: [5, () => ({ values: [1, () => anyValue] })]
}
export const keyValue: MessageType = { key: [1, "string"], value: [2, () => anyValue] }
export const resource: MessageType = { attributes: [1, () => keyValue] }
export const scope: MessageType = { name: [1, "string"], version: [2, "string"] }
