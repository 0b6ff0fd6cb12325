/**
 * Attribute values, and the one total conversion of anything to them.
 */
import * as Redacted from "effect/Redacted"

/** What OpenTelemetry can carry: text, finite numbers, truth values, and lists of one kind. */
export type AttributeValue =
  | string
  | number
  | boolean
  | ReadonlyArray<string>
  | ReadonlyArray<number>
  | ReadonlyArray<boolean>

export type Attributes = Readonly<Record<string, AttributeValue>>

/** No value converted from an object is longer than this many characters. */
const maxTextLength = 8192
const maxDepth = 5
const maxEntries = 100

const isPrimitive = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))

/**
 * Turns any value into one that an attribute can carry; `undefined` when there is nothing to say.
 *
 * Total: it never throws, whatever getters, proxies or cycles the value hides. Objects become JSON, bounded in
 * depth, entries and length. `Redacted` values stay hidden. Safe integers of a bigint become numbers, others text.
 */
export const fromUnknown = (value: unknown): AttributeValue | undefined => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      return Number.isFinite(value) ? value : String(value)
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value)
    case "object":
      return value === null ? undefined : fromObject(value)
    default:
      return undefined
  }
}

const fromObject = (value: object): AttributeValue => {
  try {
    if (Array.isArray(value) && value.length <= maxEntries && isUniform(value)) return value.slice() as Array<string>
    const plain = toPlain(value, 0)
    const text = typeof plain === "string" ? plain : JSON.stringify(plain)
    return text.length > maxTextLength ? text.slice(0, maxTextLength) : text
  } catch {
    return "[unreadable]"
  }
}

const isUniform = (value: ReadonlyArray<unknown>): boolean => {
  if (value.length === 0) return true
  const type = typeof value[0]
  for (let index = 0; index < value.length; index++) {
    if (!isPrimitive(value[index]) || typeof value[index] !== type) return false
  }
  return true
}

const toPlain = (value: unknown, depth: number): unknown => {
  if (value === null || isPrimitive(value)) return value
  if (typeof value !== "object") return typeof value === "undefined" ? null : String(value)
  if (Redacted.isRedacted(value)) return "<redacted>"
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString()
  if (value instanceof URL) return value.origin + value.pathname
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth >= maxDepth) return "[deeper]"
  if (value instanceof Map) return toPlain(Object.fromEntries(value), depth)
  if (value instanceof Set) return toPlain([...value], depth)
  if (Array.isArray(value)) return value.slice(0, maxEntries).map((entry) => toPlain(entry, depth + 1))
  const plain: Record<string, unknown> = {}
  for (const key of Object.keys(value).slice(0, maxEntries)) {
    plain[key] = toPlain((value as Record<string, unknown>)[key], depth + 1)
  }
  return plain
}

const truncate = (value: AttributeValue, length: number): AttributeValue =>
  typeof value === "string"
    ? value.length > length
      ? value.slice(0, length)
      : value
    : Array.isArray(value) && typeof value[0] === "string"
      ? (value as ReadonlyArray<string>).map((entry) => (entry.length > length ? entry.slice(0, length) : entry))
      : value

/** How many attributes, and how long, one holder may have. */
export interface AttributeLimits {
  readonly count: number
  readonly valueLength: number
}

/** The attributes of a span that has none yet. */
const none: Array<string | AttributeValue> = []

/**
 * The attributes of one span, in the order they were set.
 *
 * One flat array: spans have few attributes, and a search through a dozen
 * keys costs less than a `Map` does to make. Past the limit new keys are
 * counted in `dropped`; known keys can still change.
 */
export class AttributeMap implements ReadonlyMap<string, AttributeValue> {
  readonly #limits: AttributeLimits
  #flat: Array<string | AttributeValue> = none
  #used = 0
  dropped = 0

  constructor(limits: AttributeLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#used / 2
  }

  set(key: string, value: unknown): void {
    const converted = typeof value === "string" ? value : fromUnknown(value)
    if (converted === undefined || key === "") return
    const kept = this.#limits.valueLength === Infinity ? converted : truncate(converted, this.#limits.valueLength)
    const at = this.#indexOf(key)
    if (at >= 0) this.#flat[at + 1] = kept
    else if (this.size >= this.#limits.count) this.dropped++
    else this.#append(key, kept)
  }

  setAll(attributes: Readonly<Record<string, unknown>> | undefined): void {
    if (attributes === undefined) return
    if (this.#flat === none) {
      // Exactly as long as it needs to be, as most spans are given all they have at once
      const count = Object.keys(attributes).length
      if (count === 0) return
      // oxlint-disable-next-line unicorn/no-new-array -- Array.from takes as long as the rest of the span
      this.#flat = new Array(2 * count)
    }
    for (const key in attributes) this.set(key, attributes[key])
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

const nothing = { attributes: {}, dropped: 0 }

/** Converts a record at once, keeping to the limits; says how many entries it left out. */
export const fromRecord = (
  record: Readonly<Record<string, unknown>> | undefined,
  limits: AttributeLimits
): { readonly attributes: Attributes; readonly dropped: number } => {
  if (record === undefined) return nothing
  const map = new AttributeMap(limits)
  map.setAll(record)
  return { attributes: Object.fromEntries(map), dropped: map.dropped }
}
