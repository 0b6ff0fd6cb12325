/**
 * Keeps received traces and says when each has come to rest.
 *
 * In memory, within the limits of `TraceMemory`, and in a file as well when
 * one is named: then what it held is there again at the next start. Without
 * one nothing is written to disk.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as TraceFile from "./TraceFile.ts"
import type { StoredTrace } from "./TraceEntry.ts"
import { type Intake, type MemoryCounts, TraceMemory, type TraceMemoryOptions } from "./TraceMemory.ts"
import * as TraceQuery from "./TraceQuery.ts"
import type { TraceSummary } from "./TraceSummary.ts"

export type { TraceFileError } from "./TraceFile.ts"
export type { StoredTrace, TraceContent } from "./TraceEntry.ts"
export type { MemoryCounts } from "./TraceMemory.ts"
export type { TraceSummary } from "./TraceSummary.ts"

export interface TraceStoreOptions extends TraceMemoryOptions {
  /** How long a trace that looks complete must rest before it counts as finished. Default 400 ms. */
  readonly quietAfter?: Duration.Input | undefined
  /** How much longer one with gaps must, whose other spans may wait in a batch somewhere. Default 6 s. */
  readonly patience?: Duration.Input | undefined
  /** Traces that have not grown for so long are let go. By default only the limits of memory make them go. */
  readonly maxAge?: Duration.Input | undefined
  /** An SQLite file that keeps the traces beyond the process; made where there is none, readable by its owner alone. */
  readonly file?: string | undefined
}

export interface TraceFilter {
  readonly service?: string | undefined
  readonly error?: boolean | undefined
  /** See `TraceQuery`. */
  readonly query?: TraceQuery.TraceQuery | undefined
  /** Default 100. */
  readonly limit?: number | undefined
}

/** What became of a trace. */
export interface TraceChange {
  readonly change: "grown" | "gone"
  readonly traceId: string
}

export class TraceStore extends Context.Service<
  TraceStore,
  {
    /** Takes spans of any traces. A span that is here already is passed over. */
    readonly add: (spans: ReadonlyArray<ReceivedSpan>) => Effect.Effect<void>
    /**
     * Takes log records: those of a trace that is here join it, those of others wait for theirs within limits, those
     * of none are counted and let go. A record that is here already is passed over. A trace at rest stays so.
     */
    readonly addLogs: (logs: ReadonlyArray<ReceivedLog>) => Effect.Effect<void>
    /** The latest traces first. */
    readonly list: (filter?: TraceFilter) => Effect.Effect<ReadonlyArray<TraceSummary>>
    readonly get: (traceId: string) => Effect.Effect<StoredTrace | undefined>
    /** Lets these traces go, or all of them; says how many went. */
    readonly clear: (traceIds?: ReadonlyArray<string>) => Effect.Effect<number>
    readonly counts: Effect.Effect<MemoryCounts>
    /** Every trace that grows or goes. A reader that is too slow misses the oldest. */
    readonly changes: Stream.Stream<TraceChange>
    /** Every trace that has come to rest; again when it grew afterwards. A reader that is too slow misses the oldest. */
    readonly quiet: Stream.Stream<StoredTrace>
    /** Waits until the trace has come to rest; at once when it already has. */
    readonly awaitQuiet: (traceId: string) => Effect.Effect<StoredTrace>
  }
>()("@gorax/tracing/viewer/TraceStore") {}

const makeWith = Effect.fnUntraced(function* (options: TraceStoreOptions, file: TraceFile.TraceFile | undefined) {
  const { maxAge, patience = "6 seconds", quietAfter = "400 millis" } = options
  const memory = new TraceMemory(options)
  const { entries } = memory
  const changes = yield* PubSub.sliding<TraceChange>(4096)
  const quiet = yield* PubSub.sliding<StoredTrace>(1024)
  /** One for each trace that has not come to rest; it begins anew with every arrival. */
  const timers = yield* FiberMap.make<string>()

  const tell = (change: TraceChange) => PubSub.publish(changes, change)

  const rest = Effect.fnUntraced(function* (traceId: string, isDue: (summary: TraceSummary) => boolean) {
    const entry = entries.get(traceId)
    if (entry === undefined || entry.quiet) return
    if (entry.settle()) yield* tell({ change: "grown", traceId })
    if (!isDue(entry.summary)) return
    entry.quiet = true
    yield* PubSub.publish(quiet, entry.toStored())
  })

  const awaitRest = Effect.fnUntraced(function* (traceId: string) {
    yield* Effect.sleep(quietAfter)
    yield* rest(traceId, (summary) => summary.complete)
    yield* Effect.sleep(patience)
    yield* rest(traceId, (summary) => summary.entered)
  })

  const forget = Effect.fnUntraced(function* (traceIds: Iterable<string>) {
    for (const traceId of traceIds) {
      yield* FiberMap.remove(timers, traceId)
      yield* tell({ change: "gone", traceId })
      file?.remove(traceId)
    }
  })

  /** Does the same in the file, and says which traces grew. */
  const keep = Effect.fnUntraced(function* ({ gone, grown, noted, taken }: Intake) {
    file?.add(taken, noted)
    yield* forget(gone)
    const here = [...grown].filter((traceId) => entries.has(traceId))
    for (const traceId of here) yield* tell({ change: "grown", traceId })
    return here
  })

  const add = Effect.fnUntraced(function* (spans: ReadonlyArray<ReceivedSpan>) {
    const intake = memory.add(spans, yield* Clock.currentTimeMillis)
    for (const traceId of yield* keep(intake)) yield* FiberMap.run(timers, traceId, awaitRest(traceId))
  })

  const addLogs = Effect.fnUntraced(function* (logs: ReadonlyArray<ReceivedLog>) {
    yield* keep(memory.addLogs(logs, yield* Clock.currentTimeMillis))
  })

  const clear = Effect.fnUntraced(function* (traceIds?: ReadonlyArray<string>) {
    const gone = (traceIds ?? [...entries.keys()]).filter((traceId) => memory.remove(traceId))
    yield* forget(gone)
    if (traceIds === undefined) memory.clearWaiting()
    return gone.length
  })

  const list = ({ error, limit = 100, query, service }: TraceFilter = {}) =>
    Effect.sync(() => {
      const found: Array<TraceSummary> = []
      for (const { spans, summary } of [...entries.values()].reverse()) {
        if (found.length >= limit) break
        if (error !== undefined && summary.error !== error) continue
        if (service !== undefined && !summary.services.includes(service)) continue
        if (query !== undefined && !TraceQuery.matchesTrace(query, summary, spans.values())) continue
        found.push(summary)
      }
      return found
    })

  const awaitQuiet = (traceId: string) =>
    Effect.scoped(
      Effect.gen(function* () {
        const arrivals = yield* PubSub.subscribe(quiet)
        const entry = entries.get(traceId)
        if (entry?.quiet === true) return entry.toStored()
        while (true) {
          const stored = yield* PubSub.take(arrivals)
          if (stored.summary.traceId === traceId) return stored
        }
      })
    )

  if (file !== undefined) {
    const now = yield* Clock.currentTimeMillis
    for (const { logs, spans } of file.load()) {
      yield* forget(memory.add(spans, now).gone)
      yield* forget(memory.addLogs(logs, now).gone)
    }
    // They came to rest before
    for (const entry of entries.values()) entry.quiet = true
  }
  if (maxAge !== undefined) {
    const age = Duration.toMillis(maxAge)
    const sweep = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      clear(
        Array.from(entries.values())
          .filter(({ grewAt }) => now - grewAt >= age)
          .map(({ traceId }) => traceId)
      )
    )
    const often = Duration.millis(Math.min(60_000, Math.max(100, age / 10)))
    yield* Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(often)))
  }

  return TraceStore.of({
    add,
    addLogs,
    list,
    clear,
    get: (traceId) => Effect.sync(() => entries.get(traceId)?.toStored()),
    counts: Effect.sync(() => memory.counts),
    changes: Stream.fromPubSub(changes),
    quiet: Stream.fromPubSub(quiet),
    awaitQuiet
  })
})

/** A store in memory; `layer` takes a file too. */
export const make = (options: Omit<TraceStoreOptions, "file"> = {}) => makeWith(options, undefined)

/** Fails when the file cannot be used: it says why. */
export const layer = (options: TraceStoreOptions = {}): Layer.Layer<TraceStore, TraceFile.TraceFileError> =>
  Layer.effect(
    TraceStore,
    Effect.gen(function* () {
      const { file } = options
      return yield* makeWith(options, file === undefined ? undefined : yield* TraceFile.open(file))
    })
  )
