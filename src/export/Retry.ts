/**
 * Tries again what may be taken later.
 *
 * All batches of an exporter share one view of its destination. While it
 * takes nothing, one of them knocks at a time, each in its turn, and the
 * others wait; as soon as one is taken, all go. So an outage costs the
 * destination one request at a time, a batch that it chokes on holds up no
 * other, and what waited arrives at once when it is back.
 *
 * There is no limit to how often a batch is tried: whoever asked for the
 * export decides how long it may take, by interrupting it.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Semaphore from "effect/Semaphore"
import { decorate, type LeftOut, type Exporter } from "../model/SpanExporter.ts"
import type { ExportError } from "../model/TracingError.ts"
import { Outage } from "./Outage.ts"

export interface RetryOptions {
  /** The wait after the first failure, 1 second by default. Each further one doubles it, less a jitter of up to half. */
  readonly delay?: Duration.Input
  /** No wait is longer, 5 seconds by default, unless the destination asks for it, and then 5 minutes at most. */
  readonly maxDelay?: Duration.Input
}

/**
 * Decorates an exporter so that it fails only with what another try cannot mend.
 *
 * Once the end has come, waits are cut short, what waited has its try, and a
 * destination that does not even answer is not asked again.
 */
export const make = <AnyExporter extends Exporter<never>>(
  exporter: AnyExporter,
  options: RetryOptions = {}
): AnyExporter => decorate(exporter, (exporter) => retrying(exporter, options))

const retrying = <Batch>(exporter: Exporter<Batch>, options: RetryOptions): Exporter<Batch> => {
  const outage = new Outage({
    first: Duration.toMillis(options.delay ?? "1 second"),
    longest: Duration.toMillis(options.maxDelay ?? "5 seconds")
  })
  const turns = Semaphore.makeUnsafe(1)
  const hurried = Latch.makeUnsafe()
  let ending = false
  let gone: ExportError | undefined

  /** `undefined` when it is worth another try. */
  type Try = Effect.Effect<{ readonly taken: LeftOut | void } | undefined, ExportError>

  const tryOnce = (batch: Batch, knocked: boolean): Try =>
    Effect.suspend(() => (gone === undefined ? exporter.export(batch) : Effect.fail(gone))).pipe(
      Effect.matchEffect({
        onSuccess: (taken) => Effect.as(outage.lasting ? outage.ended : Effect.void, { taken }),
        onFailure: (error) => {
          // An answer, if not the one that was hoped for
          if (error.retryable !== true) return Effect.andThen(outage.ended, Effect.fail(error))
          if (ending && error.reason === "Unreachable") {
            gone = error
            return Effect.fail(error)
          }
          return Effect.as(outage.failed(error, knocked), undefined)
        }
      })
    )

  const pause = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.raceFirst(Effect.sleep(Math.max(0, outage.until - now)), hurried.await)
  )

  const inTurn = (batch: Batch): Try =>
    turns.withPermit(
      Effect.suspend(() => (outage.lasting ? Effect.andThen(pause, tryOnce(batch, true)) : Effect.succeed(undefined)))
    )

  const send = (batch: Batch): Effect.Effect<LeftOut | void, ExportError> =>
    Effect.suspend(() => (outage.lasting ? inTurn(batch) : tryOnce(batch, false))).pipe(
      Effect.flatMap((result) => (result === undefined ? send(batch) : Effect.succeed(result.taken)))
    )

  return {
    export: send,
    ending: Effect.suspend(() => {
      ending = true
      outage.hurry()
      return hurried.release
    }).pipe(Effect.andThen(exporter.ending ?? Effect.void))
  }
}
