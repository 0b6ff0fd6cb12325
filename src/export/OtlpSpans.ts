/**
 * Spans in OTLP's protobuf encoding, not yet wrapped into a request.
 *
 * They lie there as the fields of a list, those of one resource and scope side
 * by side. So joining them copies nothing, and a request is made in one piece
 * once it is known what belongs into it.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import type { EncodedSpans } from "../model/EncodedSpans.ts"
import * as OtlpEnvelope from "./OtlpEnvelope.ts"

/** Spans of one resource and scope. */
export interface OtlpSpansRun extends OtlpEnvelope.OtlpEnvelope {
  readonly count: number
  readonly bytes: Uint8Array
}

/** Where the field that begins at a place ends. Tags of lists have one byte, lengths up to five. */
const endOf = (bytes: Uint8Array, at: number): number => {
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[++at]!
    length |= (byte & 0x7f) << shift
    if (byte < 0x80) return at + 1 + length
  }
}

/** A span begins with the id of its trace, behind a tag and a length of one byte each. */
const traceIdOf = (bytes: Uint8Array, span: number): string => {
  let at = span + 1
  while (bytes[at++]! > 0x7f);
  return Buffer.from(bytes.subarray(at + 2, at + 18)).toString("hex")
}

/** Those spans of a run that stand in `from..to` of a list in which its first one is number `first`. */
const cut = (run: OtlpSpansRun, first: number, from: number, to: number): OtlpSpansRun | undefined => {
  const skip = Math.max(0, from - first)
  const count = Math.min(run.count, to - first) - skip
  if (count <= 0) return undefined
  if (count === run.count) return run
  let start = 0
  for (let index = 0; index < skip; index++) start = endOf(run.bytes, start)
  let end = start
  for (let index = 0; index < count; index++) end = endOf(run.bytes, end)
  return { ...run, count, bytes: run.bytes.subarray(start, end) }
}

export class OtlpSpans implements EncodedSpans {
  readonly length: number
  readonly unreadable: number
  readonly bytes: number
  readonly #runs: ReadonlyArray<OtlpSpansRun>

  constructor(runs: ReadonlyArray<OtlpSpansRun>, unreadable: number) {
    let length = unreadable
    let bytes = 0
    for (const run of runs) {
      length += run.count
      bytes += run.bytes.length
    }
    this.length = length
    this.unreadable = unreadable
    this.bytes = bytes
    this.#runs = runs
  }

  slice(from: number, to = this.length): OtlpSpans {
    const runs: Array<OtlpSpansRun> = []
    let first = 0
    for (const run of this.#runs) {
      const part = cut(run, first, from, to)
      if (part !== undefined) runs.push(part)
      first += run.count
    }
    return new OtlpSpans(runs, Math.max(0, Math.min(to, this.length) - Math.max(from, first)))
  }

  concat(...others: ReadonlyArray<EncodedSpans>): OtlpSpans {
    const all = [this, ...(others as ReadonlyArray<OtlpSpans>)]
    return new OtlpSpans(
      all.flatMap((spans) => spans.#runs),
      all.reduce((sum, { unreadable }) => sum + unreadable, 0)
    )
  }

  *traceIds(): Generator<string> {
    for (const { bytes } of this.#runs) {
      for (let at = 0; at < bytes.length; at = endOf(bytes, at)) yield traceIdOf(bytes, at)
    }
  }

  /** An `ExportTraceServiceRequest`. */
  toBody(): Uint8Array<ArrayBuffer> {
    return OtlpEnvelope.wrap(this.#runs)
  }
}
