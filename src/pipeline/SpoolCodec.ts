/**
 * How spans become bytes and come back. Neither way throws.
 */
import type { SpanData } from "../model/SpanData.ts"

export interface SpoolCodec {
  /** `undefined` for a span that cannot be read. The bytes are used before the next call. */
  readonly encode: (span: SpanData) => Uint8Array | undefined
  /** `undefined` for bytes that are no span. */
  readonly decode: (bytes: Uint8Array) => SpanData | undefined
}
