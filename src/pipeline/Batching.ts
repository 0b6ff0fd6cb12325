/**
 * Where waiting happens: ended spans gather here and leave in batches.
 *
 * At most `queueSize` spans wait and one batch is on its way; what comes on
 * top is dropped and counted as `queue_full`, what comes after the end as
 * `shut_down`. Nothing is promised for a batch that fails: whoever wants a
 * second try decorates the exporter. Every span is entered in the books once.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { SpanExporter } from "../model/SpanExporter.ts"
import type { Flushed, SpanSink } from "../model/SpanSink.ts"
import { ExportError } from "../model/TracingError.ts"

export interface BatchingOptions {
  /** How many spans may wait. */
  readonly queueSize: number
  /** How many spans one export carries at most. */
  readonly batchSize: number
  /** How long a span waits for others at most. */
  readonly interval: Duration.Input
  /** After this long an export is given up. */
  readonly exportTimeout: Duration.Input
  /** How long closing the scope waits for what is left; 2.5 seconds by default. */
  readonly shutdownTimeout?: Duration.Input
  readonly books: SpanBooks.SpanBooks
  /** Keeps delivery from tracing itself: wraps all that this sink does on its own. */
  readonly untraced?: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** A flush that waits until all spans that came before it have left. */
interface Flush {
  readonly target: number
  readonly waited: number
  readonly done: Latch.Latch
  exported: number
}

type Loss = "queue_full" | "rejected"

const told: Readonly<Record<Loss, string>> = { queue_full: "found the queue full", rejected: "not delivered" }

const reportEvery = 60_000

/**
 * Makes a sink that exports what it is given, in batches, on a fiber of its own.
 *
 * A flush asks that fiber to hurry and waits for it: interrupting a flush
 * abandons the wait, not the spans. Closing the scope takes no more spans,
 * flushes within `shutdownTimeout`, and counts what is left as rejected.
 */
export const make = Effect.fnUntraced(function* (
  exporter: SpanExporter,
  options: BatchingOptions
): Effect.fn.Return<SpanSink, never, Scope.Scope> {
  const { batchSize, books, queueSize } = options
  const exportTimeout = Duration.fromInputUnsafe(options.exportTimeout)
  const quiet = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    (options.untraced ?? ((same) => same))(effect).pipe(
      Effect.updateContext(
        (context: Context.Context<R>) =>
          Context.omit(Tracer.ParentSpan)(context as Context.Context<R | Tracer.ParentSpan>) as Context.Context<R>
      )
    )

  let waiting: Array<SpanData> = []
  let closed = false
  // Positions in the order of arrival: everything before `settled` is done, up to `taken` it is on its way
  let accepted = 0
  let taken = 0
  let settled = 0
  let flushTarget = 0
  const flushes = new Set<Flush>()
  const some = Latch.makeUnsafe()
  const hurry = Latch.makeUnsafe()

  const push = (span: SpanData): void => {
    if (closed) return SpanBooks.drop(books, "shut_down")
    if (waiting.length >= queueSize) return lose("queue_full", 1)
    accepted++
    const length = waiting.push(span)
    if (length === 1) some.openUnsafe()
    if (length === batchSize) hurry.openUnsafe()
  }

  const lost = new Map<Loss, number>()
  let lastReport: number | undefined
  let lastError = ""
  const lose = (reason: Loss, count: number): void => {
    lost.set(reason, (lost.get(reason) ?? 0) + count)
    if (reason === "queue_full") SpanBooks.drop(books, reason, count)
    else books.rejected += count
  }

  /** The first loss is told at once, further ones once a minute. */
  const report = (last: boolean) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (lost.size === 0 || (!last && lastReport !== undefined && now - lastReport < reportEvery)) return Effect.void
      const counts = [...lost].map(([reason, count]) => `${count} ${told[reason]}`).join(", ")
      lost.clear()
      lastReport = now
      return Effect.logWarning(`Tracing lost spans: ${counts}.${lastError === "" ? "" : ` Last error: ${lastError}`}`)
    })

  const settle = (count: number, exit: Exit.Exit<void, ExportError>): void => {
    const from = settled
    settled += count
    if (Exit.isSuccess(exit)) books.exported += count
    else {
      const error = Cause.squash(exit.cause)
      if (!Cause.hasInterruptsOnly(exit.cause)) lastError = SensitiveKeys.redactText(String(error))
      else if (closed && lastError === "") lastError = "no answer before the end (TRACING_SHUTDOWN_TIMEOUT)."
      lose("rejected", count)
    }
    for (const flush of flushes) {
      if (Exit.isSuccess(exit)) flush.exported += Math.max(0, Math.min(settled, flush.target) - from)
      if (settled >= flush.target) flush.done.openUnsafe()
    }
  }

  const timedOut = new ExportError({
    reason: "TimedOut",
    endpoint: "the exporter",
    advice: `No answer within ${Duration.format(exportTimeout)} (TRACING_BATCH_EXPORT_TIMEOUT).`
  })

  const exportOne = Effect.suspend(() => {
    const batch = waiting.length <= batchSize ? waiting : waiting.slice(0, batchSize)
    waiting = waiting.length <= batchSize ? [] : waiting.slice(batchSize)
    taken += batch.length
    return Effect.suspend(() => exporter.export(batch)).pipe(
      Effect.timeoutOrElse({ duration: exportTimeout, orElse: () => Effect.fail(timedOut) }),
      Effect.onExit((exit) => Effect.sync(() => settle(batch.length, exit))),
      // Whatever an exporter does, it costs this batch and not the worker
      Effect.catchCause(() => Effect.void)
    )
  })

  // A latch resumes its waiters on the stack of whoever opens it, which may be `push`: hence the yields
  const round = Effect.gen(function* () {
    if (waiting.length === 0) {
      some.closeUnsafe()
      yield* some.await
      yield* Effect.yieldNow
    }
    hurry.closeUnsafe()
    if (waiting.length < batchSize && flushTarget <= taken) {
      yield* hurry.await.pipe(Effect.timeoutOption(options.interval))
      yield* Effect.yieldNow
    }
    const until = accepted
    yield* Effect.whileLoop({ while: () => taken < until, body: () => exportOne, step: () => undefined })
    yield* report(false)
  })

  const flush: Effect.Effect<Flushed> = Effect.suspend(() => {
    if (settled === accepted) return Effect.succeed({ exported: 0, left: 0 })
    const mine: Flush = { target: accepted, waited: accepted - settled, done: Latch.makeUnsafe(), exported: 0 }
    flushes.add(mine)
    flushTarget = accepted
    hurry.openUnsafe()
    return mine.done.await.pipe(
      Effect.map(() => ({ exported: mine.exported, left: mine.waited - mine.exported })),
      Effect.ensuring(Effect.sync(() => flushes.delete(mine)))
    )
  })

  const giveUp = Effect.sync(() => {
    const left = waiting.length
    waiting = []
    taken += left
    if (left > 0) settle(left, Exit.interrupt())
  })

  // Finalizers run last to first: stop taking spans and flush, then the worker ends, then the rest is given up
  yield* Effect.addFinalizer(() => giveUp.pipe(Effect.andThen(quiet(report(true)))))
  yield* Effect.forkScoped(quiet(Effect.forever(round)))
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      closed = true
      return flush
    }).pipe(Effect.interruptible, Effect.timeoutOption(options.shutdownTimeout ?? "2500 millis"))
  )
  return { push, flush }
})
