/**
 * How keys are compared, and what tells at once that most of them are none of a list.
 */

/** A key without what does not matter: `API-Key`, `api_key` and `apiKey2` are all `apikey`. */
export const normal = (key: string): string =>
  key
    .replace(/[^a-zA-Z0-9]/g, "")
    .toLowerCase()
    .replace(/\d{1,8}$/, "")

/** The last three letters that keys have: what tells at once that most others are none of them. */
export class KeyEndings {
  readonly #places = new Uint8Array(1 << 15)

  constructor(keys: Iterable<string>) {
    for (const key of keys) {
      const letters = normal(key)
      const code = (fromEnd: number): number => letters.charCodeAt(letters.length - fromEnd)
      // Of a shorter key whatever stands before it will do
      for (let before = 0; before < 32; before++) {
        const [third, second] = [letters.length < 3 ? before : code(3), letters.length < 2 ? before : code(2)]
        this.#places[placeOf(third, second, code(1))] = 1
      }
    }
  }

  /** Case does not matter. True for a few other signs, too. */
  have(third: number, second: number, last: number): boolean {
    return this.#places[placeOf(third, second, last)] === 1
  }
}

const placeOf = (third: number, second: number, last: number): number =>
  ((third & 31) << 10) | ((second & 31) << 5) | (last & 31)
