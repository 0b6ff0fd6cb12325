/**
 * Spans on disk from the moment they end until they have arrived, so that a killed process loses none.
 *
 * Every span is written before it goes on; that is one synchronous append. What
 * fits into memory goes straight on to be batched, what does not is read back
 * in order when there is room. What has arrived, or was refused for good, is
 * deleted. What a process leaves behind is taken over by the next that uses
 * the folder. Where the disk takes nothing, spans are delivered from memory.
 *
 * A span arrives at least once; twice it arrives only when the process was
 * killed between its arrival and the note that is made of it.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { Flushed, SpanSink, Stage } from "../model/SpanSink.ts"
import type { ExportError } from "../model/TracingError.ts"
import type { BatchingOptions } from "./Batching.ts"
import { type Loss, LossReport } from "./LossReport.ts"
import * as SpoolAccess from "./SpoolAccess.ts"
import type { SpoolCodec } from "./SpoolCodec.ts"
import type { SpoolError } from "./SpoolError.ts"
import { SpoolFeed } from "./SpoolFeed.ts"
import * as SpoolFiles from "./SpoolFiles.ts"
import * as SpoolRange from "./SpoolRange.ts"
import { SpoolStore } from "./SpoolStore.ts"
import { SpoolUpkeep } from "./SpoolUpkeep.ts"
import { SpoolWindow, type SpoolWindowOptions } from "./SpoolWindow.ts"

export interface SpoolOptions {
  /** Made where it is not there. Must belong to this user and be writable by nobody else. */
  readonly directory: string
  readonly codec: SpoolCodec
  /** How many bytes the spans of this process may take on disk; at least four segments. */
  readonly maxBytes: number
  /** Spans that wait longer are given up; a segment at a time, so it may be a quarter more. */
  readonly maxAge: Duration.Input
  /** How large a file becomes. A larger span is kept in memory alone. */
  readonly segmentBytes: number
  /** When the disk itself has what is written: whenever the system likes, within a second, or before the span has ended. */
  readonly sync: "none" | "interval" | "each"
  /** 32 bytes. With it spans are encrypted. */
  readonly key?: Redacted.Redacted<Uint8Array> | undefined
  /** What may be in memory, for all destinations together. The sink behind the stage must take as much. */
  readonly window: SpoolWindowOptions
  readonly books: SpanBooks.SpanBooks
  /** Keeps delivery from tracing itself: wraps all that the spool does on its own. */
  readonly untraced?: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly files?: SpoolFiles.SpoolFiles
}

/** Two ends of one thing: the sink behind the stage tells what has become of the spans that went through it. */
export interface Spool extends Required<Pick<BatchingOptions, "keep" | "onFate">> {
  readonly stage: Stage
  /** Waits until what was there at the start has been taken over, less what belongs to the living. */
  readonly adoption: Effect.Effect<void>
  /** Spans on their way and on disk, less those that cannot be read. */
  readonly waiting: () => number
}

/**
 * True for what may succeed at another time: what was interrupted, and what the exporter says so of, or else its reason.
 * A defect comes back whenever the batch does.
 */
const mayBeTakenLater = (cause: Cause.Cause<ExportError>): boolean => {
  if (Cause.hasInterruptsOnly(cause)) return true
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  return error !== undefined && (error.retryable ?? (error.reason === "Unreachable" || error.reason === "TimedOut"))
}

/**
 * Opens a spool; fails when its folder may not be used.
 *
 * Make it before the sink that its stage stands in front of: it must be
 * closed after that. Closing leaves on disk what has not arrived, for whoever
 * uses the folder next.
 */
export const make = Effect.fnUntraced(function* (
  options: SpoolOptions
): Effect.fn.Return<Spool, SpoolError, Scope.Scope> {
  const { books, codec, directory, files = SpoolFiles.node } = options
  const quiet = options.untraced ?? ((effect) => effect)
  yield* SpoolAccess.check(directory, files)

  const losses = new LossReport()
  const lose = (reason: Loss, count: number): void => {
    SpanBooks.drop(books, reason, count)
    losses.add(reason, count)
  }
  const upkeep = new SpoolUpkeep()
  const window = new SpoolWindow(options.window)
  const storeOptions = {
    directory,
    maxBytes: options.maxBytes,
    maxAge: Duration.toMillis(options.maxAge),
    segmentBytes: options.segmentBytes,
    sync: options.sync,
    key: options.key && Redacted.value(options.key),
    files,
    books,
    lost: lose,
    broken: (error: unknown) => upkeep.broken(SpoolAccess.codeOf(error))
  }
  const store = new SpoolStore(storeOptions, yield* Clock.currentTimeMillis)
  const feed = new SpoolFeed(store, window, codec.decode)
  let arrived = 0

  const take = (next: SpanSink, span: SpanData): void => {
    const bytes = codec.encode(span)
    const place = bytes === undefined ? undefined : store.append(bytes)
    if (place === undefined) {
      if (!feed.isClosed && !window.hasRoom) return lose("queue_full", 1)
    } else if (feed.isClosed || store.ownUnread > 0 || !window.hasRoom) {
      store.leave(place)
      return feed.wake()
    } else store.hand(place)
    window.add(span, place, bytes?.length ?? 0)
    next.push(span)
  }

  /** These spans are done, however that came. */
  const onFate: Spool["onFate"] = (fate, spans) => {
    if (fate === "exported") arrived += spans.length
    const places = spans.map((span) => window.remove(span)).filter((place) => place !== undefined)
    for (const [segment, ranges] of SpoolRange.fromPlaces(places)) store.settle(segment, ranges)
    feed.wake()
  }

  const isOnDisk = (span: SpanData): boolean => window.placeOf(span)?.segment.removed === false

  /** It stays on disk for the next start, however many destinations ask for that. */
  const leave = (span: SpanData): void => {
    const place = window.leave(span)
    if (place !== undefined) store.abandon(place)
  }

  /** Of spans that were not taken, those that are on disk come again: later, or when the next process starts. */
  const keep: Spool["keep"] = (spans, cause) => {
    if (!mayBeTakenLater(cause)) return spans
    const lost: Array<SpanData> = []
    for (const span of spans) {
      if (!isOnDisk(span)) lost.push(span)
      else if (feed.isClosed) leave(span)
      else feed.giveBack(span)
    }
    feed.wake()
    return lost
  }

  const waiting = (): number => window.size + store.readable

  /** Until as many as waited have left memory and disk, or nobody takes anything. */
  const flush = Effect.fnUntraced(function* (next: SpanSink): Effect.fn.Return<Flushed> {
    const before = arrived
    const awaited = waiting()
    while (true) {
      const { exported } = yield* next.flush
      const isStuck = exported === 0 && window.size > 0
      if (store.readable === 0 || isStuck || arrived - before >= awaited) break
      yield* feed.progress
    }
    const exported = Math.min(awaited, arrived - before)
    return { exported, left: awaited - exported }
  })

  const stage: Stage = Effect.fnUntraced(function* (next) {
    yield* Effect.forkScoped(quiet(feed.run(next)))
    // What ends from now on waits on disk for the next start
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const span of feed.close()) {
          if (isOnDisk(span)) leave(span)
          else lose("spool_full", 1)
        }
      })
    )
    return { push: (span) => take(next, span), flush: flush(next) }
  })

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      if (options.sync !== "none") yield* store.sync.run
      const left = store.close(yield* Clock.currentTimeMillis)
      yield* losses.tell
      if (left > 0) yield* Effect.logInfo(`Tracing leaves ${left} spans on disk for the next start.`)
    }).pipe(quiet)
  )
  const fibers = [losses.run, upkeep.mend(store, directory), upkeep.run(store, () => feed.wake())]
  if (options.sync === "interval") {
    fibers.push(Effect.forever(Effect.andThen(Effect.sleep("1 second"), store.sync.run)))
  }
  yield* Effect.forEach(fibers, (fiber) => Effect.forkScoped(quiet(fiber)), { discard: true })
  return { stage, keep, onFate, adoption: upkeep.adopted, waiting }
})
