/**
 * Attributes in OTLP's protobuf encoding.
 *
 * Most of what the spans of a batch say about themselves they say alike: the
 * same keys in the same order, the same tenant, the same workflow. So the
 * attributes of the last span are remembered by their places, and what is the
 * same is copied from where it was written before.
 *
 * Total for what a span can carry and for what it should not: a value inside
 * an attribute that has no form of its own is written as `Attributes` puts it
 * into words, and nothing as a value that is empty.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
 */
import * as Attributes from "../model/Attributes.ts"
import * as OtlpEncoderNames from "./OtlpEncoderNames.ts"
import { buffer } from "./OtlpEncoderBuffer.ts"

/** More attributes than these are not remembered. */
const remembered = 32

/** Where the attribute of one place was last written. */
interface Slot {
  key: string | undefined
  value: unknown
  start: number
  end: number
}

const emptySlot = (): Slot => ({ key: undefined, value: undefined, start: 0, end: 0 })

/** Texts that differ mostly differ in their last character, and comparing all of them may be slow. */
const isSame = (a: unknown, b: unknown): boolean =>
  typeof a === "string" && typeof b === "string"
    ? a.length === b.length && a.charCodeAt(a.length - 1) === b.charCodeAt(b.length - 1) && a === b
    : a === b

/** What has no form of its own on the wire, as text or a number; `undefined` when there is nothing to say. */
const inWords = (value: unknown): string | number | boolean | undefined => {
  const plain = Attributes.fromUnknown(value)
  return typeof plain === "object" ? JSON.stringify(plain) : plain
}

export class OtlpEncoderAttributes {
  readonly #slots: ReadonlyArray<Slot> = Array.from({ length: remembered }, emptySlot)
  #tag = 0
  #slot = 0
  #at = 0

  /** To be called whenever something that is already written has moved, and at the end of a batch. */
  forget(): void {
    for (const slot of this.#slots) {
      slot.key = undefined
      slot.value = undefined
      slot.end = slot.start
    }
  }

  /** The attributes of a span. */
  map(at: number, tag: number, attributes: ReadonlyMap<string, unknown>): number {
    this.#tag = tag
    this.#at = at
    this.#slot = 0
    attributes.forEach(this.#attribute)
    return this.#at
  }

  /** The attributes of anything else. */
  record(at: number, tag: number, attributes: Readonly<Record<string, unknown>>): number {
    for (const key in attributes) {
      if (Object.hasOwn(attributes, key)) at = this.#pair(at, this.#key(at, tag, key), attributes[key])
    }
    return at
  }

  readonly #attribute = (value: unknown, key: string): void => {
    const at = this.#at
    const slot = this.#slots[this.#slot++]
    if (slot === undefined) {
      this.#at = this.#pair(at, this.#key(at, this.#tag, key), value)
      return
    }
    if (slot.key === key && isSame(slot.value, value)) {
      this.#at = buffer.repeat(at, slot.start, slot.end)
      return
    }
    slot.key = key
    slot.value = value
    slot.start = at
    this.#at = slot.end = this.#pair(at, this.#key(at, this.#tag, key), value)
  }

  #key(at: number, tag: number, key: string): number {
    return OtlpEncoderNames.write(buffer.open(at, tag, 1), 0x0a, typeof key === "string" ? key : String(key))
  }

  #pair(start: number, at: number, value: unknown): number {
    return buffer.close(start + 1, 1, this.#value(at, 0x12, value))
  }

  #value(start: number, tag: number, value: unknown): number {
    const at = buffer.open(start, tag, 1)
    const end = typeof value === "string" ? buffer.text(at, 0x0a, value) : this.#other(at, value)
    return buffer.close(start + 1, 1, end)
  }

  #other(at: number, value: unknown): number {
    switch (typeof value) {
      case "number":
        return Number.isSafeInteger(value) ? buffer.integer(at, 0x18, value) : buffer.double(at, 0x21, value)
      case "boolean":
        return buffer.count(at, 0x10, value ? 1 : 0)
      case "string":
        return buffer.text(at, 0x0a, value)
      case "bigint":
      case "object":
        return Array.isArray(value) ? this.#array(at, value) : this.#other(at, inWords(value))
      default:
        return at
    }
  }

  #array(start: number, values: ReadonlyArray<unknown>): number {
    let at = buffer.open(start, 0x2a, 1)
    for (let index = 0; index < values.length; index++) {
      const value = values[index]
      at = this.#value(at, 0x0a, typeof value === "object" ? inWords(value) : value)
    }
    return buffer.close(start + 1, 1, at)
  }
}

export const attributes = new OtlpEncoderAttributes()
