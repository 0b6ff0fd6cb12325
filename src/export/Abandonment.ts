/**
 * Gives up all batches at once, when nobody wants to wait for an answer any more.
 */
import * as Effect from "effect/Effect"
import type * as Latch from "effect/Latch"
import type { SpanExporter } from "../model/SpanExporter.ts"
import { ExportError } from "../model/TracingError.ts"

const abandoned = new ExportError({
  reason: "TimedOut",
  endpoint: "the exporter",
  advice: "Given up, as the process was told again to stop.",
  // Where it is on disk it comes again
  retryable: true
})

/** The exporter, until the latch opens: what is under way then fails, and so does what comes later. */
export const make = (exporter: SpanExporter, givenUp: Latch.Latch): SpanExporter => {
  const abandon = Effect.andThen(givenUp.await, Effect.fail(abandoned))
  return { ...exporter, export: (spans) => Effect.raceFirst(exporter.export(spans), abandon) }
}
