/**
 * Spans of one process as Jaeger receives them: one batch over HTTP, or as many datagrams as they need.
 *
 * Spans are encoded one by one beforehand, and only joined here.
 */
import type { Resource, SpanData } from "../model/SpanData.ts"
import * as JaegerSpan from "./JaegerSpan.ts"
import * as ThriftBinary from "./ThriftBinary.ts"
import * as ThriftCompact from "./ThriftCompact.ts"
import type { ThriftWriter } from "./ThriftWriter.ts"

const written = (to: ThriftWriter, span: SpanData): Uint8Array => {
  JaegerSpan.write(to, span)
  return to.finish()
}

/** One span in the binary protocol. Throws where the span cannot be read. */
export const encodeBinary = (span: SpanData): Uint8Array => written(ThriftBinary.make(), span)

/** One span in the compact protocol. Throws where the span cannot be read. */
export const encodeCompact = (span: SpanData): Uint8Array => written(ThriftCompact.make(), span)

const fill = (to: ThriftWriter, resource: Resource, spans: ReadonlyArray<Uint8Array>): void => {
  JaegerSpan.writeProcess(to, 1, resource)
  to.list(2, spans.length)
  for (const span of spans) to.written(span)
  to.end()
}

/** The body of a request: a `Batch` in the binary protocol. */
export const toBody = (resource: Resource, spans: ReadonlyArray<Uint8Array>): Uint8Array => {
  const to = ThriftBinary.make()
  to.begin()
  fill(to, resource, spans)
  return to.finish()
}

const toPacket = (resource: Resource, spans: ReadonlyArray<Uint8Array>): Uint8Array => {
  const to = ThriftCompact.makeCall("emitBatch")
  to.begin()
  to.begin(1)
  fill(to, resource, spans)
  to.end()
  return to.finish()
}

export interface JaegerPacket {
  readonly bytes: Uint8Array
  /** How many spans are in it. */
  readonly spans: number
}

/** What the number of spans may take more than that of none. */
const roomForCount = 4

/** Calls of the agent's `emitBatch`, none longer than `packetSize`. Spans that fit into none are counted. */
export const toPackets = (
  resource: Resource,
  spans: ReadonlyArray<Uint8Array>,
  packetSize: number
): { readonly packets: ReadonlyArray<JaegerPacket>; readonly tooLarge: number } => {
  const room = packetSize - toPacket(resource, []).length - roomForCount
  const packets: Array<JaegerPacket> = []
  let inside: Array<Uint8Array> = []
  let size = 0
  let tooLarge = 0
  const close = () => {
    if (inside.length > 0) packets.push({ bytes: toPacket(resource, inside), spans: inside.length })
    inside = []
    size = 0
  }
  for (const span of spans) {
    if (span.length > room) {
      tooLarge++
      continue
    }
    if (size + span.length > room) close()
    inside.push(span)
    size += span.length
  }
  close()
  return { packets, tooLarge }
}
