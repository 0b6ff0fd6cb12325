/**
 * Attribute values, and the one total conversion of anything to them.
 */
import { types } from "node:util"
import * as AttributeText from "./AttributeText.ts"

/** What OpenTelemetry can carry: text, finite numbers, truth values, and lists of one kind. */
export type AttributeValue =
  | string
  | number
  | boolean
  | ReadonlyArray<string>
  | ReadonlyArray<number>
  | ReadonlyArray<boolean>

export type Attributes = Readonly<Record<string, AttributeValue>>

/** Of a longer list the first entries are kept. */
const mostListed = 1000

/**
 * Turns any value into one that an attribute can carry; `undefined` when there is nothing to say.
 *
 * Total: it never throws, whatever getters, proxies or cycles the value hides, and calls none of them. Lists of one kind
 * stay lists, up to 1,000 entries; other objects become JSON, bounded in depth, entries and length (see
 * `AttributeText`). `Redacted` values stay hidden. Safe integers of a bigint become numbers, others text; numbers that
 * are not finite become text, too.
 */
export const fromUnknown = (value: unknown): AttributeValue | undefined => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      return Number.isFinite(value) ? value : String(value)
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
        ? Number(value)
        : AttributeText.fromBigInt(value)
    case "object":
      return value === null ? undefined : (listOf(value) ?? AttributeText.fromObject(value))
    default:
      return undefined
  }
}

const isPrimitive = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))

/** A copy of a list whose entries are all of one kind. */
const listOf = (value: object): AttributeValue | undefined => {
  if (types.isProxy(value) || !Array.isArray(value)) return undefined
  try {
    const list: Array<unknown> = []
    const length = Math.min(value.length, mostListed)
    for (let index = 0; index < length; index++) {
      const entry: unknown = value[index]
      if (!isPrimitive(entry) || (index > 0 && typeof entry !== typeof list[0])) return undefined
      list.push(entry)
    }
    return list as Array<string>
  } catch {
    return undefined
  }
}

/** Text of a name or a message, whatever was given for it, and not longer than this many characters. */
export const textOf = (value: unknown, length: number): string => {
  if (typeof value === "string") return value.length > length ? AttributeText.cut(value, length) : value
  const converted = typeof value === "symbol" ? String(value) : fromUnknown(value)
  return converted === undefined ? "" : AttributeText.cut(String(converted), length)
}

const truncate = (value: AttributeValue, length: number): AttributeValue =>
  typeof value === "string"
    ? value.length > length
      ? AttributeText.cut(value, length)
      : value
    : Array.isArray(value) && typeof value[0] === "string"
      ? (value as ReadonlyArray<string>).map((entry) => AttributeText.cut(entry, length))
      : value

/** A number takes about as much as a text of so many characters. */
const sizeOfNumber = 8

const sizeOf = (value: AttributeValue): number => {
  if (typeof value === "string") return value.length
  if (typeof value !== "object") return sizeOfNumber
  let size = 0
  for (const entry of value) size += sizeOfNumber + (typeof entry === "string" ? entry.length : 0)
  return size
}

/** A property of a record that is handed over, or a word where its getter throws. */
const read = (record: Readonly<Record<string, unknown>>, key: string): unknown => {
  try {
    return record[key]
  } catch {
    return AttributeText.unreadable
  }
}

/** A copy of what can be read of an object; what throws is told as a word. Total. */
export const readable = <A extends object>(record: A | undefined): A | undefined => {
  if (typeof record !== "object" || record === null) return undefined
  try {
    return Object.fromEntries(
      Object.keys(record).map((key) => [key, read(record as Readonly<Record<string, unknown>>, key)])
    ) as A
  } catch {
    return undefined
  }
}

/** Keys of more characters are dropped. */
const longestKey = 1024

/**
 * All that one span holds, its events and links among it, has no more characters than this: three bytes each at most,
 * which is below the four mebibytes that collectors take over gRPC.
 */
export const mostText = 1024 * 1024

/** Within this nobody needs to look whether there is room. */
const roomForFirst = longestKey

/** How many attributes, and how long, one holder may have. */
export interface AttributeLimits {
  readonly count: number
  /** Characters. */
  readonly valueLength: number
}

/** The attributes of a span that has none yet. */
const none: Array<string | AttributeValue> = []

/**
 * The attributes of one span, in the order they were set.
 *
 * One flat array: spans have few attributes, and a search through a dozen
 * keys costs less than a `Map` does to make. Past the limit new keys are
 * counted in `dropped`; known keys can still change. Counted there, too, is
 * what has no key that is a text, and what there is no room for.
 */
export class AttributeMap implements ReadonlyMap<string, AttributeValue> {
  readonly #limits: AttributeLimits
  #flat: Array<string | AttributeValue> = none
  #used = 0
  dropped = 0
  /** How many characters there are in all. A span adds those of its events and links. */
  text = 0

  constructor(limits: AttributeLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#used / 2
  }

  set(key: string, value: unknown): void {
    const at = this.#indexOf(key)
    if (at < 0 && (this.size >= this.#limits.count || !isKey(key))) {
      // Not converted, as there may be a million of them
      if (value !== undefined && value !== null) this.dropped++
      return
    }
    const converted = typeof value === "string" ? value : fromUnknown(value)
    if (converted === undefined) return
    const kept = truncate(converted, this.#limits.valueLength)
    if (at >= 0) this.#replace(at, kept)
    else if (this.#hasRoom(key.length + sizeOf(kept))) this.#append(key, kept)
  }

  /** Sets what can be read of a record. Its getters run; what one that throws stands for is told as a word. */
  setAll(attributes: Readonly<Record<string, unknown>> | undefined): void {
    if (typeof attributes !== "object" || attributes === null) return
    const { dropped } = this
    try {
      this.#setEach(attributes)
    } catch {
      this.dropped = dropped
      this.#setReadable(attributes)
    }
  }

  #setEach(attributes: Readonly<Record<string, unknown>>): void {
    if (this.#flat === none) this.#setFirst(attributes)
    else for (const key in attributes) this.set(key, attributes[key])
  }

  /** Most spans are given all they have at once, and texts that fit: no name is looked for then, and none converted. */
  #setFirst(attributes: Readonly<Record<string, unknown>>): void {
    const { count, valueLength } = this.#limits
    const given = Math.min(Object.keys(attributes).length, count)
    if (given === 0 && count > 0) return
    // oxlint-disable-next-line unicorn/no-new-array -- Array.from takes as long as the rest of the span
    const flat: Array<string | AttributeValue> = (this.#flat = new Array(2 * given))
    for (const key in attributes) {
      const value = attributes[key]
      const size = typeof value === "string" && value.length <= valueLength ? key.length + value.length : Infinity
      if (size < roomForFirst && key !== "" && this.#used < 2 * given && this.text < roomForFirst) {
        flat[this.#used] = key
        flat[this.#used + 1] = value as string
        this.#used += 2
        this.text += size
      } else this.set(key, value)
    }
  }

  #setReadable(attributes: Readonly<Record<string, unknown>>): void {
    const copy = readable(attributes)
    if (copy === undefined) this.dropped++
    else for (const key of Object.keys(copy)) this.set(key, copy[key])
  }

  get(key: string): AttributeValue | undefined {
    const at = this.#indexOf(key)
    return at < 0 ? undefined : this.#flat[at + 1]
  }

  has(key: string): boolean {
    return this.#indexOf(key) >= 0
  }

  forEach(callback: (value: AttributeValue, key: string, map: ReadonlyMap<string, AttributeValue>) => void): void {
    for (let at = 0; at < this.#used; at += 2) callback(this.#flat[at + 1]!, this.#flat[at] as string, this)
  }

  *entries(): MapIterator<[string, AttributeValue]> {
    for (let at = 0; at < this.#used; at += 2) yield [this.#flat[at] as string, this.#flat[at + 1]!]
  }

  *keys(): MapIterator<string> {
    for (const [key] of this) yield key
  }

  *values(): MapIterator<AttributeValue> {
    for (const [, value] of this) yield value
  }

  [Symbol.iterator](): MapIterator<[string, AttributeValue]> {
    return this.entries()
  }

  /** Replaced in its place, where there is room for what it is longer. */
  #replace(at: number, value: AttributeValue): void {
    if (this.#hasRoom(sizeOf(value) - sizeOf(this.#flat[at + 1]!))) this.#flat[at + 1] = value
  }

  #hasRoom(more: number): boolean {
    if (this.text + more > mostText) {
      this.dropped++
      return false
    }
    this.text += more
    return true
  }

  #append(key: string, value: AttributeValue): void {
    if (this.#flat === none) this.#flat = []
    this.#flat[this.#used++] = key
    this.#flat[this.#used++] = value
  }

  #indexOf(key: string): number {
    for (let at = 0; at < this.#used; at += 2) if (this.#flat[at] === key) return at
    return -1
  }
}

const isKey = (key: unknown): boolean => typeof key === "string" && key !== "" && key.length <= longestKey

/** One for all events that say no more than their name. */
const nothing: Attributes = {}

/** What became of a record. */
export interface Converted {
  readonly attributes: Attributes
  /** How many entries were left out. */
  readonly dropped: number
  /** How many characters the span has now. */
  readonly text: number
}

/** Converts a record at once, for a span that has `text` characters already; keeps to the limits. */
export const fromRecord = (
  record: Readonly<Record<string, unknown>> | undefined,
  limits: AttributeLimits,
  text = 0
): Converted => {
  if (record === undefined) return { attributes: nothing, dropped: 0, text }
  const map = new AttributeMap(limits)
  map.text = text
  map.setAll(record)
  return { attributes: Object.fromEntries(map), dropped: map.dropped, text: map.text }
}
