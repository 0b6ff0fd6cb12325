/**
 * The headers of a carrier, looked at when a format asks for them.
 *
 * A request has a dozen headers and the formats ask for three, so nothing is
 * copied: a header is found by comparing names, which mostly differ in length.
 * Names that differ only in case are one header that was sent several times.
 */
import type { HeaderLines } from "../model/HeaderLines.ts"

/** Text by name, as headers are: one line, or each line that a header was sent in. */
export type Carrier = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** What a library or a broker puts there in spite of the type is no header, and no reason to fail. */
const isText = (value: unknown): value is string => typeof value === "string"

const none: ReadonlyArray<string> = []

const linesOf = (value: unknown): ReadonlyArray<string> =>
  isText(value) ? [value] : Array.isArray(value) ? value.filter(isText) : none

export class CarrierLines implements HeaderLines {
  readonly #carrier: Carrier

  constructor(carrier: Carrier) {
    this.#carrier = carrier
  }

  get(name: string): ReadonlyArray<string> | undefined {
    let lines = none
    for (const key in this.#carrier) {
      if (key.length !== name.length || (key !== name && key.toLowerCase() !== name)) continue
      const more = linesOf(this.#carrier[key])
      lines = lines.length === 0 ? more : [...lines, ...more]
    }
    return lines.length === 0 ? undefined : lines
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  *[Symbol.iterator](): MapIterator<[string, ReadonlyArray<string>]> {
    const names = new Set(Object.keys(this.#carrier).map((key) => key.toLowerCase()))
    for (const name of names) {
      const lines = this.get(name)
      if (lines !== undefined) yield [name, lines]
    }
  }
}
