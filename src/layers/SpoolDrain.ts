/**
 * Delivers what a spool holds, without a program that makes spans: for tools.
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as SpanBooks from "../model/SpanBooks.ts"
import * as Delivery from "./Delivery.ts"
import * as Exporters from "./Exporters.ts"
import * as SpooledDelivery from "./SpooledDelivery.ts"
import type { TracingConfig } from "./TracingConfig.ts"
import type { TracingConfigError } from "./TracingConfigError.ts"

/** What became of the spans that were taken over. */
export interface Drained {
  /** Taken by every destination. */
  readonly sent: number
  /** Refused for good by some destination, and deleted. */
  readonly refused: number
  /** Deleted without being sent, by reason: too old, or damaged. */
  readonly dropped: Readonly<Record<string, number>>
  /** Still there, for whoever comes next. */
  readonly left: number
  /** Those among them that were written with another key. */
  readonly locked: number
  /** What last went wrong, without secrets: one sentence for each destination that has not recovered. */
  readonly errors: ReadonlyArray<string>
  readonly millis: number
}

/** Where there was nothing to do. */
export const nothing: Drained = { sent: 0, refused: 0, dropped: {}, left: 0, locked: 0, errors: [], millis: 0 }

/** How long spans that nobody could take are left alone. */
const pause = "50 millis"

/**
 * Takes over what processes that are gone have left, and sends it to every configured destination until nothing is left
 * or the deadline has come. Whether tracing is enabled is not asked.
 *
 * Spans of living processes are theirs. What could not be sent is left as it was, apart from what has arrived; a drain
 * that is killed is a process that is gone. Spans beyond `TRACING_SPOOL_MAX_AGE` are deleted as any start would, those
 * beyond `TRACING_SPOOL_MAX_BYTES` are not.
 */
export const run = Effect.fnUntraced(function* (
  settings: TracingConfig,
  spool: NonNullable<TracingConfig["spool"]>,
  deadline: Duration.Duration
): Effect.fn.Return<Drained, TracingConfigError> {
  const started = yield* Clock.currentTimeMillis
  const books = SpanBooks.make()
  const { locked, watches } = yield* Effect.scoped(
    Effect.gen(function* () {
      const watched = yield* Exporters.make(settings, Delivery.version)
      const sink = yield* SpooledDelivery.make(
        { ...spool, maxBytes: Number.MAX_SAFE_INTEGER },
        watched.map(({ destination }) => destination),
        { ...settings.batch, books, shutdownTimeout: settings.shutdownTimeout, untraced: yield* Delivery.alone }
      )
      yield* sink.adoption
      yield* Effect.andThen(
        sink.flush,
        Effect.suspend(() => (sink.waiting() > 0 ? Effect.sleep(pause) : Effect.void))
      ).pipe(Effect.repeat({ while: () => sink.waiting() > 0 }), Effect.timeoutOption(deadline))
      return { locked: SpanBooks.inFlight(books) - sink.waiting(), watches: watched.map(({ watch }) => watch) }
    })
  )
  return {
    sent: books.exported,
    refused: books.rejected,
    dropped: Object.fromEntries(books.dropped),
    left: SpanBooks.inFlight(books),
    locked,
    errors: watches.flatMap(({ failingSince, lastError }) =>
      failingSince === undefined || lastError === undefined ? [] : [lastError.message]
    ),
    millis: (yield* Clock.currentTimeMillis) - started
  }
})
