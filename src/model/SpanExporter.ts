/**
 * Takes finished spans out of the process.
 */
import type * as Effect from "effect/Effect"
import type { SpanData } from "./SpanData.ts"
import type { ExportError } from "./TracingError.ts"

/** What did not arrive of a batch that was otherwise taken. */
export interface LeftOut {
  /** How many spans the destination refused. */
  readonly rejected: number
  /** How many spans could not be read, and so were never sent. */
  readonly unreadable: number
  /** Why, in the destination's words; without secrets. */
  readonly message: string
}

/** Sends one batch of spans, or of log records. Exporters wrap exporters; what one holds open lives in the scope it was made in. */
export interface Exporter<in Item> {
  /** May be asked again before it has answered. Answers nothing when the whole batch was taken. */
  readonly export: (batch: ReadonlyArray<Item>) => Effect.Effect<LeftOut | void, ExportError>
  /** Told once that the end has come: what it waits for, it need no longer wait for. */
  readonly ending?: Effect.Effect<void>
}

/** Sends one batch of spans. */
export interface SpanExporter extends Exporter<SpanData> {}
