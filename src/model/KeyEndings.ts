/**
 * How keys are compared, and what tells at once that most of them are none of a list.
 */

/** A key without what does not matter: `API-Key`, `api_key` and `apiKey2` are all `apikey`. */
export const normal = (key: string): string =>
  key
    .replace(/[^a-zA-Z0-9]/g, "")
    .toLowerCase()
    .replace(/\d{1,8}$/, "")

/** The last two letters that keys have: what tells at once that most others are none of them. */
export class KeyEndings {
  readonly #pairs = new Uint8Array(1 << 10)

  constructor(keys: Iterable<string>) {
    for (const key of keys) {
      const letters = normal(key)
      this.#pairs[placeOf(letters.charCodeAt(letters.length - 2), letters.charCodeAt(letters.length - 1))] = 1
    }
  }

  /** Case does not matter. True for a few pairs of other signs, too. */
  have(last: number, end: number): boolean {
    return this.#pairs[placeOf(last, end)] === 1
  }
}

const placeOf = (last: number, end: number): number => ((last & 31) << 5) | (end & 31)
