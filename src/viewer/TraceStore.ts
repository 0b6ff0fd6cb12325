/**
 * Keeps received traces in memory, as many as fit.
 *
 * Bounded in traces, in spans and in the characters they hold: past any of
 * the limits the oldest trace leaves, whole, and is counted. Nothing is
 * written to disk.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as TraceSummary from "./TraceSummary.ts"

export interface TraceStoreOptions {
  /** Default 1000. */
  readonly maxTraces?: number | undefined
  /** Default 50 000. */
  readonly maxSpans?: number | undefined
  /** Of names, attributes and events, all traces together. Default 128 million. */
  readonly maxCharacters?: number | undefined
  /** How long a trace that looks complete must rest before it counts as finished. Default 400 ms. */
  readonly quietAfter?: Duration.Input | undefined
  /** The same for a trace with gaps, whose other spans may wait in a batch somewhere. Default 6 s. */
  readonly patience?: Duration.Input | undefined
}

export interface StoredTrace {
  readonly summary: TraceSummary.TraceSummary
  /** In the order they arrived. */
  readonly spans: ReadonlyArray<ReceivedSpan>
}

export interface TraceFilter {
  readonly service?: string | undefined
  readonly error?: boolean | undefined
  /** Default 100. */
  readonly limit?: number | undefined
}

export interface StoreCounts {
  readonly traces: number
  readonly spans: number
  /** Left out to stay within the limits, since the start. */
  readonly droppedTraces: number
  readonly droppedSpans: number
}

export class TraceStore extends Context.Service<TraceStore, {
  /** Takes spans of any traces. A span that is here already is passed over. */
  readonly add: (spans: ReadonlyArray<ReceivedSpan>) => Effect.Effect<void>
  /** The latest traces first. */
  readonly list: (filter?: TraceFilter) => Effect.Effect<ReadonlyArray<TraceSummary.TraceSummary>>
  readonly get: (traceId: string) => Effect.Effect<StoredTrace | undefined>
  readonly counts: Effect.Effect<StoreCounts>
  /** The id of every trace that grows. A reader that is too slow misses the oldest. */
  readonly changes: Stream.Stream<string>
  /** Every trace that has come to rest; again when it grew afterwards. A reader that is too slow misses the oldest. */
  readonly quiet: Stream.Stream<StoredTrace>
  /** Waits until the trace has come to rest; at once when it already has. */
  readonly awaitQuiet: (traceId: string) => Effect.Effect<StoredTrace>
}>()("@gorax/tracing/viewer/TraceStore") {}

interface Entry {
  readonly traceId: string
  readonly spans: Map<string, ReceivedSpan>
  characters: number
  quiet: boolean
  summary: TraceSummary.TraceSummary | undefined
}

const lengthOf = (value: unknown): number =>
  typeof value === "string" ? value.length : Array.isArray(value) ? value.reduce((sum, one) => sum + lengthOf(one), 8) : 8

const charactersOf = (span: ReceivedSpan): number => {
  let total = 200 + span.name.length + span.statusMessage.length + span.traceState.length
  for (const [key, value] of span.attributes) total += key.length + lengthOf(value)
  for (const { attributes } of [...span.events, ...span.links]) {
    total += 100
    for (const key in attributes) total += key.length + lengthOf(attributes[key])
  }
  return total
}

export const make = Effect.fnUntraced(function*(options: TraceStoreOptions = {}) {
  const { maxCharacters = 128_000_000, maxSpans = 50_000, maxTraces = 1000, patience = "6 seconds", quietAfter = "400 millis" } =
    options
  /** Oldest first. */
  const entries = new Map<string, Entry>()
  const changes = yield* PubSub.sliding<string>(1024)
  const quiet = yield* PubSub.sliding<StoredTrace>(1024)
  const timers = yield* FiberMap.make<string>()
  /** Whose timers are to be stopped. */
  const forgotten: Array<string> = []
  let spanCount = 0
  let characters = 0
  let droppedTraces = 0
  let droppedSpans = 0

  const summaryOf = (entry: Entry) => entry.summary ??= TraceSummary.fromSpans([...entry.spans.values()])
  const toStored = (entry: Entry): StoredTrace => ({ summary: summaryOf(entry), spans: [...entry.spans.values()] })

  const overfull = (): boolean => entries.size > maxTraces || spanCount > maxSpans || characters > maxCharacters

  const forget = (entry: Entry): void => {
    entries.delete(entry.traceId)
    forgotten.push(entry.traceId)
    spanCount -= entry.spans.size
    characters -= entry.characters
    droppedSpans += entry.spans.size
    droppedTraces++
  }

  /** False when the span was here already, or was left out because its trace fills the store by itself. */
  const insert = (span: ReceivedSpan): boolean => {
    const { spanId, traceId } = span
    const entry = entries.get(traceId) ?? { traceId, spans: new Map(), characters: 0, quiet: false, summary: undefined }
    if (entry.spans.has(spanId)) return false
    const size = charactersOf(span)
    if (size > maxCharacters) {
      droppedSpans++
      return false
    }
    entries.set(traceId, entry)
    entry.spans.set(spanId, span)
    entry.characters += size
    spanCount++
    characters += size
    for (const oldest of entries.values()) {
      if (!overfull()) break
      if (oldest !== entry) forget(oldest)
    }
    if (overfull()) {
      entry.spans.delete(spanId)
      entry.characters -= size
      spanCount--
      characters -= size
      droppedSpans++
      if (entry.spans.size === 0) entries.delete(traceId)
      return false
    }
    entry.quiet = false
    entry.summary = undefined
    return true
  }

  const rest = Effect.fnUntraced(function*(traceId: string, due: (summary: TraceSummary.TraceSummary) => boolean) {
    const entry = entries.get(traceId)
    if (entry === undefined || entry.quiet || !due(summaryOf(entry))) return
    entry.quiet = true
    yield* PubSub.publish(quiet, toStored(entry))
  })

  const awaitRest = Effect.fnUntraced(function*(traceId: string) {
    yield* Effect.sleep(quietAfter)
    yield* rest(traceId, (summary) => summary.complete)
    yield* Effect.sleep(patience)
    yield* rest(traceId, (summary) => summary.entered)
  })

  const add = Effect.fnUntraced(function*(spans: ReadonlyArray<ReceivedSpan>) {
    const grown = new Set<string>()
    for (const span of spans) if (insert(span)) grown.add(span.traceId)
    for (const traceId of forgotten.splice(0)) yield* FiberMap.remove(timers, traceId)
    for (const traceId of grown) {
      if (!entries.has(traceId)) continue
      yield* PubSub.publish(changes, traceId)
      yield* FiberMap.run(timers, traceId, awaitRest(traceId))
    }
  })

  const list = ({ error, limit = 100, service }: TraceFilter = {}) =>
    Effect.sync(() => {
      const found: Array<TraceSummary.TraceSummary> = []
      for (const entry of [...entries.values()].reverse()) {
        if (found.length >= limit) break
        const summary = summaryOf(entry)
        if (error !== undefined && summary.error !== error) continue
        if (service !== undefined && !summary.services.includes(service)) continue
        found.push(summary)
      }
      return found
    })

  const get = (traceId: string) =>
    Effect.sync(() => {
      const entry = entries.get(traceId)
      return entry === undefined ? undefined : toStored(entry)
    })

  const awaitQuiet = (traceId: string) =>
    Effect.scoped(Effect.gen(function*() {
      const arrivals = yield* PubSub.subscribe(quiet)
      const entry = entries.get(traceId)
      if (entry?.quiet === true) return toStored(entry)
      while (true) {
        const stored = yield* PubSub.take(arrivals)
        if (stored.summary.traceId === traceId) return stored
      }
    }))

  return TraceStore.of({
    add,
    list,
    get,
    counts: Effect.sync(() => ({ traces: entries.size, spans: spanCount, droppedTraces, droppedSpans })),
    changes: Stream.fromPubSub(changes),
    quiet: Stream.fromPubSub(quiet),
    awaitQuiet
  })
})

export const layer = (options?: TraceStoreOptions): Layer.Layer<TraceStore> => Layer.effect(TraceStore, make(options))
