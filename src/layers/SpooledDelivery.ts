/**
 * Delivery with a spool in front of it: spans are on disk before they are batched.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as path from "node:path"
import * as OtlpEncoder from "../export/OtlpEncoder.ts"
import type { Resource, SpanData } from "../model/SpanData.ts"
import type { SpanSink } from "../model/SpanSink.ts"
import type { BatchingOptions } from "../pipeline/Batching.ts"
import * as Destinations from "../pipeline/Destinations.ts"
import * as Spool from "../pipeline/Spool.ts"
import type { SpoolCodec } from "../pipeline/SpoolCodec.ts"
import type { SpoolError } from "../pipeline/SpoolError.ts"
import * as OtlpBody from "../receiver/OtlpBody.ts"
import * as SettingTable from "./SettingTable.ts"
import type { TracingConfig } from "./TracingConfig.ts"
import { TracingConfigError } from "./TracingConfigError.ts"

/** A record is an OTLP request of one span, so it stands for itself whoever wrote it, and whenever. */
export const codec = (): SpoolCodec => {
  let last: Resource = { attributes: {} }
  let lastText = JSON.stringify(last)
  /** Spans of one process share their resource again, so that a request says it once. */
  const shared = (span: SpanData): SpanData => {
    const text = JSON.stringify(span.resource)
    if (text !== lastText) {
      last = span.resource
      lastText = text
    }
    return { ...span, resource: last }
  }
  return {
    encode(span) {
      let unreadable = false
      const bytes = OtlpEncoder.encode([span], () => void (unreadable = true))
      return unreadable || bytes.length === 0 ? undefined : bytes
    },
    decode(bytes) {
      const received = OtlpBody.decode(bytes, "protobuf")
      const [span] = Result.isSuccess(received) ? received.success.spans : []
      return span && shared(span)
    }
  }
}

const refused = ({ directory, found, rule }: SpoolError): TracingConfigError =>
  new TracingConfigError([
    { key: SettingTable.table.spoolDirectory.key, rule, value: `${JSON.stringify(directory)} (${found})` }
  ])

/** The sink, and what its spool knows of itself. */
export interface SpooledSink extends SpanSink, Pick<Spool.Spool, "adoption" | "waiting"> {}

/**
 * One spool in front of all destinations. It says what may be in memory, so the sink behind it takes what it is given,
 * and that tells when a span is done, which is when the last of them is done with it.
 */
export const make = Effect.fnUntraced(function* (
  settings: NonNullable<TracingConfig["spool"]>,
  destinations: ReadonlyArray<Destinations.Destination>,
  options: BatchingOptions
): Effect.fn.Return<SpooledSink, TracingConfigError, Scope.Scope> {
  const spool = yield* Spool.make({
    ...settings,
    // The program may go elsewhere
    directory: path.resolve(settings.directory),
    codec: codec(),
    window: { spans: options.queueSize, bytes: options.queueBytes },
    books: options.books,
    ...(options.untraced && { untraced: options.untraced })
  }).pipe(Effect.mapError(refused))
  const { adoption, keep, onFate, waiting } = spool
  const behind = { ...options, queueSize: Infinity, queueBytes: Infinity, keep, onFate }
  const sink = yield* Destinations.make(destinations, behind)
  return { ...(yield* spool.stage(sink)), adoption, waiting }
})
