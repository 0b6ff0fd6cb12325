/**
 * Patterns of the user's own, matched in time that grows with the text and no faster, whatever the pattern.
 *
 * The engine is RE2's, whose syntax has no backreferences and no lookaround:
 * what it compiles cannot be slow. It is loaded by whoever has patterns.
 *
 * @see https://github.com/google/re2/wiki/Syntax
 */
import { RE2JS } from "re2js"
import type { Finding } from "./ScanText.ts"

/** A pattern, and the name that its marks and counts bear. */
export interface LinearPattern {
  readonly name: string
  readonly find: (text: string) => ReadonlyArray<Finding>
}

const none: ReadonlyArray<Finding> = []

/** Each match may look at the rest of the text once, so there may be many in a short text, and few in a long one. */
const mostMatches = (length: number): number => Math.max(4, Math.min(1000, Math.floor(262_144 / length)))

/** Compiles a pattern; throws a reason in words where it is none. Of more matches than a text of its length may have, the last reaches to its end. */
export const make = (name: string, pattern: string): LinearPattern => {
  const compiled = RE2JS.compile(pattern)
  if (compiled.test("")) throw new SyntaxError("it matches the empty text, and so everything")
  return {
    name,
    find(text) {
      if (!compiled.test(text)) return none
      const found: Array<Finding> = []
      const matcher = compiled.matcher(text)
      const most = mostMatches(text.length)
      while (matcher.find()) {
        if (found.length === most) {
          found.push({ rule: name, start: matcher.start(), end: text.length })
          break
        }
        found.push({ rule: name, start: matcher.start(), end: matcher.end() })
      }
      return found
    }
  }
}
