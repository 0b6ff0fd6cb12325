/**
 * Spans that are written down already, in the form in which an exporter sends them.
 *
 * Like a list of spans they can be counted, cut and joined. They take half the
 * room that the spans themselves take, and nothing in them points anywhere.
 */
export interface EncodedSpans {
  /** How many spans went into it, those that could not be read included. */
  readonly length: number
  /** How many of them could not be read, and are not in it. They count as the last ones. */
  readonly unreadable: number
  /** How many bytes they take. */
  readonly bytes: number
  readonly slice: (from: number, to?: number) => EncodedSpans
  /** These, and then the others. */
  readonly concat: (...others: ReadonlyArray<EncodedSpans>) => EncodedSpans
  /** The trace of each span that could be read. */
  readonly traceIds: () => Iterable<string>
  /** The body of a request. */
  readonly toBody: () => Uint8Array
}
