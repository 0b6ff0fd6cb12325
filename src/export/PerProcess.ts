/**
 * Sends the spans of each process apart, for formats that name the process once a batch.
 *
 * Nearly always there is one, this process. Another library may describe it in
 * an object of its own, and then there are two.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SpanData } from "../model/SpanData.ts"
import type { LeftOut, SpanExporter } from "../model/SpanExporter.ts"
import type { ExportError } from "../model/TracingError.ts"

const inParts = Effect.fnUntraced(function* (
  exporter: SpanExporter,
  parts: ReadonlyArray<ReadonlyArray<SpanData>>
): Effect.fn.Return<LeftOut | void, ExportError> {
  let rejected = 0
  let unreadable = 0
  let message = ""
  let failures = 0
  for (const spans of parts) {
    const result: Result.Result<LeftOut | void, ExportError> = yield* Effect.result(exporter.export(spans))
    if (Result.isFailure(result)) {
      failures++
      if (failures === parts.length) return yield* result.failure
      rejected += spans.length
      message = result.failure.message
    } else if (result.success !== undefined) {
      rejected += result.success.rejected
      unreadable += result.success.unreadable
      message = result.success.message
    }
  }
  return rejected + unreadable === 0 ? undefined : { rejected, unreadable, message }
})

/** One after the other. Fails when all of them failed; of what failed in part, the rest has arrived. */
export const make = (exporter: SpanExporter): SpanExporter => ({
  ...exporter,
  export: (spans) => {
    const parts = [...Map.groupBy(spans, ({ resource }) => resource).values()]
    return parts.length <= 1 ? exporter.export(spans) : inParts(exporter, parts)
  }
})
