/**
 * Texts and values without what a policy removes, with word of each removal.
 */
import * as Attributes from "../model/Attributes.ts"
import type { AttributeValue } from "../model/Attributes.ts"
import * as RedactionMark from "./RedactionMark.ts"
import type { RedactionPolicy } from "./RedactionPolicy.ts"

/** Told of each removal: where it was, and the rule that asked for it. */
export type OnMasked = (place: string, rule: string) => void

/** No brand's card number is smaller. */
const smallestCard = 1e12

/** True for a number that may be a card's. */
export const mayBeCard = (value: number): boolean => value >= smallestCard && Number.isSafeInteger(value)

export class RedactedText {
  readonly #policy: RedactionPolicy
  readonly #onMasked: OnMasked

  constructor(policy: RedactionPolicy, onMasked: OnMasked) {
    this.#policy = policy
    this.#onMasked = onMasked
  }

  /** A text that stands under a key, or for one. */
  text(text: string, key: string, place: string): string {
    const verdict = this.#policy.judge(key)
    return verdict === "unlisted" ? this.#whole(text, verdict, place) : this.searched(text, key, place)
  }

  /** A text of which only the secrets are removed. */
  searched(text: string, key: string, place: string): string {
    let redacted = ""
    let at = 0
    for (const { end, rule, start } of this.#policy.find(text, key)) {
      redacted += text.slice(at, start) + this.#mark(rule, text.slice(start, end), place)
      at = end
    }
    return at === 0 ? text : redacted + text.slice(at)
  }

  /** A trace state, member by member: the value of one ends where the next begins, whatever stands in it. */
  state(state: string, key: string, place: string): string {
    if (state === "" || this.#policy.judge(key) === "unlisted") return this.#whole(state, "unlisted", place)
    return state
      .split(",")
      .map((member) => {
        const equals = member.indexOf("=")
        const name = member.slice(0, Math.max(0, equals))
        const value = member.slice(equals + 1)
        return this.#policy.judge(name) === "key"
          ? `${name}=${this.#whole(value, "key", place)}`
          : this.searched(member, key, place)
      })
      .join(",")
  }

  /** What an attribute is to hold. */
  value(value: AttributeValue, key: string, place: string): AttributeValue {
    const verdict = this.#policy.judge(key)
    switch (typeof value) {
      case "string":
        return verdict === "searched" ? this.searched(value, key, place) : this.#whole(value, verdict, place)
      case "number":
        if (verdict !== "searched") return this.#whole(String(value), verdict, place)
        return mayBeCard(value) ? this.#number(value, key, place) : value
      case "boolean":
        return verdict === "unlisted" ? this.#whole(String(value), verdict, place) : value
      default:
        return this.#list(value, key, place)
    }
  }

  /** A record with its keys searched, too. */
  record(record: Attributes.Attributes, place: string): Attributes.Attributes {
    const redacted: Record<string, AttributeValue> = {}
    for (const key of Object.keys(record)) {
      const shown = this.key(key, place)
      redacted[shown] = this.value(record[key]!, key, `${place}.${shown}`)
    }
    return redacted
  }

  /** A key that may hold a secret itself. */
  key(key: string, place: string): string {
    return this.#policy.isClean(key) ? key : this.searched(key, "", `${place}, a key`)
  }

  #number(value: number, key: string, place: string): AttributeValue {
    const digits = String(value)
    const shown = this.searched(digits, key, place)
    return shown === digits ? value : shown
  }

  #list(value: unknown, key: string, place: string): AttributeValue {
    if (!Array.isArray(value)) return this.value(Attributes.fromUnknown(value) ?? "", key, place)
    const entries: ReadonlyArray<AttributeValue> = value.map((entry: AttributeValue) => this.value(entry, key, place))
    const [first] = entries
    return (
      entries.every((entry) => typeof entry === typeof first) ? entries : entries.map((entry) => String(entry))
    ) as ReadonlyArray<string>
  }

  #whole(text: string, rule: string, place: string): string {
    return text === "" || RedactionMark.is(text) ? text : this.#mark(rule, text, place)
  }

  #mark(rule: string, secret: string, place: string): string {
    this.#onMasked(place, rule)
    return this.#policy.mark(rule, secret)
  }
}
