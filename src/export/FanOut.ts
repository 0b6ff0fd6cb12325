/**
 * Several destinations at once.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { LeftOut, SpanExporter } from "../model/SpanExporter.ts"

const more = (self: LeftOut | void, that: LeftOut | void): LeftOut | void =>
  self !== undefined && self.rejected + self.unreadable >= (that?.rejected ?? 0) + (that?.unreadable ?? 0) ? self : that

/**
 * Sends every batch to all exporters side by side, and is done when all of them are.
 *
 * Fails with the first failure. Of what destinations left out, the most counts.
 */
export const make = (exporters: ReadonlyArray<SpanExporter>): SpanExporter => {
  const [only, ...others] = exporters
  if (only !== undefined && others.length === 0) return only
  return {
    export: (spans) =>
      Effect.forEach(exporters, (exporter) => Effect.exit(exporter.export(spans)), { concurrency: "unbounded" }).pipe(
        Effect.flatMap(
          (exits) =>
            exits.find(Exit.isFailure) ??
            Effect.succeed(
              exits.filter(Exit.isSuccess).reduce<LeftOut | void>((most, { value }) => more(most, value), undefined)
            )
        )
      ),
    ending: Effect.forEach(exporters, (exporter) => exporter.ending ?? Effect.void, { discard: true })
  }
}
