/**
 * Makes batches smaller that a destination finds too large.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Countable, decorate, type LeftOut, type Exporter } from "../model/SpanExporter.ts"
import type { ExportError } from "../model/TracingError.ts"

/** Enough to find one span among ten thousand that is too large, and no flood where all of them are. */
const mostRequests = 32

const halves = <Batch extends Countable<Batch>>(batch: Batch): ReadonlyArray<Batch> => {
  const middle = Math.ceil(batch.length / 2)
  return [batch.slice(0, middle), batch.slice(middle)]
}

const inParts = Effect.fnUntraced(function* <Batch extends Countable<Batch>>(
  exporter: Exporter<Batch>,
  batch: Batch,
  tooLarge: ExportError
): Effect.fn.Return<LeftOut | void, ExportError> {
  let parts = halves(batch)
  let requests = 1
  let rejected = 0
  let unreadable = 0
  let message = tooLarge.advice
  for (let [part, ...others] = parts; part !== undefined; [part, ...others] = parts) {
    parts = others
    const result: Result.Result<LeftOut | void, ExportError> =
      requests++ < mostRequests ? yield* Effect.result(exporter.export(part)) : Result.fail(tooLarge)
    if (Result.isSuccess(result)) {
      if (result.success === undefined) continue
      rejected += result.success.rejected
      unreadable += result.success.unreadable
      message = result.success.message
    } else if (result.failure.reason === "TooLarge" && part.length > 1 && requests < mostRequests) {
      parts = [...halves(part), ...others]
    } else {
      rejected += part.length
      message = result.failure.message
    }
  }
  if (rejected === batch.length) return yield* tooLarge
  return rejected + unreadable === 0 ? undefined : { rejected, unreadable, message }
})

/**
 * Sends a batch that was too large again in halves, one after the other, and those in halves again.
 *
 * A batch costs 32 requests at most; what has not found a size that fits by
 * then is rejected, the rest has arrived.
 */
export const make = <AnyExporter extends Exporter<never>>(exporter: AnyExporter): AnyExporter =>
  decorate(exporter, halving)

const halving = <Batch extends Countable<Batch>>(exporter: Exporter<Batch>): Exporter<Batch> => ({
  export: (batch) =>
    Effect.catchIf(
      exporter.export(batch),
      (error) => error.reason === "TooLarge" && batch.length > 1,
      (error) => inParts(exporter, batch, error)
    )
})
