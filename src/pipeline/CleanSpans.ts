/**
 * Tells spans that hold nothing to be masked, which most of them are, from those that do.
 *
 * What spans of one name say they mostly say alike, in the same order, so what
 * was found clean is remembered by the name and the place; it is searched again
 * only when it differs. Nothing is allocated for a clean span.
 */
import * as SpanContext from "../model/SpanContext.ts"
import type { Attributes, AttributeValue } from "../model/Attributes.ts"
import type { SpanData, SpanEvent, SpanLink } from "../model/SpanData.ts"
import * as RedactionMark from "./RedactionMark.ts"
import { mayBeCard } from "./RedactedText.ts"
import * as Policy from "./RedactionPolicy.ts"

/** More than these are not remembered, and no longer texts. */
const remembered = 32
const longestRemembered = 4096

/** To look for a shorter text takes as long as to search it. */
const shortestKept = 256
/** With texts of that length these are a megabyte. */
const mostKept = 128

/** Spans of so many names are remembered; of a program that makes up names, the last ones. */
const mostNames = 32

/** What was clean in one place. */
interface Slot {
  key: string
  value: unknown
}

const isObject = (value: unknown): boolean => typeof value === "object"

export class CleanSpans {
  readonly #policy: Policy.RedactionPolicy
  readonly #known = new Map<string, Array<Slot>>()
  #name: string | undefined
  /** Those of the span at hand, as far as there were any. */
  #slots: Array<Slot> = []
  /** Long texts that hold no secret: stacks above all, which come again wherever something fails. */
  readonly #longTexts = new Set<string>()
  #slot = 0
  #clean = true

  constructor(policy: Policy.RedactionPolicy) {
    this.#policy = policy
  }

  /** True for a span that may go on as it is. May throw what the span throws. */
  has(span: SpanData): boolean {
    this.#slot = 0
    this.#clean = true
    if (span.name !== this.#name) this.#slots = this.#slotsOf(span.name)
    if (!this.#text(span.name, Policy.spanName)) return false
    span.attributes.forEach(this.#attribute)
    if (!this.#clean) return false
    const { events, links, statusMessage, traceState } = span
    for (let index = 0; index < events.length; index++) if (!this.#event(events[index]!)) return false
    for (let index = 0; index < links.length; index++) if (!this.#link(links[index]!)) return false
    return (
      (statusMessage === "" || this.#text(statusMessage, Policy.statusMessage)) &&
      (traceState === "" || this.#text(traceState, Policy.traceState))
    )
  }

  /** True for a record that may stay as it is. */
  hasRecord(attributes: Attributes): boolean {
    for (const key in attributes) if (!this.#pair(attributes[key]!, key)) return false
    return true
  }

  readonly #attribute = (value: AttributeValue, key: string): void => {
    if (this.#clean && !this.#pair(value, key)) this.#clean = false
  }

  #event({ attributes, name }: SpanEvent): boolean {
    return this.#text(name, Policy.eventName) && this.hasRecord(attributes)
  }

  #link({ attributes, span }: SpanLink): boolean {
    const { traceState } = SpanContext.fromSpan(span)
    return (traceState === "" || this.#text(traceState, Policy.traceState)) && this.hasRecord(attributes)
  }

  #pair(value: AttributeValue, key: string): boolean {
    const at = this.#slot++
    const slot = this.#slots[at]
    if (slot !== undefined && slot.key === key && slot.value === value) return true
    if (!this.#isClean(value, key) || !this.#policy.isClean(key)) return false
    this.#remember(at, key, value)
    return true
  }

  #text(text: string, standsFor: string): boolean {
    const at = this.#slot++
    const slot = this.#slots[at]
    if (slot !== undefined && slot.key === standsFor && slot.value === text) return true
    if (!this.#isCleanText(text, standsFor)) return false
    this.#remember(at, standsFor, text)
    return true
  }

  #remember(at: number, key: string, value: AttributeValue): void {
    if (at >= remembered || !this.#policy.isSteady || isObject(value)) return
    if (typeof value === "string" && value.length > longestRemembered) return
    const slot = this.#slots[at]
    if (slot === undefined) this.#slots[at] = { key, value }
    else {
      slot.key = key
      slot.value = value
    }
  }

  #slotsOf(name: string): Array<Slot> {
    this.#name = name
    const known = this.#known.get(name)
    if (known !== undefined) return known
    if (this.#known.size >= mostNames) this.#known.clear()
    const slots: Array<Slot> = []
    this.#known.set(name, slots)
    return slots
  }

  #keep(text: string): void {
    if (this.#longTexts.size >= mostKept) this.#longTexts.clear()
    this.#longTexts.add(text)
  }

  #isClean(value: AttributeValue, key: string): boolean {
    switch (typeof value) {
      case "string":
        return this.#isCleanText(value, key)
      case "boolean":
        return this.#policy.judge(key) !== "unlisted"
      case "number":
        return this.#policy.judge(key) === "searched" && (!mayBeCard(value) || this.#isCleanText(String(value), key))
      default:
        return (
          Array.isArray(value) && value.every((entry: AttributeValue) => !isObject(entry) && this.#isClean(entry, key))
        )
    }
  }

  #isCleanText(text: string, key: string): boolean {
    if (this.#policy.judge(key) !== "searched") return text === "" || RedactionMark.is(text)
    const isKept = text.length >= shortestKept && text.length <= longestRemembered && this.#policy.isSteady
    if (isKept && this.#longTexts.has(text)) return true
    if (this.#policy.find(text, key).length > 0) return false
    if (isKept) this.#keep(text)
    return true
  }
}
