/**
 * Takes finished spans out of the process.
 */
import type * as Effect from "effect/Effect"
import type { EncodedSpans } from "./EncodedSpans.ts"
import type { SpanData } from "./SpanData.ts"
import type { ExportError } from "./TracingError.ts"

/** What did not arrive of a batch that was otherwise taken. */
export interface LeftOut {
  /** How many of it the destination refused. */
  readonly rejected: number
  /** How many could not be read, and so were never sent. */
  readonly unreadable: number
  /** Why, in the destination's words; without secrets. */
  readonly message: string
}

/** Sends one batch of whatever it is. Exporters wrap exporters; what one holds open lives in the scope it was made in. */
export interface Exporter<Batch> {
  /** May be asked again before it has answered. Answers nothing when the whole batch was taken. */
  readonly export: (batch: Batch) => Effect.Effect<LeftOut | void, ExportError>
  /** Told once that the end has come: what it waits for, it need no longer wait for. */
  readonly ending?: Effect.Effect<void>
}

/** Sends one batch of spans. */
export interface SpanExporter extends Exporter<ReadonlyArray<SpanData>> {}

/**
 * An exporter that sends spans as bytes and can make them as soon as a few spans have ended.
 *
 * A span that is encoded soon is still at hand, costs less to encode, and is gone before the garbage collector looks.
 */
export interface EncodingExporter extends Exporter<EncodedSpans> {
  /** Total: what cannot be read is counted in what it answers. Called on the stack of whoever ended a span. */
  readonly encode: (spans: ReadonlyArray<SpanData>) => EncodedSpans
}

/** Takes spans in the one form or the other. */
export type AnySpanExporter = SpanExporter | EncodingExporter

/** What lists and encoded spans have in common. */
export interface Countable<Batch> {
  readonly length: number
  readonly slice: (from: number, to?: number) => Batch
}

/** Puts something around an exporter that need not know what it sends, and in which form. */
export const decorate = <AnyExporter extends Exporter<never>>(
  exporter: AnyExporter,
  around: <Batch extends Countable<Batch>>(exporter: Exporter<Batch>) => Exporter<Batch>
): AnyExporter => ({ ...exporter, ...around(exporter) })
