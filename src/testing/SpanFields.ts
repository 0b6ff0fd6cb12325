/**
 * Everything that a pattern names of one span, in the order in which it is read.
 */
import * as Duration from "effect/Duration"
import type { SpanData, SpanEvent, SpanLink } from "../model/SpanData.ts"
import * as Trace from "../model/Trace.ts"
import { serviceOf } from "../model/SpanService.ts"
import * as FieldPattern from "./FieldPattern.ts"
import * as Pairing from "./Pairing.ts"
import * as SpanLabel from "./SpanLabel.ts"
import * as SpanPattern from "./SpanPattern.ts"

/** Finds the span that a link leads to. */
export type Find = (context: { readonly traceId: string; readonly spanId: string }) => SpanData | undefined

type Fields<Subject> = ReadonlyArray<FieldPattern.FieldPattern<Subject>>

/** A list in which every pattern must find an item of its own, among others; no patterns allow no items. */
const list = <Item>(
  label: string,
  patterns: ReadonlyArray<Fields<Item>>,
  read: (span: SpanData) => ReadonlyArray<Item>,
  inWords: (item: Item) => string
): FieldPattern.FieldPattern<SpanData> => {
  const mismatchesOf = (wanted: number, item: Item) => FieldPattern.compare(patterns[wanted]!, item).mismatches
  return {
    wanted: `${label}=[${patterns.map(FieldPattern.wantedLine).join(", ")}]`,
    there: (span) => `${label}=[${read(span).map(inWords).join(", ")}]`,
    matches: (span) => {
      const items = read(span)
      if (patterns.length === 0) return items.length === 0
      const cost: Pairing.Cost = (wanted, there) => mismatchesOf(wanted, items[there]!)
      const pairs = Pairing.unordered(patterns.length, items.length, cost)
      return pairs.filter((pair) => cost(...pair) === 0).length === patterns.length
    }
  }
}

/** An item, with those of its attributes that some pattern names. */
const itemWords =
  <Item extends { readonly attributes: SpanEvent["attributes"] }>(
    patterns: ReadonlyArray<{ readonly attributes?: SpanPattern.AttributesPattern }>,
    nameOf: (item: Item) => string
  ) =>
  (item: Item): string => {
    const keys = new Set(patterns.flatMap(({ attributes }) => Object.keys(attributes ?? {})))
    const shown = [...keys].filter((key) => item.attributes[key] !== undefined)
    return [nameOf(item), ...shown.map((key) => `${key}=${SpanLabel.written(item.attributes[key])}`)].join(" ")
  }

const events = (wanted: ReadonlyArray<string | SpanPattern.EventPattern>) => {
  const patterns = wanted.map((pattern) => (typeof pattern === "string" ? { name: pattern } : pattern))
  return list<SpanEvent>(
    "events",
    patterns.map(({ attributes, name }) => [
      FieldPattern.name(name, "any event"),
      ...FieldPattern.attributes<SpanEvent>(attributes, (event, key) => event.attributes[key])
    ]),
    (span) => span.events,
    itemWords(patterns, ({ name }) => name)
  )
}

const links = (wanted: ReadonlyArray<SpanPattern.LinkPattern>, find: Find) => {
  const linked = ({ attributes, to, traceId }: SpanPattern.LinkPattern): Fields<SpanLink> => {
    const fields = to === undefined ? [] : of(SpanPattern.from(to), find)
    return [
      {
        wanted: to === undefined ? "any span" : FieldPattern.wantedLine(fields),
        there: nameOf,
        matches: ({ span }) => {
          const target = find(span)
          return to === undefined || (target !== undefined && FieldPattern.compare(fields, target).mismatches === 0)
        }
      },
      ...FieldPattern.optional<SpanLink>("trace", traceId, ({ span }) => span.traceId),
      ...FieldPattern.attributes<SpanLink>(attributes, (link, key) => link.attributes[key])
    ]
  }
  const nameOf = ({ span }: SpanLink): string => find(span)?.name ?? "a span that is not here"
  return list<SpanLink>("links", wanted.map(linked), (span) => span.links, itemWords(wanted, nameOf))
}

const duration = (wanted: Duration.Input): FieldPattern.FieldPattern<SpanData> => {
  const nanos = Duration.toNanosUnsafe(wanted)
  return {
    wanted: `duration=${Trace.formatDuration({ startTime: 0n, endTime: nanos })}`,
    there: (span) => `duration=${Trace.formatDuration(span)}`,
    matches: (span) => span.endTime - span.startTime === nanos
  }
}

const error = (wanted: SpanPattern.TextPattern | false): FieldPattern.FieldPattern<SpanData> => ({
  wanted: wanted === false ? "no error" : `✗ ${String(wanted)}`,
  there: (span) => {
    const error = SpanLabel.errorOf(span)
    return error === undefined ? "no error" : `✗ ${error}`
  },
  matches: (span) => {
    const error = SpanLabel.errorOf(span)
    return wanted === false ? error === undefined : error !== undefined && FieldPattern.textMatches(wanted, error)
  }
})

/** What a pattern names, but for the children. */
export const of = (pattern: SpanPattern.SpanPattern, find: Find): Fields<SpanData> => [
  FieldPattern.name(pattern.name, "any span"),
  ...FieldPattern.optional<SpanData>("service", pattern.service, serviceOf),
  ...FieldPattern.optional<SpanData>("kind", pattern.kind, ({ kind }) => kind),
  ...FieldPattern.optional<SpanData>("status", pattern.status, ({ statusCode }) => statusCode),
  ...FieldPattern.optional<SpanData>("message", pattern.statusMessage, ({ statusMessage }) => statusMessage),
  ...FieldPattern.attributes(pattern.attributes, SpanLabel.attributeOf),
  ...(pattern.duration === undefined ? [] : [duration(pattern.duration)]),
  ...(pattern.events === undefined ? [] : [events(pattern.events)]),
  ...(pattern.links === undefined ? [] : [links(pattern.links, find)]),
  ...(pattern.error === undefined ? [] : [error(pattern.error)]),
  ...FieldPattern.optional<SpanData>("interrupted", pattern.interrupted, SpanLabel.isInterrupted)
]
