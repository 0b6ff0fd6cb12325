/**
 * Encryption at rest: AES-256-GCM with a key of its own for every segment.
 *
 * The segment's key is derived from the configured one and the segment's salt,
 * so a record's index is nonce enough: no pair of them is ever used twice.
 */
import * as Result from "effect/Result"
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from "node:crypto"

const algorithm = "aes-256-gcm"
/** What an encrypted payload has on top: the tag that proves it untouched. */
const tagSize = 16
const keySize = 32
/** Tells whether a segment was written with the same key; says nothing about the key. */
export const checkSize = 8

const nonceOf = (index: number): Buffer => {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32LE(index)
  return nonce
}

export interface SpoolCipher {
  readonly check: Buffer
  readonly seal: (index: number, plain: Uint8Array) => Buffer
  /** `undefined` when it was not sealed with this key under this index. */
  readonly open: (index: number, sealed: Uint8Array) => Buffer | undefined
}

export const make = (key: Uint8Array, salt: Uint8Array): SpoolCipher => {
  const derived = Buffer.from(hkdfSync("sha256", key, salt, "gorax spool segment", keySize + checkSize))
  // As bytes it would be made into a key of OpenSSL's again for every span: four times the cost of sealing one
  const segmentKey = createSecretKey(derived.subarray(0, keySize))
  return {
    check: derived.subarray(keySize),
    seal(index, plain) {
      const cipher = createCipheriv(algorithm, segmentKey, nonceOf(index))
      return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    open: (index, sealed) =>
      Result.getOrElse(
        Result.try(() => {
          const decipher = createDecipheriv(algorithm, segmentKey, nonceOf(index), { authTagLength: tagSize })
          decipher.setAuthTag(sealed.subarray(-tagSize))
          return Buffer.concat([decipher.update(sealed.subarray(0, -tagSize)), decipher.final()])
        }),
        () => undefined
      )
  }
}
