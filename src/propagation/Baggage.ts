/**
 * W3C baggage: named values that travel with a trace, in the `baggage` header.
 *
 * Whoever is handed a request can read its baggage, so keep secrets out of it.
 *
 * @see https://www.w3.org/TR/baggage/
 */
import * as Effect from "effect/Effect"
import type { Baggage, BaggageEntry, Propagator } from "../model/Propagator.ts"
import { CurrentBaggage } from "../model/References.ts"

export type { Baggage, BaggageEntry }

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const maxMembers = 64
const maxBytes = 8192

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Reads a `baggage` value. Members that do not follow the grammar are left out, as is all above 64 members or 8192 bytes. */
export const parse = (header: string): Baggage => {
  const baggage = new Map<string, BaggageEntry>()
  for (const part of header.slice(0, maxBytes).split(",")) {
    if (baggage.size >= maxMembers) break
    const semicolon = part.indexOf(";")
    const pair = semicolon < 0 ? part : part.slice(0, semicolon)
    const equals = pair.indexOf("=")
    if (equals < 0) continue
    const name = pair.slice(0, equals).trim()
    const value = decode(pair.slice(equals + 1).trim())
    if (value === undefined || !token.test(name) || baggage.has(name)) continue
    const metadata = semicolon < 0 ? "" : part.slice(semicolon + 1).trim()
    baggage.set(name, metadata === "" ? { value } : { value, metadata })
  }
  return baggage
}

/** Writes a `baggage` value; entries past 64 members or 8192 bytes, or with a name that is no token, are left out. */
export const format = (baggage: Baggage): string => {
  const members: Array<string> = []
  let bytes = 0
  for (const [name, { metadata, value }] of baggage) {
    if (!token.test(name)) continue
    const encoded = `${name}=${encodeURIComponent(value.toWellFormed())}${metadata === undefined ? "" : `;${metadata}`}`
    if (members.length >= maxMembers || bytes + encoded.length + 1 > maxBytes) continue
    members.push(encoded)
    bytes += encoded.length + 1
  }
  return members.join(",")
}

/** Carries the `baggage` header. */
export const propagator: Propagator = {
  fields: ["baggage"],
  inject: ({ baggage }): Readonly<Record<string, string>> => {
    const header = baggage.size === 0 ? "" : format(baggage)
    return header === "" ? {} : { baggage: header }
  },
  extract: (lookup) => ({ span: undefined, baggage: parse(lookup("baggage") ?? "") })
}

/** The baggage of the current fiber. */
export const current: Effect.Effect<Baggage> = CurrentBaggage

/** Runs an effect, and all it calls, with one more entry in its baggage. */
export const set =
  (name: string, value: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.updateService(self, CurrentBaggage, (baggage) => new Map(baggage).set(name, { value }))
