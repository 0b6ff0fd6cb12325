/**
 * Takes finished spans out of the process.
 */
import type * as Effect from "effect/Effect"
import type { SpanData } from "./SpanData.ts"
import type { ExportError } from "./TracingError.ts"

/** Sends one batch. Exporters wrap exporters; what one holds open lives in the scope it was made in. */
export interface SpanExporter {
  readonly export: (spans: ReadonlyArray<SpanData>) => Effect.Effect<void, ExportError>
}
