/**
 * What a span says about why its effect failed.
 */
import * as Cause from "effect/Cause"
import * as Attributes from "./Attributes.ts"
import * as Sensitive from "./Sensitive.ts"
import * as SensitiveKeys from "./SensitiveKeys.ts"

export interface Failure {
  /** Low cardinality: the error's tag or class. */
  readonly type: string
  /** Short, with secrets removed. */
  readonly message: string
  /** With secrets removed, which costs: read it once, and only to write it down. */
  readonly stack: string | undefined
  /** The failing value itself, to recognise it further up; never exported. */
  readonly error: unknown
}

const text = (read: () => unknown): string | undefined => {
  try {
    const value = read()
    return typeof value === "string" && value !== "" ? value : undefined
  } catch {
    return undefined
  }
}

const longestStack = 4096
/** The type is one word, of few different ones. */
const longestType = 256
/** Big integers, symbols and functions among them: none of their own code is asked. */
const inWords = (thrown: unknown): string =>
  typeof thrown === "function" ? "" : Attributes.textOf(thrown, longestStack) || String(thrown)

/** The message, unless the error's schema marks it as sensitive. */
const messageOf = (error: object): string =>
  text(() => (Sensitive.shown(error) as { readonly message?: unknown }).message) ??
  text(() => (error as { readonly message?: unknown }).message) ??
  ""

/** A stack without the message that it begins with. */
const placesOf = (stack: string): string => stack.slice(Math.max(0, stack.indexOf("\n    at ") + 1))

/** The last stacks in which there was nothing to hide. What fails again mostly fails in the same place. */
const clean: Array<string> = []
const mostClean = 8
let oldest = 0

const withoutSecrets = (stack: string): string => {
  for (const known of clean) if (known === stack) return known
  const shown = SensitiveKeys.redactText(stack, longestStack)
  if (shown === stack) clean[oldest++ % mostClean] = shown
  return shown
}

class Thrown implements Failure {
  readonly type: string
  readonly message: string
  readonly error: object

  constructor(error: object) {
    const fields = error as { readonly _tag?: unknown; readonly name?: unknown }
    this.type = Attributes.textOf(text(() => fields._tag) ?? text(() => fields.name) ?? "Error", longestType)
    this.message = SensitiveKeys.redactText(messageOf(error))
    this.error = error
  }
  get stack(): string | undefined {
    const stack = text(() => (this.error as { readonly stack?: unknown }).stack)
    if (stack === undefined) return undefined
    const shown = this.message === SensitiveKeys.mask ? placesOf(stack) : stack
    return withoutSecrets(shown)
  }
}

/** Describes any thrown or failed value. Total: getters that throw are passed over. */
export const fromUnknown = (error: unknown): Failure =>
  typeof error === "object" && error !== null
    ? new Thrown(error)
    : { type: typeof error, message: SensitiveKeys.redactText(inWords(error)), stack: undefined, error }

/** The failure that a cause is about: its first failure, else its first defect. Interruption alone is none. */
export const fromCause = (cause: Cause.Cause<unknown>): Failure | undefined => {
  const reason = cause.reasons.find(Cause.isFailReason) ?? cause.reasons.find(Cause.isDieReason)
  return reason === undefined ? undefined : fromUnknown(reason._tag === "Fail" ? reason.error : reason.defect)
}
