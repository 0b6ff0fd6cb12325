/**
 * Lets go of spans that were recorded only, where no stage before has kept them.
 *
 * It stands between those who look at the spans of all runs and everything
 * that is meant for sampled ones: stages of the user's, spool, batches.
 */
import type { SpanBooks } from "../model/SpanBooks.ts"
import type { Stage } from "../model/SpanSink.ts"
import * as RecordedSpan from "../model/RecordedSpan.ts"
import * as Effect from "effect/Effect"

export const stage =
  (books: SpanBooks): Stage =>
  (next) =>
    Effect.succeed({
      ...next,
      push(span) {
        if (RecordedSpan.isRecordedOnly(span)) books.letGo++
        else next.push(span)
      }
    })
