/**
 * How a segment begins: its salt, and whether and with which key it is encrypted.
 */
import { randomBytes } from "node:crypto"
import { crc32 } from "node:zlib"
import * as SpoolCipher from "./SpoolCipher.ts"

const magic = Buffer.from("GORAXSP1")
const saltSize = 16
const checkAt = magic.length + saltSize
const crcAt = checkAt + SpoolCipher.checkSize

export const size = crcAt + 4

export interface SpoolHeader {
  readonly bytes: Buffer
  /** Where the checksums of this segment's records begin. */
  readonly salt: number
  /** `locked` when it is encrypted, and not with this key. */
  readonly cipher: SpoolCipher.SpoolCipher | "none" | "locked"
}

const none = Buffer.alloc(SpoolCipher.checkSize)

/** A header that there has never been before. */
export const make = (key: Uint8Array | undefined): SpoolHeader => {
  const salt = randomBytes(saltSize)
  const cipher = key === undefined ? undefined : SpoolCipher.make(key, salt)
  const front = Buffer.concat([magic, salt, cipher?.check ?? none])
  const bytes = Buffer.alloc(size)
  bytes.set(front)
  bytes.writeUInt32LE(crc32(front), crcAt)
  return { bytes, salt: salt.readUInt32LE(), cipher: cipher ?? "none" }
}

/** True for a file that begins otherwise, as those of a version to come may. */
export const isForeign = (bytes: Buffer): boolean =>
  bytes.length >= size && !bytes.subarray(0, magic.length).equals(magic)

/** Reads a header; `undefined` where there is none. */
export const read = (bytes: Buffer, key: Uint8Array | undefined): SpoolHeader | undefined => {
  if (bytes.length < size || isForeign(bytes)) return undefined
  if (crc32(bytes.subarray(0, crcAt)) !== bytes.readUInt32LE(crcAt)) return undefined
  const salt = bytes.subarray(magic.length, checkAt)
  const check = bytes.subarray(checkAt, crcAt)
  const header = { bytes: bytes.subarray(0, size), salt: salt.readUInt32LE() }
  if (check.equals(none)) return { ...header, cipher: "none" }
  const cipher = key === undefined ? undefined : SpoolCipher.make(key, salt)
  return { ...header, cipher: cipher?.check.equals(check) === true ? cipher : "locked" }
}
