/**
 * Any object as text, for want of another form.
 *
 * JSON in looks, bounded in depth, entries and length, so that it takes the
 * same short time however large, wide or tangled the object is. None of the
 * object's own code runs: getters are named and not called, a proxy is named
 * and not asked, nobody's `toJSON`, `toString` or iterator is looked for. The
 * one exception are errors, whose `name` and `message` are read.
 */
import * as Redactable from "effect/Redactable"
import * as Redacted from "effect/Redacted"
import { types } from "node:util"
import * as Sensitive from "./Sensitive.ts"
import * as SensitiveKeys from "./SensitiveKeys.ts"

/** In characters, as all lengths of text here. */
export const longest = 8192
const deepest = 5
const mostEntries = 100

/** Stands for what cannot be read. */
export const unreadable = "[unreadable]"

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff

/** The first characters of a text, and never half of one; what was cut off is let go of. */
export const cut = (text: string, length: number): string => {
  if (text.length <= length) return text
  const end = isHighSurrogate(text.charCodeAt(length - 1)) ? length - 1 : length
  // A slice would keep the whole text alive
  return Buffer.from(text.slice(0, end), "utf16le").toString("utf16le")
}

const hugest = 2n ** 1024n

/** A big integer in digits; the digits of a huge one would take long to find. */
export const fromBigInt = (value: bigint): string =>
  value < hugest && value > -hugest ? String(value) : "[huge integer]"

/** What is said in one word. */
const wordOf = (value: object): string | undefined => {
  if (types.isProxy(value)) return "[proxy]"
  if (Redacted.isRedacted(value) || Redactable.isRedactable(value)) return SensitiveKeys.mask
  if (types.isDate(value)) {
    const time = Date.prototype.getTime.call(value)
    return Number.isNaN(time) ? "Invalid Date" : Date.prototype.toISOString.call(value)
  }
  if (value instanceof URL) return value.origin + value.pathname
  if (value instanceof Error) {
    const { message } = Sensitive.shown(value) as Error
    return SensitiveKeys.redactText(`${value.name}: ${message ?? value.message}`, longest)
  }
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) ? `[${value.byteLength} bytes]` : undefined
}

const keyOf = (key: unknown): string =>
  typeof key === "string" ? key : typeof key === "object" || typeof key === "function" ? "[object]" : String(key)

const fieldOf = (holder: object, key: string | number): unknown => {
  const field = Object.getOwnPropertyDescriptor(holder, key)
  return field !== undefined && "get" in field ? "[getter]" : field?.value
}

class Json {
  text = ""

  get #full(): boolean {
    return this.text.length >= longest
  }

  /** An object that is not said in one word. */
  object(value: object, depth: number): void {
    if (depth >= deepest) this.#quote("[deeper]")
    else if (Array.isArray(value)) this.#list(value.length, (index) => fieldOf(value, index), depth)
    else if (types.isSet(value)) {
      const entries = Set.prototype.values.call(value)
      this.#list(value.size, () => entries.next().value, depth)
    } else if (types.isMap(value)) {
      const entries = Map.prototype.entries.call(value)
      this.#fields(value.size, () => entries.next().value as [unknown, unknown], depth)
    } else {
      const keys = Object.keys(value)
      this.#fields(keys.length, (index) => [keys[index]!, fieldOf(value, keys[index]!)], depth)
    }
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        return this.#quote(value)
      case "number":
        return Number.isFinite(value) ? this.#add(String(value)) : this.#quote(String(value))
      case "boolean":
        return this.#add(String(value))
      case "bigint":
        return this.#quote(fromBigInt(value))
      case "symbol":
        return this.#quote(String(value))
      case "function":
        return this.#quote("[function]")
      case "object":
        if (value !== null) return this.#word(value, depth)
    }
    this.#add("null")
  }

  #word(value: object, depth: number): void {
    const word = wordOf(value)
    if (word !== undefined) return this.#quote(word)
    const shown = Sensitive.shown(value)
    if (typeof shown === "object") this.object(shown!, depth)
    else this.#quote(String(shown))
  }

  #add(text: string): void {
    this.text += text
  }

  #quote(text: string): void {
    this.#add(JSON.stringify(cut(text, longest)))
  }

  #list(length: number, next: (index: number) => unknown, depth: number): void {
    this.#add("[")
    for (let index = 0; index < length && index < mostEntries && !this.#full; index++) {
      if (index > 0) this.#add(",")
      this.#value(next(index), depth + 1)
    }
    this.#add("]")
  }

  #fields(length: number, next: (index: number) => readonly [unknown, unknown], depth: number): void {
    this.#add("{")
    for (let index = 0; index < length && index < mostEntries && !this.#full; index++) {
      const [key, value] = next(index)
      if (index > 0) this.#add(",")
      this.#quote(keyOf(key))
      this.#add(":")
      this.#value(value, depth + 1)
    }
    this.#add("}")
  }
}

/** Total. */
export const fromObject = (value: object): string => {
  try {
    const word = wordOf(value)
    if (word !== undefined) return cut(word, longest)
    const shown = Sensitive.shown(value)
    if (typeof shown !== "object") return String(shown)
    const json = new Json()
    json.object(shown!, 0)
    return cut(json.text, longest)
  } catch {
    return unreadable
  }
}
