/**
 * Keeps received traces and says when each has come to rest.
 *
 * In memory, within the limits of `TraceMemory`; nothing is written to disk.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import { type MemoryCounts, type StoredTrace, TraceMemory, type TraceMemoryOptions } from "./TraceMemory.ts"
import type { TraceSummary } from "./TraceSummary.ts"

export type { MemoryCounts, StoredTrace } from "./TraceMemory.ts"
export type { TraceSummary } from "./TraceSummary.ts"

export interface TraceStoreOptions extends TraceMemoryOptions {
  /** How long a trace that looks complete must rest before it counts as finished. Default 400 ms. */
  readonly quietAfter?: Duration.Input | undefined
  /** How much longer one with gaps must, whose other spans may wait in a batch somewhere. Default 6 s. */
  readonly patience?: Duration.Input | undefined
}

export interface TraceFilter {
  readonly service?: string | undefined
  readonly error?: boolean | undefined
  /** Default 100. */
  readonly limit?: number | undefined
}

export class TraceStore extends Context.Service<
  TraceStore,
  {
    /** Takes spans of any traces. A span that is here already is passed over. */
    readonly add: (spans: ReadonlyArray<ReceivedSpan>) => Effect.Effect<void>
    /** The latest traces first. */
    readonly list: (filter?: TraceFilter) => Effect.Effect<ReadonlyArray<TraceSummary>>
    readonly get: (traceId: string) => Effect.Effect<StoredTrace | undefined>
    readonly counts: Effect.Effect<MemoryCounts>
    /** The id of every trace that grows. A reader that is too slow misses the oldest. */
    readonly changes: Stream.Stream<string>
    /** Every trace that has come to rest; again when it grew afterwards. A reader that is too slow misses the oldest. */
    readonly quiet: Stream.Stream<StoredTrace>
    /** Waits until the trace has come to rest; at once when it already has. */
    readonly awaitQuiet: (traceId: string) => Effect.Effect<StoredTrace>
  }
>()("@gorax/tracing/viewer/TraceStore") {}

export const make = Effect.fnUntraced(function* (options: TraceStoreOptions = {}) {
  const { patience = "6 seconds", quietAfter = "400 millis" } = options
  const memory = new TraceMemory(options)
  const { entries } = memory
  const changes = yield* PubSub.sliding<string>(1024)
  const quiet = yield* PubSub.sliding<StoredTrace>(1024)
  /** One for each trace that has not come to rest; it begins anew with every arrival. */
  const timers = yield* FiberMap.make<string>()

  const rest = Effect.fnUntraced(function* (traceId: string, isDue: (summary: TraceSummary) => boolean) {
    const entry = entries.get(traceId)
    if (entry === undefined || entry.quiet || !isDue(entry.summary)) return
    entry.quiet = true
    yield* PubSub.publish(quiet, entry.toStored())
  })

  const awaitRest = Effect.fnUntraced(function* (traceId: string) {
    yield* Effect.sleep(quietAfter)
    yield* rest(traceId, (summary) => summary.complete)
    yield* Effect.sleep(patience)
    yield* rest(traceId, (summary) => summary.entered)
  })

  const add = Effect.fnUntraced(function* (spans: ReadonlyArray<ReceivedSpan>) {
    const { gone, grown } = memory.add(spans)
    for (const traceId of gone) yield* FiberMap.remove(timers, traceId)
    for (const traceId of grown) {
      if (!entries.has(traceId)) continue
      yield* PubSub.publish(changes, traceId)
      yield* FiberMap.run(timers, traceId, awaitRest(traceId))
    }
  })

  const list = ({ error, limit = 100, service }: TraceFilter = {}) =>
    Effect.sync(() => {
      const found: Array<TraceSummary> = []
      for (const { summary } of [...entries.values()].reverse()) {
        if (found.length >= limit) break
        if (error !== undefined && summary.error !== error) continue
        if (service !== undefined && !summary.services.includes(service)) continue
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

  return TraceStore.of({
    add,
    list,
    get: (traceId) => Effect.sync(() => entries.get(traceId)?.toStored()),
    counts: Effect.sync(() => memory.counts),
    changes: Stream.fromPubSub(changes),
    quiet: Stream.fromPubSub(quiet),
    awaitQuiet
  })
})

export const layer = (options?: TraceStoreOptions): Layer.Layer<TraceStore> => Layer.effect(TraceStore, make(options))
