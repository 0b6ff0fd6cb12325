/**
 * Traces from files: OTLP as JSON, one request a line or one for the whole file, as the Collector's `file` exporter and ours write them.
 */
import * as Result from "effect/Result"
import * as Otlp from "../model/Otlp.ts"
import * as OtlpBody from "../receiver/OtlpBody.ts"
import { malformed, type OtlpError } from "../receiver/OtlpError.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"

export interface Imported {
  readonly spans: ReadonlyArray<ReceivedSpan>
  /** Spans that were not well formed. */
  readonly refused: number
}

/** More than a request may hold: a file is one somebody chose. */
const limits: OtlpBody.OtlpLimits = { maxBodyBytes: Infinity, maxSpans: 1_000_000 }

const encoder = new TextEncoder()

/** Reads a file, whole or line by line. Fails with the number of the first line that is not OTLP. */
export const fromText = (text: string): Result.Result<Imported, OtlpError> => {
  const whole = OtlpBody.decode(encoder.encode(text), "json", limits)
  if (Result.isSuccess(whole)) return Result.succeed({ spans: whole.success.spans, refused: whole.success.refused })
  const spans: Array<ReceivedSpan> = []
  let refused = 0
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    const read = OtlpBody.decode(encoder.encode(line), "json", limits)
    if (Result.isFailure(read)) return Result.fail(malformed(`line ${index + 1}: ${read.failure.detail}`))
    for (const span of read.success.spans) spans.push(span)
    refused += read.success.refused
  }
  return Result.succeed({ spans, refused })
}

/** One request a line, a line for each trace: what `fromText` reads, and every OTLP endpoint takes line by line. */
export const toText = (traces: ReadonlyArray<ReadonlyArray<ReceivedSpan>>): string =>
  traces.map((spans) => `${JSON.stringify(Otlp.fromSpans(spans))}\n`).join("")
