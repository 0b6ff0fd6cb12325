/**
 * Where waiting happens: ended spans gather here and leave in batches.
 *
 * What waits is bounded in spans and bytes, what is on its way in batches;
 * what comes on top is dropped and counted as `queue_full`, what comes after
 * the end as `shut_down`. One batch is under way while the destination keeps
 * up, and more of them, up to `concurrency`, the more it falls behind. Nothing
 * is promised for a batch that fails: whoever wants a second try decorates
 * the exporter, and whoever has the spans elsewhere may keep them for later.
 * Every span is entered in the books once, when nobody keeps it any more.
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { AnySpanExporter, Countable, Exporter } from "../model/SpanExporter.ts"
import type { Flushed, SpanSink } from "../model/SpanSink.ts"
import type { ExportError } from "../model/TracingError.ts"
import * as BatchOutcome from "./BatchOutcome.ts"
import { type Batch, BatchQueue, type BatchQueueOptions } from "./BatchQueue.ts"
import { LossReport } from "./LossReport.ts"
import * as OwnFiber from "./OwnFiber.ts"
import { PendingFlushes } from "./PendingFlushes.ts"
import type { QueueView } from "./QueueView.ts"
import * as SpanForm from "./SpanForm.ts"
import * as SpanWorth from "./SpanWorth.ts"
import { TornTraces } from "./TornTraces.ts"

export interface BatchingOptions extends BatchQueueOptions {
  /** How many batches may be on their way at once. */
  readonly concurrency: number
  /**
   * Who goes when the queue is full: the newest span; the oldest batch; the whole trace of the newest span, what of it
   * waits and what is still to come; or of the spans that wait those that are worth least, if the newest is worth more.
   */
  readonly drop: "newest" | "oldest" | "trace" | "priority"
  /** How long a span waits for others at most. */
  readonly interval: Duration.Input
  /** After this long a batch on its way is given up. */
  readonly exportTimeout: Duration.Input
  /** How long closing the scope waits for what is left; 2.5 seconds by default. */
  readonly shutdownTimeout?: Duration.Input
  readonly books: SpanBooks.SpanBooks
  /** Told what became of every span, once. Of a batch that was taken in part, how many it was is known, and not which. */
  readonly onFate?: (fate: SpanBooks.Fate, spans: ReadonlyArray<SpanData>) => void
  /**
   * Asked once about a batch that failed, or was never sent, and why: answers the spans that are lost. The others are
   * kept for another time: they have no fate yet, and are pushed again, later than this answers, or never.
   */
  readonly keep?: (spans: ReadonlyArray<SpanData>, cause: Cause.Cause<ExportError>) => ReadonlyArray<SpanData>
  /** What the destination is called in messages, where there are several. */
  readonly destination?: string
  /** Handed what can be seen of the queue, once. */
  readonly onQueue?: (queue: QueueView) => void
  /** Keeps delivery from tracing itself: wraps all that this sink does on its own. */
  readonly untraced?: OwnFiber.Around
}

/** What `fates` and `keep` are told of is spans, whatever the form they wait in. */
interface Told<Spans> {
  readonly onFate: ((fate: SpanBooks.Fate, spans: Spans) => void) | undefined
  readonly keep: ((spans: Spans, cause: Cause.Cause<ExportError>) => Spans) | undefined
}

const batching = Effect.fnUntraced(function* <Spans extends Countable<Spans>>(
  exporter: Exporter<Spans>,
  form: SpanForm.SpanForm<Spans>,
  told: Told<Spans>,
  options: BatchingOptions
): Effect.fn.Return<SpanSink, never, Scope.Scope> {
  const { books, concurrency, interval } = options
  const exportTimeout = Duration.fromInputUnsafe(options.exportTimeout)
  const quiet = OwnFiber.apart(options.untraced)

  const queue = new BatchQueue(form, options)
  const flushes = new PendingFlushes()
  const losses = new LossReport(options.destination)
  const slots = Semaphore.makeUnsafe(concurrency)
  const some = Latch.makeUnsafe()
  const hurry = Latch.makeUnsafe()
  let closed = false
  let settled = 0
  let handedOver = 0

  const enter = (fate: SpanBooks.Fate, spans: Spans): void => {
    if (spans.length === 0) return
    SpanBooks.enter(books, fate, spans.length, () => form.traceIdsOf(spans))
    told.onFate?.(fate, spans)
  }

  /** Of a span that never waits. It takes on its form only where somebody is to be told of it. */
  const enterOne = (fate: SpanBooks.Fate, span: SpanData): void => {
    SpanBooks.enter(books, fate, 1, () => [span.traceId])
    if (told.onFate !== undefined) told.onFate(fate, form.from([span]))
  }

  const push = (span: SpanData): void => {
    if (closed) return enterOne({ dropped: "shut_down" }, span)
    if ((queue.isFull && !makeRoom(span)) || torn.has(span)) {
      losses.add("queue_full", 1)
      return enterOne({ dropped: "queue_full" }, span)
    }
    if (queue.push(span)) hurry.openUnsafe()
    if (queue.waiting === 1) some.openUnsafe()
  }

  const torn = new TornTraces()

  /** False where it is the newest that goes. */
  const makeRoom = (span: SpanData): boolean => {
    if (options.drop === "trace") torn.add(span)
    const given =
      options.drop === "oldest" ? queue.take() : options.drop === "priority" && queue.thin(SpanWorth.of(span))
    if (!given) return false
    drop(given)
    return true
  }

  /** The next batch, without what is given up. */
  const takeBatch = (): Batch<Spans> | undefined => {
    const batch = queue.take()
    if (batch === undefined || options.drop !== "trace" || form.filter === undefined) return batch
    const lost = form.filter(batch.spans, torn.has)
    if (lost.length === 0) return batch
    const length = batch.length - lost.length
    drop({ from: batch.from + length, length: lost.length, spans: lost })
    return { from: batch.from, length, spans: form.filter(batch.spans, (span) => !torn.has(span)) }
  }

  const lose = (spans: Spans): void => {
    enter({ dropped: "queue_full" }, spans)
    losses.add("queue_full", spans.length)
  }

  const drop = ({ from, length, spans }: Batch<Spans>): void => {
    lose(spans)
    settled += length
    flushes.settle(from, length, 0)
  }

  const settle = (batch: Batch<Spans>, exit: BatchOutcome.ExportExit): void => {
    const isKept = Exit.isFailure(exit) && told.keep !== undefined
    const spans = isKept ? told.keep(batch.spans, exit.cause) : batch.spans
    const { exported, message, rejected, unreadable } = BatchOutcome.fromExit(exit, spans.length)
    settled += batch.length
    enter("exported", rejected + unreadable === 0 ? spans : spans.slice(0, exported))
    enter("rejected", spans.slice(exported, exported + rejected))
    losses.add("rejected", rejected)
    enter({ dropped: "unreadable" }, spans.slice(exported + rejected))
    losses.add("unreadable", unreadable)
    if (message !== undefined) losses.lastError = message
    else if (closed && rejected > 0) losses.lastError ||= BatchOutcome.endedBefore
    flushes.settle(batch.from, batch.length, exported)
  }

  const timedOut = BatchOutcome.timedOut(exportTimeout)

  const exportOne = (batch: Batch<Spans>) =>
    Effect.suspend(() => exporter.export(batch.spans)).pipe(
      Effect.timeoutOrElse({ duration: exportTimeout, orElse: () => Effect.fail(timedOut) }),
      Effect.onExit((exit) => Effect.sync(() => settle(batch, exit)))
    )

  /** Takes a batch only once it runs, so that none is lost between the queue and its export. */
  const exportNext = Effect.suspend(() => {
    const batch = takeBatch()
    if (batch === undefined || batch.length === 0) return Effect.void
    handedOver += batch.length
    return exportOne(batch)
  }).pipe(
    Effect.ensuring(slots.release(1)),
    // Whatever an exporter does, it costs this batch and not the next
    Effect.catchCause(() => Effect.void)
  )

  /** Sends off what waits before a position, each batch on a fiber of its own, as soon as there is a slot for it. */
  const sendUntil = (position: number) =>
    Effect.whileLoop({
      while: () => queue.waiting > 0 && queue.next < position,
      body: () => Effect.andThen(slots.take(1), Effect.forkChild(exportNext, { startImmediately: true })),
      step: () => undefined
    })

  // A latch resumes its waiters on the stack of whoever opens it, which may be `push`: hence the yields
  const round = Effect.gen(function* () {
    if (queue.waiting === 0) {
      some.closeUnsafe()
      yield* some.await
      yield* Effect.yieldNow
    }
    hurry.closeUnsafe()
    let everything = flushes.target > queue.next
    if (!everything && queue.filled === queue.next) {
      everything = Option.isNone(yield* Effect.timeoutOption(hurry.await, interval)) || flushes.target > queue.next
      yield* Effect.yieldNow
    }
    yield* sendUntil(everything ? queue.accepted : queue.filled)
  })

  const flush: Effect.Effect<Flushed> = Effect.suspend(() => {
    if (settled === queue.accepted) return Effect.succeed({ exported: 0, left: 0 })
    const settles = flushes.begin(queue.accepted, queue.accepted - settled)
    hurry.openUnsafe()
    return settles
  })

  const giveUp = Effect.sync(() => {
    for (let batch = queue.take(); batch !== undefined; batch = queue.take()) settle(batch, Exit.interrupt())
  })

  // Finalizers run last to first: stop taking spans and flush, then the worker ends, then the rest is given up
  yield* Effect.addFinalizer(() => giveUp.pipe(Effect.andThen(quiet(losses.tell))))
  yield* Effect.forkScoped(quiet(losses.run))
  yield* Effect.forkScoped(quiet(Effect.forever(round)))
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      closed = true
      return Effect.andThen(exporter.ending ?? Effect.void, flush)
    }).pipe(Effect.interruptible, Effect.timeoutOption(options.shutdownTimeout ?? "2500 millis"))
  )
  options.onQueue?.({
    books,
    maxSpans: options.queueSize,
    maxBytes: options.queueBytes,
    get waiting() {
      return queue.waiting
    },
    get bytes() {
      return queue.bytes
    },
    get sending() {
      return queue.accepted - settled - queue.waiting
    },
    get handedOver() {
      return handedOver
    },
    get isFull() {
      return queue.isFull
    }
  })
  return { push, flush }
})

/**
 * Makes a sink that exports what it is given, in batches, on fibers of its own.
 *
 * A flush asks them to hurry and waits for them: interrupting a flush
 * abandons the wait, not the spans. Closing the scope takes no more spans,
 * tells the exporter that the end has come, flushes within `shutdownTimeout`,
 * and counts what is left, and nobody keeps, as rejected.
 *
 * For an exporter that can encode them, spans wait as bytes, unless somebody
 * wants to tell one from another: who is told what became of each, or who
 * chooses among them.
 */
export const make = (
  exporter: AnySpanExporter,
  options: BatchingOptions
): Effect.Effect<SpanSink, never, Scope.Scope> => {
  const { keep, onFate } = options
  if (!SpanForm.isEncoding(exporter)) return batching(exporter, SpanForm.asTheyAre, { keep, onFate }, options)
  const isAnyLike = options.drop === "newest" || options.drop === "oldest"
  if (!isAnyLike || keep !== undefined || onFate !== undefined) return make(SpanForm.late(exporter), options)
  return batching(exporter, SpanForm.encodedBy(exporter), { keep: undefined, onFate: undefined }, options)
}
