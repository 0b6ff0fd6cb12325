/**
 * Wishes for one span, given as its `annotations` when it is opened.
 */
import * as Context from "effect/Context"
import type { SpanContext } from "./SpanContext.ts"

/**
 * Opens the span under ids chosen elsewhere, so that a durable run is one trace however often it resumes. Samplers draw by
 * the last 56 bits of the trace id, so those must be random, or of a hash.
 */
export const ForcedIds = Context.Reference<Pick<SpanContext, "traceId" | "spanId"> | undefined>(
  "@gorax/tracing/model/SpanHints/ForcedIds",
  { defaultValue: () => undefined }
)

/** Leaves the span out of the trace: its children hang under its parent, and nothing is exported for it. */
export const Transparent = Context.Reference<boolean>("@gorax/tracing/model/SpanHints/Transparent", {
  defaultValue: () => false
})

/**
 * Says that the span tells the whole story of what happens directly inside it, as a client span does of its request:
 * instrumentation that knows only OpenTelemetry adds no span of its own there, and writes no headers.
 */
export const Leaf = Context.Reference<boolean>("@gorax/tracing/model/SpanHints/Leaf", { defaultValue: () => false })
