/**
 * The `tracestate` of a trace: what each tracing system on its way wrote down about it.
 *
 * Kept as the text it travels as, since most spans only hand it on. At most 32
 * members of at most 513 characters each, so never longer than 16,447.
 *
 * @see https://www.w3.org/TR/trace-context-2/#tracestate-header
 */
import { bare } from "./HeaderLines.ts"

const maxMembers = 32
const member = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
/** Twice of what 32 of the longest members make, for the space between them. A longer header is not looked at. */
const longestHeader = 32_768

/** Our own member. */
export const own = "gorax"

const keyOf = (text: string): string => text.slice(0, text.indexOf("="))

const membersOf = (state: string): ReadonlyArray<string> => (state === "" ? [] : state.split(","))

/**
 * Reads the lines of a `tracestate` header as one list; empty where one member is malformed or there are more than 32.
 *
 * Members keep their order, and empty ones are passed over. Of several members with one key the first is kept: the left
 * one is the later.
 */
export const parse = (lines: ReadonlyArray<string>): string => {
  const members = new Map<string, string>()
  let count = 0
  let length = 0
  for (const line of lines) {
    length += line.length
    if (length > longestHeader) return ""
    for (const part of line.split(",")) {
      const text = bare(part)
      if (text === "") continue
      if (++count > maxMembers || !member.test(text)) return ""
      const key = keyOf(text)
      if (!members.has(key)) members.set(key, text)
    }
  }
  return [...members.values()].join(",")
}

/** The value of one member. */
export const get = (state: string, key: string): string | undefined =>
  membersOf(state)
    .find((text) => keyOf(text) === key)
    ?.slice(key.length + 1)

/**
 * The state with a member put at its front, in place of an older one of that key. What is above 32 members then falls
 * off at the end; a key or a value outside the grammar changes nothing.
 */
export const set = (state: string, key: string, value: string): string => {
  const text = `${key}=${value}`
  if (!member.test(text)) return state
  const others = membersOf(state).filter((other) => keyOf(other) !== key)
  return [text, ...others].slice(0, maxMembers).join(",")
}

/** The state without a member; the same text where it has none of that key. */
export const remove = (state: string, key: string): string => {
  const members = membersOf(state)
  const others = members.filter((other) => keyOf(other) !== key)
  return others.length === members.length ? state : others.join(",")
}
