/**
 * Takes finished spans out of the process.
 */
import type * as Effect from "effect/Effect"
import type { EncodedSpans } from "./EncodedSpans.ts"
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

/** Sends one batch. Exporters wrap exporters; what one holds open lives in the scope it was made in. */
export interface SpanExporter<Spans = ReadonlyArray<SpanData>> {
  /** May be asked again before it has answered. Answers nothing when the whole batch was taken. */
  readonly export: (spans: Spans) => Effect.Effect<LeftOut | void, ExportError>
  /** Told once that the end has come: what it waits for, it need no longer wait for. */
  readonly ending?: Effect.Effect<void>
}

/**
 * An exporter that sends spans as bytes and can make them as soon as a few spans have ended.
 *
 * A span that is encoded soon is still at hand, costs a third less to encode, and is gone before the collector looks.
 */
export interface EncodingExporter extends SpanExporter<EncodedSpans> {
  /** Total: what cannot be read is counted in what it answers. Called on the stack of whoever ended a span. */
  readonly encode: (spans: ReadonlyArray<SpanData>) => EncodedSpans
}

/** Takes spans in the one form or the other. */
export type AnyExporter = SpanExporter | EncodingExporter

/** What both a list of spans and encoded spans are. */
export interface Countable<Spans> {
  readonly length: number
  readonly slice: (from: number, to?: number) => Spans
}

/** Puts something around an exporter that need not know in which form the spans are. */
export const decorate = <Exporter extends AnyExporter>(
  exporter: Exporter,
  around: <Spans extends Countable<Spans>>(exporter: SpanExporter<Spans>) => SpanExporter<Spans>
): Exporter => ({ ...exporter, ...around(exporter as SpanExporter<never>) })
