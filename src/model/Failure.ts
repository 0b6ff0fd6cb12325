/**
 * What a span says about why its effect failed.
 */
import * as Cause from "effect/Cause"
import * as SensitiveKeys from "./SensitiveKeys.ts"

export interface Failure {
  /** Low cardinality: the error's tag or class. */
  readonly type: string
  /** Short, with secrets removed. */
  readonly message: string
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

/** Describes any thrown or failed value. Total: getters that throw are passed over. */
export const fromUnknown = (error: unknown): Failure => {
  if (typeof error !== "object" || error === null) {
    return { type: typeof error, message: SensitiveKeys.redactText(String(error)), stack: undefined, error }
  }
  const fields = error as {
    readonly _tag?: unknown
    readonly name?: unknown
    readonly message?: unknown
    readonly stack?: unknown
  }
  const stack = text(() => fields.stack)
  return {
    type: text(() => fields._tag) ?? text(() => fields.name) ?? "Error",
    message: SensitiveKeys.redactText(text(() => fields.message) ?? ""),
    stack: stack === undefined ? undefined : SensitiveKeys.redactText(stack, 4096),
    error
  }
}

/** The failure that a cause is about: its first failure, else its first defect. Interruption alone is none. */
export const fromCause = (cause: Cause.Cause<unknown>): Failure | undefined => {
  const reason = cause.reasons.find(Cause.isFailReason) ?? cause.reasons.find(Cause.isDieReason)
  return reason === undefined ? undefined : fromUnknown(reason._tag === "Fail" ? reason.error : reason.defect)
}
