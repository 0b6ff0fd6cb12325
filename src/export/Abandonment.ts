/**
 * Gives up all batches at once, when nobody wants to wait for an answer any more.
 */
import * as Effect from "effect/Effect"
import type * as Latch from "effect/Latch"
import { decorate, type Exporter } from "../model/SpanExporter.ts"
import { ExportError } from "../model/TracingError.ts"

const abandoned = new ExportError({
  reason: "TimedOut",
  endpoint: "the exporter",
  advice: "Given up, as the process was told again to stop.",
  // Where it is on disk it comes again
  retryable: true
})

/** The exporter, until the latch opens: what is under way then fails, and so does what comes later. */
export const make = <AnyExporter extends Exporter<never>>(exporter: AnyExporter, givenUp: Latch.Latch): AnyExporter => {
  const abandon = Effect.andThen(givenUp.await, Effect.fail(abandoned))
  return decorate(exporter, <Batch>(exporter: Exporter<Batch>): Exporter<Batch> => ({
    export: (spans) => Effect.raceFirst(exporter.export(spans), abandon)
  }))
}
