/**
 * Where telemetry that is no span waits: it gathers here and leaves in batches, one after the other.
 *
 * The same promises as `Batching` makes for spans, for what is less: bounded,
 * what comes on top is dropped and counted as `queue_full`, what comes after
 * the end as `shut_down`; the end of the scope flushes within a deadline. One
 * batch is under way at a time, and nothing outlives the process.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import type { Exporter } from "../model/SpanExporter.ts"
import type { Flushed } from "../model/SpanSink.ts"
import * as BatchOutcome from "./BatchOutcome.ts"
import { LossReport } from "./LossReport.ts"
import * as OwnFiber from "./OwnFiber.ts"
import { PendingFlushes } from "./PendingFlushes.ts"

export interface OutboxOptions<in Item> {
  /** What waits here, in messages: `log records`. */
  readonly what: string
  readonly queueSize: number
  /** How many bytes may wait, by `sizeOf`; whichever bound is met first counts. */
  readonly queueBytes: number
  readonly sizeOf: (item: Item) => number
  readonly batchSize: number
  /** How long an item waits for others at most. */
  readonly interval: Duration.Input
  /** After this long a batch on its way is given up. */
  readonly exportTimeout: Duration.Input
  /** How long closing the scope waits for what is left. */
  readonly shutdownTimeout: Duration.Input
  /** Keeps delivery from tracing itself: wraps all that this does on its own. */
  readonly untraced: OwnFiber.Around
}

/** What became of all that was pushed: `accepted = exported + rejected + waiting + sending`. */
export interface OutboxCounts {
  accepted: number
  exported: number
  rejected: number
  /** Never accepted, by reason. */
  readonly dropped: { queue_full: number; shut_down: number }
}

export interface Outbox<in Item> {
  /** Never blocks, throws or waits. */
  readonly push: (item: Item) => void
  readonly flush: Effect.Effect<Flushed>
  readonly counts: Readonly<OutboxCounts>
}

/** Makes one in front of an exporter. */
export const make = Effect.fnUntraced(function* <Item>(
  exporter: Exporter<ReadonlyArray<Item>>,
  options: OutboxOptions<Item>
): Effect.fn.Return<Outbox<Item>, never, Scope.Scope> {
  const { batchSize, interval, queueBytes, queueSize, sizeOf } = options
  const exportTimeout = Duration.fromInputUnsafe(options.exportTimeout)
  const counts: OutboxCounts = { accepted: 0, exported: 0, rejected: 0, dropped: { queue_full: 0, shut_down: 0 } }
  const waiting: Array<Item> = []
  const flushes = new PendingFlushes()
  const losses = new LossReport(undefined, options.what)
  const some = Latch.makeUnsafe()
  const hurry = Latch.makeUnsafe()
  let closed = false
  let settled = 0
  let bytes = 0
  const quiet = OwnFiber.apart(options.untraced)

  const push = (item: Item): void => {
    if (closed) return void counts.dropped.shut_down++
    if (waiting.length >= queueSize || bytes >= queueBytes) {
      counts.dropped.queue_full++
      return losses.add("queue_full", 1)
    }
    counts.accepted++
    bytes += sizeOf(item)
    if (waiting.push(item) >= batchSize) hurry.openUnsafe()
    some.openUnsafe()
  }

  const settle = (count: number, exit: BatchOutcome.ExportExit): void => {
    const { exported, message, rejected, unreadable } = BatchOutcome.fromExit(exit, count)
    counts.exported += exported
    counts.rejected += rejected + unreadable
    losses.add("rejected", rejected + unreadable)
    if (message !== undefined) losses.lastError = message
    else if (closed && rejected > 0) losses.lastError ||= BatchOutcome.endedBefore
    const from = settled
    settled += count
    // Last: whoever waited goes on at once, on this stack
    flushes.settle(from, count, exported)
  }

  const timedOut = BatchOutcome.timedOut(exportTimeout)

  /** Takes a batch only once it runs, so that none is lost between the queue and its export. */
  const sendNext = Effect.suspend(() => {
    const batch = waiting.splice(0, batchSize)
    for (const item of batch) bytes -= sizeOf(item)
    return Effect.suspend(() => exporter.export(batch)).pipe(
      Effect.timeoutOrElse({ duration: exportTimeout, orElse: () => Effect.fail(timedOut) }),
      Effect.onExit((exit) => Effect.sync(() => settle(batch.length, exit))),
      // Whatever an exporter does, it costs this batch and not the next
      Effect.catchCause(() => Effect.void)
    )
  })

  // A latch resumes its waiters on the stack of whoever opens it, which may be `push`: hence the yields
  const round = Effect.gen(function* () {
    if (waiting.length === 0) {
      some.closeUnsafe()
      yield* some.await
    }
    if (waiting.length < batchSize && flushes.target <= settled) {
      hurry.closeUnsafe()
      yield* Effect.timeoutOption(hurry.await, interval)
    }
    yield* Effect.yieldNow
    const until = counts.accepted
    yield* Effect.whileLoop({
      while: () => waiting.length > 0 && settled < until,
      body: () => sendNext,
      step: () => undefined
    })
  })

  const flush: Effect.Effect<Flushed> = Effect.suspend(() => {
    if (settled === counts.accepted) return Effect.succeed({ exported: 0, left: 0 })
    const settles = flushes.begin(counts.accepted, counts.accepted - settled)
    hurry.openUnsafe()
    return settles
  })

  // Finalizers run last to first: stop taking items and flush, then the worker ends, then the rest is given up
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      const left = waiting.splice(0).length
      if (left > 0) settle(left, Exit.interrupt())
      return quiet(losses.tell)
    })
  )
  yield* Effect.forkScoped(quiet(losses.run))
  yield* Effect.forkScoped(quiet(Effect.forever(round)))
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      closed = true
      return Effect.andThen(exporter.ending ?? Effect.void, flush)
    }).pipe(Effect.interruptible, Effect.timeoutOption(options.shutdownTimeout))
  )
  return { push, flush, counts }
})
