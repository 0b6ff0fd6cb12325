/**
 * What is removed: which keys, which values, and what is put in their place.
 */
import type * as Redacted from "effect/Redacted"
import * as Keys from "../model/AttributeKeys.ts"
import * as KeyEndings from "../model/KeyEndings.ts"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import type { LinearPattern } from "./LinearPattern.ts"
import * as RedactionMark from "./RedactionMark.ts"
import { apart, type Finding, ScanText } from "./ScanText.ts"

/** A rule of your own. It runs for every text of every span, so it should be quick. */
export interface RedactionRule {
  /** Small letters, digits and hyphens, 32 at most; stands in the mark and in the counts. Any other is called `rule` there. */
  readonly name: string
  /** True for a text that is to be masked as a whole. What it throws masks the text, and is counted as `failed`. */
  readonly masks: (text: string, key: string) => boolean
}

export interface RedactionOptions {
  /** `strict` lets nothing pass but what `allow` names. */
  readonly mode?: "on" | "strict" | undefined
  /** Further keys whose values are secrets; case and separators do not matter. */
  readonly keys?: ReadonlyArray<string> | undefined
  /**
   * Keys that pass, with a star at the end for all that begin so, and `own` for those that this package writes and nobody
   * else puts text into. Their values are searched all the same. In strict mode the default is `own`.
   */
  readonly allow?: ReadonlyArray<string> | undefined
  /** What of people is masked as well. */
  readonly personal?: ReadonlyArray<"email" | "phone"> | undefined
  readonly patterns?: ReadonlyArray<LinearPattern> | undefined
  readonly rules?: ReadonlyArray<RedactionRule> | undefined
  /** 32 bytes. Marks bear a keyed hash then, by which equal secrets are seen to be equal. */
  readonly hashKey?: Redacted.Redacted<Uint8Array> | undefined
}

/** Stand for texts that have no key, where keys are named. */
export const spanName = "span.name"
export const eventName = "event.name"
export const statusMessage = "status.message"
export const traceState = "tracestate"
/** Such a text in a log line. */
export const logMessage = "log.message"

/** Hold what users and strangers have written. */
const foreign: ReadonlySet<string> = new Set([
  Keys.exceptionMessage,
  Keys.exceptionStacktrace,
  Keys.httpRequestHeader,
  Keys.httpResponseHeader,
  Keys.httpRequestMethodOriginal,
  Keys.urlFull,
  Keys.urlPath,
  Keys.urlQuery,
  Keys.userAgentOriginal,
  Keys.oldHttpTarget,
  Keys.oldHttpUserAgent
])

const ownKeys: ReadonlyArray<string> = [
  ...Object.values(Keys).filter((key) => !foreign.has(key)),
  spanName,
  eventName,
  traceState,
  "telemetry.sdk.*"
]

/** The name of all of them in a list. */
export const own = "own"

/** Whether a list names a key. */
const named = (list: ReadonlyArray<string>): ((key: string) => boolean) => {
  const entries = list.flatMap((entry) => (entry === own ? ownKeys : [entry]))
  const exact = new Set(entries)
  const beginnings = entries.filter((entry) => entry.endsWith("*")).map((entry) => entry.slice(0, -1))
  return (key) => exact.has(key) || beginnings.some((beginning) => key.startsWith(beginning))
}

/** What becomes of all that stands under a key: it passes when it holds no secret, or goes for the reason given. */
export type Verdict = "searched" | "key" | "unlisted"

const none: ReadonlyArray<Finding> = []
const all = (rule: string, text: string): ReadonlyArray<Finding> => [{ rule, start: 0, end: text.length }]

/** A name that fits into a mark. */
const nameOf = ({ name }: RedactionRule): string => (RedactionMark.isName(name) ? name : "rule")

/** The keys of a program are few; those of an attacker are forgotten again. */
const mostJudged = 2000
const longestJudged = 256

export class RedactionPolicy {
  /** True where the same text under the same key is judged alike each time. */
  readonly isSteady: boolean
  readonly mark: RedactionMark.RedactionMark
  readonly #rules: ReadonlyArray<RedactionRule>
  readonly #patterns: ReadonlyArray<LinearPattern>
  readonly #allows: (key: string) => boolean
  readonly #further: ReadonlySet<string>
  readonly #isStrict: boolean
  readonly #text: ScanText
  readonly #judged = new Map<string, Verdict>()
  readonly #clean = new Set<string>()

  constructor(options: RedactionOptions = {}) {
    const { hashKey, keys = [], mode = "on", patterns = [], personal = [], rules = [] } = options
    this.#isStrict = mode === "strict"
    this.#allows = named(options.allow ?? (this.#isStrict ? [own] : []))
    this.#further = new Set(keys.map(KeyEndings.normal))
    this.#patterns = patterns
    this.#rules = rules
    this.isSteady = rules.length === 0
    this.mark = hashKey === undefined ? RedactionMark.plain : RedactionMark.hashed(hashKey)
    this.#text = new ScanText({
      endings: new KeyEndings.KeyEndings([...SensitiveKeys.list, ...keys]),
      isSensitive: (key) => this.#isSensitive(key) && !this.#allows(key),
      emails: personal.includes("email"),
      phones: personal.includes("phone")
    })
  }

  judge(key: string): Verdict {
    const known = this.#judged.get(key)
    if (known !== undefined) return known
    const verdict = this.#judge(key)
    if (this.#judged.size >= mostJudged) this.#judged.clear()
    if (key.length <= longestJudged) this.#judged.set(key, verdict)
    return verdict
  }

  /** The secrets in a text. Total: where that cannot be told, all of it is one. */
  find(text: string, key: string): ReadonlyArray<Finding> {
    try {
      const found = this.#text.find(text)
      return this.isSteady && this.#patterns.length === 0 ? found : this.#findMore(text, key, found)
    } catch {
      return all("failed", text)
    }
  }

  /** True for a key that holds no secret itself. */
  isClean(key: string): boolean {
    if (this.#clean.has(key)) return true
    if (this.find(key, "").length > 0) return false
    if (this.#clean.size >= mostJudged) this.#clean.clear()
    if (key.length <= longestJudged && this.isSteady) this.#clean.add(key)
    return true
  }

  #judge(key: string): Verdict {
    try {
      if (this.#allows(key)) return "searched"
      return this.#isStrict ? "unlisted" : this.#isSensitive(key) && !RedactionMark.isWithin(key) ? "key" : "searched"
    } catch {
      return "key"
    }
  }

  #isSensitive(key: string): boolean {
    return SensitiveKeys.isSensitive(key) || (this.#further.size > 0 && this.#further.has(KeyEndings.normal(key)))
  }

  #findMore(text: string, key: string, found: ReadonlyArray<Finding>): ReadonlyArray<Finding> {
    for (const rule of this.#rules) if (!RedactionMark.is(text) && rule.masks(text, key)) return all(nameOf(rule), text)
    const more = this.#patterns.flatMap((pattern) => pattern.find(text))
    if (more.length === 0) return found.length === 0 ? none : found
    return apart([...found, ...more])
  }
}
