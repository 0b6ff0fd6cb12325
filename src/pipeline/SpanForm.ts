/**
 * The form in which spans wait to be sent: as they are, or encoded a few at a time.
 */
import * as Effect from "effect/Effect"
import type { EncodedSpans } from "../model/EncodedSpans.ts"
import type { SpanData } from "../model/SpanData.ts"
import type { AnySpanExporter, EncodingExporter, SpanExporter } from "../model/SpanExporter.ts"
import { inTurns } from "../model/Turns.ts"
import * as SpanSize from "./SpanSize.ts"

export interface SpanForm<Spans> {
  /** After so many spans have ended, they take on this form. */
  readonly partSize: number
  readonly from: (spans: ReadonlyArray<SpanData>) => Spans
  readonly join: (parts: ReadonlyArray<Spans>) => Spans
  /** How many bytes they take, about. */
  readonly bytesOf: (spans: Spans) => number
  /** True when that is known, and need not be found out. */
  readonly isWeighed: boolean
  readonly traceIdsOf: (spans: Spans) => Iterable<string>
  /** Those that are to stay; absent where one span cannot be told from another. */
  readonly filter?: (spans: Spans, stays: (span: SpanData) => boolean) => Spans
}

export const asTheyAre: SpanForm<ReadonlyArray<SpanData>> = {
  partSize: Infinity,
  from: (spans) => spans,
  join: ([first = [], ...others]) => (others.length === 0 ? first : first.concat(...others)),
  bytesOf: SpanSize.ofAll,
  isWeighed: false,
  traceIdsOf: (spans) => spans.map(({ traceId }) => traceId),
  filter: (spans, stays) => spans.filter(stays)
}

/** Long enough for the encoder to get warm, short enough for the spans to be at hand still. */
const encodedAtOnce = 64

export const encodedBy = ({ encode }: EncodingExporter): SpanForm<EncodedSpans> => ({
  partSize: encodedAtOnce,
  from: encode,
  join: ([first = encode([]), ...others]) => (others.length === 0 ? first : first.concat(...others)),
  bytesOf: ({ bytes }) => bytes,
  isWeighed: true,
  traceIdsOf: (spans) => spans.traceIds()
})

export const isEncoding = (exporter: AnySpanExporter): exporter is EncodingExporter => "encode" in exporter

/** Half a millisecond. Then others have their turn. */
const encodedInTurn = 512

/** The exporter as one that is given spans as they are, and encodes them when it is asked to send them. */
export const late = (exporter: AnySpanExporter): SpanExporter => {
  if (!isEncoding(exporter)) return exporter
  const { encode, ending } = exporter
  const { join } = encodedBy(exporter)
  return {
    ...(ending && { ending }),
    export: (spans) => Effect.flatMap(inTurns(spans, encodedInTurn, encode), (parts) => exporter.export(join(parts)))
  }
}
