/**
 * Waits for a trace of the platform until nothing of it is missing.
 */
import type { TraceStore } from "@gorax/tracing/viewer"
import { Effect, Schedule } from "effect"

/** Every service here is traced, so a request that was sent has a span that answered it. */
const isWhole = ({ spans, summary }: TraceStore.StoredTrace): boolean => {
  const answered = new Set(spans.filter(({ kind }) => kind === "server").map(({ parentSpanId }) => parentSpanId))
  return summary.complete && spans.every(({ kind, spanId }) => kind !== "client" || answered.has(spanId))
}

/** The trace, whole and at rest; as much of it as arrived when 20 seconds have not brought the rest. */
export const awaitWhole = (
  store: TraceStore.TraceStore["Service"],
  traceId: string
): Effect.Effect<TraceStore.StoredTrace | undefined> =>
  store
    .awaitQuiet(traceId)
    .pipe(
      Effect.repeat({ until: isWhole, schedule: Schedule.spaced("50 millis") }),
      Effect.timeoutOrElse({ duration: "20 seconds", orElse: () => Effect.void }),
      Effect.andThen(store.get(traceId))
    )
