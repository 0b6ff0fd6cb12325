/**
 * Traces from files: OTLP as JSON, one request a line or one for the whole file, as the Collector's `file` exporter and ours write them.
 */
import * as Result from "effect/Result"
import * as Otlp from "../model/Otlp.ts"
import * as OtlpBody from "../receiver/OtlpBody.ts"
import { malformed, type OtlpError } from "../receiver/OtlpError.ts"
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import type { TraceContent } from "./TraceEntry.ts"

export interface Imported extends TraceContent {
  /** Spans and log records that were not well formed. */
  readonly refused: number
}

/** More than a request may hold: a file is one somebody chose. */
const limits: OtlpBody.OtlpLimits = { maxBodyBytes: Infinity, maxSpans: 1_000_000 }

const encoder = new TextEncoder()

/** Reads a file, whole or line by line. Fails with the number of the first line that is not OTLP. */
export const fromText = (text: string): Result.Result<Imported, OtlpError> => {
  const whole = OtlpBody.decodeBoth(encoder.encode(text), limits)
  if (Result.isSuccess(whole)) {
    const { logs, spans } = whole.success
    return Result.succeed({ spans: spans.spans, logs: logs.logs, refused: spans.refused + logs.refused })
  }
  const spans: Array<ReceivedSpan> = []
  const logs: Array<ReceivedLog> = []
  let refused = 0
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    const read = OtlpBody.decodeBoth(encoder.encode(line), limits)
    if (Result.isFailure(read)) return Result.fail(malformed(`line ${index + 1}: ${read.failure.detail}`))
    for (const span of read.success.spans.spans) spans.push(span)
    for (const log of read.success.logs.logs) logs.push(log)
    refused += read.success.spans.refused + read.success.logs.refused
  }
  return Result.succeed({ spans, logs, refused })
}

/**
 * One request a line: a line with the spans of each trace, and one with its log records where it has any. It is what
 * `fromText` reads, and OTLP's endpoints of traces and of logs take, line by line.
 */
export const toText = (traces: ReadonlyArray<TraceContent>): string =>
  traces
    .flatMap(({ logs, spans }) => [Otlp.fromSpans(spans), ...(logs.length === 0 ? [] : [Otlp.fromLogs(logs)])])
    .map((request) => `${JSON.stringify(request)}\n`)
    .join("")

/** A whole trace as one object, its spans and its log records beside each other. */
export const toObject = ({ logs, spans }: TraceContent): object => ({
  ...Otlp.fromSpans(spans),
  ...(logs.length === 0 ? undefined : Otlp.fromLogs(logs))
})
