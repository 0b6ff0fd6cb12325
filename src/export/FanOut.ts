/**
 * Several destinations at once.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SpanExporter } from "../model/SpanExporter.ts"

/** Sends every batch to all exporters side by side; fails with the first failure, after all have had their turn. */
export const make = (exporters: ReadonlyArray<SpanExporter>): SpanExporter => {
  const [only, ...others] = exporters
  if (only !== undefined && others.length === 0) return only
  return {
    export: (spans) =>
      Effect.forEach(exporters, (exporter) => Effect.exit(exporter.export(spans)), { concurrency: "unbounded" }).pipe(
        Effect.flatMap((exits) => exits.find(Exit.isFailure) ?? Effect.void)
      )
  }
}
