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
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { SpanExporter } from "../model/SpanExporter.ts"
import type { Flushed, SpanSink, Stage } from "../model/SpanSink.ts"
import type { ExportError } from "../model/TracingError.ts"
import { type Loss, LossReport } from "./LossReport.ts"
import * as SpoolDirectory from "./SpoolDirectory.ts"
import * as SpoolFiles from "./SpoolFiles.ts"
import { heartbeat } from "./SpoolOwner.ts"
import * as SpoolReader from "./SpoolReader.ts"
import type { Range, SpoolSegment } from "./SpoolSegment.ts"
import { SpoolStore } from "./SpoolStore.ts"
import { type SpoolPlace, SpoolWindow, type SpoolWindowOptions } from "./SpoolWindow.ts"

/** Spans as bytes and back. Neither throws. */
export interface SpoolCodec {
  /** `undefined` for a span that cannot be read. The bytes are used before the next call. */
  readonly encode: (span: SpanData) => Uint8Array | undefined
  readonly decode: (bytes: Uint8Array) => SpanData | undefined
}

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
  /** What may be in memory. The sink behind the stage must take as much. */
  readonly window: SpoolWindowOptions
  readonly books: SpanBooks.SpanBooks
  /** Keeps delivery from tracing itself: wraps all that the spool does on its own. */
  readonly untraced?: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly files?: SpoolFiles.SpoolFiles
}

/** Two ends of one thing: the exporter tells what has become of the spans that went through the stage. */
export interface Spool {
  readonly stage: Stage
  readonly exporter: (exporter: SpanExporter) => SpanExporter
}

/** How long spans that nobody could take rest before they are sent on again; how long a broken disk is left alone. */
const pause = "5 seconds"
/** So many spans are read back before others have their turn. */
const turn = 64

/** True for what may succeed at another time. An exporter that does not say is judged by its reason. */
const mayBeTakenLater = ({ reason, retryable }: ExportError): boolean =>
  retryable ?? (reason === "Unreachable" || reason === "TimedOut")

/** The places as neighbours, by segment. Spans of a batch mostly are. */
const rangesOf = (places: ReadonlyArray<SpoolPlace>): Map<SpoolSegment, Array<Range>> => {
  const ranges = new Map<SpoolSegment, Array<Range>>()
  for (const { index, segment } of places) {
    const known = ranges.get(segment)
    const last = known?.at(-1)
    if (known === undefined) ranges.set(segment, [[index, 1]])
    else if (last !== undefined && last[0] + last[1] === index) known[known.length - 1] = [last[0], last[1] + 1]
    else known.push([index, 1])
  }
  return ranges
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
): Effect.fn.Return<Spool, SpoolDirectory.SpoolError, Scope.Scope> {
  const { books, codec, directory, files = SpoolFiles.node } = options
  const quiet = options.untraced ?? ((effect) => effect)
  yield* SpoolDirectory.check(directory, files)

  const losses = new LossReport()
  const lose = (reason: Loss, count: number): void => {
    SpanBooks.drop(books, reason, count)
    losses.add(reason, count)
  }
  const trouble = Latch.makeUnsafe()
  const work = Latch.makeUnsafe()
  const fed = Latch.makeUnsafe()
  const window = new SpoolWindow(options.window)
  /** Spans that nobody could take; they rest before they are sent on again. */
  let returned: Array<SpanData> = []
  let closing = false
  let arrived = 0
  let why = ""

  const store = new SpoolStore(
    {
      directory,
      maxBytes: options.maxBytes,
      maxAge: Duration.toMillis(options.maxAge),
      segmentBytes: options.segmentBytes,
      sync: options.sync,
      key: options.key && Redacted.value(options.key),
      files,
      books,
      lost: lose,
      broken: (error) => {
        why = SpoolDirectory.codeOf(error)
        trouble.openUnsafe()
      }
    },
    yield* Clock.currentTimeMillis
  )

  const keep = (next: SpanSink, span: SpanData): void => {
    const bytes = codec.encode(span)
    const place = bytes === undefined ? undefined : store.append(bytes)
    const length = bytes?.length ?? 0
    if (place === undefined) {
      if (!closing && !window.hasRoom) return lose("queue_full", 1)
      window.add(span, undefined, length)
      next.push(span)
    } else if (closing || store.ownUnread > 0 || !window.hasRoom) {
      store.leave(place)
      work.openUnsafe()
    } else {
      store.hand(place)
      window.add(span, place, length)
      next.push(span)
    }
  }

  /** These spans are done, however that came. */
  const settle = (spans: ReadonlyArray<SpanData>): void => {
    const places: Array<SpoolPlace> = []
    for (const span of spans) {
      const place = window.remove(span)
      if (place !== undefined) places.push(place)
    }
    for (const [segment, ranges] of rangesOf(places)) store.settle(segment, ranges)
    work.openUnsafe()
  }

  /** Of spans that were not taken, those that are on disk come again. */
  const kept = (spans: ReadonlyArray<SpanData>): number => {
    let count = 0
    for (const span of spans) {
      const place = window.placeOf(span)
      const isKept = place !== undefined && !place.segment.removed
      if (isKept && !closing) returned.push(span)
      else window.remove(span)
      if (isKept && closing) store.abandon(place)
      if (isKept) count++
    }
    work.openUnsafe()
    return count
  }

  const exporter = (inner: SpanExporter): SpanExporter => ({
    ...inner,
    kept,
    export: (spans) =>
      Effect.suspend(() => inner.export(spans)).pipe(
        Effect.tap((leftOut) =>
          Effect.sync(() => {
            arrived += spans.length - (leftOut?.rejected ?? 0) - (leftOut?.unreadable ?? 0)
            settle(spans)
          })
        ),
        Effect.tapError((error) => (mayBeTakenLater(error) ? Effect.void : Effect.sync(() => settle(spans)))),
        // A defect comes back whenever the batch does
        Effect.tapDefect(() => Effect.sync(() => settle(spans)))
      )
  })

  /** Sends on what was read, as far as there is room. */
  const take = (page: SpoolReader.SpoolPage, next: SpanSink) =>
    Effect.whileLoop({
      while: () => page.records.length > 0 && window.hasRoom && !page.segment.removed && !closing,
      body: () => {
        const { records, segment } = page
        for (let count = 0; count < turn && records.length > 0 && window.hasRoom && !segment.removed; count++) {
          const record = records.pop()!
          const bytes = segment.open(record)
          const span = bytes && codec.decode(bytes)
          if (span !== undefined) window.add(span, { segment, index: record.index }, bytes!.length)
          store.taken(segment, span === undefined)
          if (span !== undefined) next.push(span)
        }
        return Effect.yieldNow
      },
      step: () => undefined
    })

  const feed = Effect.fnUntraced(function* (next: SpanSink) {
    let page: SpoolReader.SpoolPage | undefined
    while (true) {
      work.closeUnsafe()
      if (returned.length > 0) {
        yield* Effect.sleep(pause)
        const again = returned
        returned = []
        for (const span of again) next.push(span)
      }
      const due = window.hasRoom && !closing ? store.nextUnread(window.isHalfEmpty) : undefined
      if (page === undefined && due !== undefined) {
        page = yield* SpoolReader.read(due)
        if (page === undefined) yield* Effect.sleep(pause)
        for (let missing = page?.missing ?? 0; missing > 0 && !due.removed; missing--) store.taken(due, true)
      }
      if (page !== undefined) yield* take(page, next)
      if (page !== undefined && (page.records.length === 0 || page.segment.removed)) page = undefined
      fed.openUnsafe()
      if ((page === undefined && store.nextUnread(window.isHalfEmpty) === undefined) || !window.hasRoom || closing) {
        yield* work.await
        // A latch resumes its waiters on the stack of whoever opens it, which may be `push`
        yield* Effect.yieldNow
      }
    }
  })

  /** Until as many as waited have left memory and disk, or nobody takes anything. */
  const flush = Effect.fnUntraced(function* (next: SpanSink): Effect.fn.Return<Flushed> {
    const before = arrived
    const waiting = window.size + store.readable
    while (true) {
      fed.closeUnsafe()
      const { exported } = yield* next.flush
      const isStuck = exported === 0 && window.size > 0
      if (store.readable === 0 || isStuck || arrived - before >= waiting) break
      yield* Effect.raceFirst(fed.await, Effect.sleep("1 second"))
    }
    const exported = Math.min(waiting, arrived - before)
    return { exported, left: waiting - exported }
  })

  const stage: Stage = Effect.fnUntraced(function* (next) {
    yield* Effect.forkScoped(quiet(feed(next)))
    // What ends from now on waits on disk for the next start
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        closing = true
        kept(returned)
        returned = []
      })
    )
    return { push: (span) => keep(next, span), flush: flush(next) }
  })

  const tellTrouble = Effect.gen(function* () {
    yield* trouble.await
    yield* Effect.yieldNow
    yield* Effect.logWarning(
      `Tracing cannot write to its spool and keeps spans in memory alone: ${why} (TRACING_SPOOL_DIR, ${directory}).`
    )
    while (store.isBroken) {
      yield* Effect.sleep(pause)
      if (store.mend()) yield* Effect.logInfo("Tracing writes to its spool again.")
    }
    trouble.closeUnsafe()
    yield* Effect.sleep("1 minute")
  })

  const adopt = Effect.gen(function* () {
    const { adopted, locked } = yield* store.adopt(yield* Clock.currentTimeMillis)
    if (adopted > 0)
      yield* Effect.logInfo(`Tracing found ${adopted} spans of a process that is gone, and delivers them.`)
    if (locked > 0) {
      yield* Effect.logWarning(`Tracing cannot read ${locked} of them: encrypted with another key (TRACING_SPOOL_KEY).`)
    }
    work.openUnsafe()
  })

  const upkeep = Effect.gen(function* () {
    yield* adopt
    store.upkeep(yield* Clock.currentTimeMillis)
    yield* Effect.sleep(heartbeat)
  })

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      if (options.sync !== "none") yield* store.sync
      const left = store.close(yield* Clock.currentTimeMillis)
      yield* losses.tell
      if (left > 0) yield* Effect.logInfo(`Tracing leaves ${left} spans on disk for the next start.`)
    }).pipe(quiet)
  )
  yield* Effect.forkScoped(quiet(losses.run))
  yield* Effect.forkScoped(quiet(Effect.forever(tellTrouble)))
  yield* Effect.forkScoped(quiet(Effect.forever(upkeep)))
  if (options.sync === "interval") {
    yield* Effect.forkScoped(quiet(Effect.forever(Effect.andThen(Effect.sleep("1 second"), store.sync))))
  }
  return { stage, exporter }
})
