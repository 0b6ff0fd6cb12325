/**
 * Small protobuf messages: what a receiver answers.
 */

const varint = (value: number): ReadonlyArray<number> =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))]

export const varintField = (field: number, value: number): Uint8Array => Uint8Array.from([field << 3, ...varint(value)])

export const bytesField = (field: number, bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([(field << 3) | 2, ...varint(bytes.length), ...bytes])

export const textField = (field: number, text: string): Uint8Array => bytesField(field, new TextEncoder().encode(text))

/** Fields in a row are a message. */
export const message = (...fields: ReadonlyArray<Uint8Array>): Uint8Array => Buffer.concat(fields)
