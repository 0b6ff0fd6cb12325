/**
 * One thing that is expected of a span, an event or a link, and how it reads.
 */
import type { AttributeValue } from "../model/Attributes.ts"
import { written } from "./SpanLabel.ts"
import type { AttributesPattern, TextPattern, ValuePattern } from "./SpanPattern.ts"

export interface FieldPattern<Subject> {
  /** What is wanted, in words that stand on one line. */
  readonly wanted: string
  /** What is there, in such words. */
  readonly there: (subject: Subject) => string
  readonly matches: (subject: Subject) => boolean
}

/** Both sides as one line each. What matches reads the same on both, so that the eye finds what does not. */
export interface Lines {
  readonly wanted: string
  readonly there: string
  readonly mismatches: number
}

const joined = (words: ReadonlyArray<string>): string => words.filter((word) => word !== "").join(" ")

export const wantedLine = <Subject>(fields: ReadonlyArray<FieldPattern<Subject>>): string =>
  joined(fields.map(({ wanted }) => wanted))

export const compare = <Subject>(fields: ReadonlyArray<FieldPattern<Subject>>, subject: Subject): Lines => {
  const matching = fields.map(({ matches }) => matches(subject))
  const there = fields.map((field) => field.there(subject))
  return {
    wanted: joined(fields.map(({ wanted }, index) => (matching[index]! ? there[index]! : wanted))),
    there: joined(there),
    mismatches: matching.filter((matches) => !matches).length
  }
}

export const textMatches = (wanted: TextPattern, text: string): boolean =>
  // Without what makes an expression remember where it was
  typeof wanted === "string" ? wanted === text : new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, "")).test(text)

const sameValue = (wanted: AttributeValue, value: unknown): boolean =>
  Array.isArray(wanted)
    ? Array.isArray(value) && value.length === wanted.length && wanted.every((entry, index) => entry === value[index])
    : wanted === value

const valueMatches = (wanted: ValuePattern, value: unknown): boolean => {
  if (wanted === undefined || value === undefined) return wanted === value
  if (wanted instanceof RegExp) return textMatches(wanted, String(value))
  return typeof wanted === "function" ? wanted(value as AttributeValue) : sameValue(wanted, value)
}

/** Text that could be taken for something else stands in quotes. */
const told = (value: unknown): string =>
  typeof value === "string" && /^(?:[-\d/]|true$|false$)/.test(value) ? JSON.stringify(value) : written(value)

const inWords = (wanted: ValuePattern): string =>
  wanted instanceof RegExp || typeof wanted === "function" ? String(wanted) : told(wanted)

const labelled = (label: string, words: string | undefined): string =>
  words === undefined ? `no ${label}` : `${label}=${words}`

/** A name, which stands without a label; any name will do where none is wanted. */
export const name = <Subject extends { readonly name: string }>(
  wanted: TextPattern | undefined,
  any: string
): FieldPattern<Subject> => ({
  wanted: wanted === undefined ? any : String(wanted),
  there: ({ name }) => name,
  matches: ({ name }) => wanted === undefined || textMatches(wanted, name)
})

/** A value under a label; `undefined` on either side is its absence. */
export const value = <Subject>(
  label: string,
  wanted: ValuePattern,
  read: (subject: Subject) => unknown
): FieldPattern<Subject> => ({
  wanted: labelled(label, wanted === undefined ? undefined : inWords(wanted)),
  there: (subject) => {
    const value = read(subject)
    return labelled(label, value === undefined ? undefined : told(value))
  },
  matches: (subject) => valueMatches(wanted, read(subject))
})

/** A value under a label, where one is wanted at all. */
export const optional = <Subject>(
  label: string,
  wanted: ValuePattern,
  read: (subject: Subject) => unknown
): ReadonlyArray<FieldPattern<Subject>> => (wanted === undefined ? [] : [value(label, wanted, read)])

export const attributes = <Subject>(
  wanted: AttributesPattern | undefined,
  read: (subject: Subject, key: string) => unknown
): ReadonlyArray<FieldPattern<Subject>> =>
  Object.entries(wanted ?? {}).map(([key, pattern]) => value(key, pattern, (subject) => read(subject, key)))
