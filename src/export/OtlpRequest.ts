/**
 * The body of a request, written without holding the event loop up.
 *
 * A batch of any size is encoded in parts, between which others have their
 * turn. Parts of either encoding join into one request: two protobuf messages
 * in a row are one, and JSON is a list with a known beginning and end.
 */
import * as Effect from "effect/Effect"
import type { SpanData } from "../model/SpanData.ts"
import * as OtlpEncoder from "./OtlpEncoder.ts"

export type OtlpEncoding = "protobuf" | "json"

export interface OtlpRequest {
  readonly body: Uint8Array
  /** How many spans could not be read, and are not in it. */
  readonly unreadable: number
}

/** Half a millisecond as protobuf, two as JSON. */
const partSize = 512

const before = '{"resourceSpans":['
const after = "]}"
const ascii = (text: string): Uint8Array => Buffer.from(text, "latin1")

const joinJson = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const inside = parts.map((part) => part.subarray(before.length, part.length - after.length))
  const filled = inside.filter((part) => part.length > 0)
  return Buffer.concat([
    ascii(before),
    ...filled.flatMap((part, index) => (index === 0 ? [part] : [ascii(","), part])),
    ascii(after)
  ])
}

const formats = {
  protobuf: { encode: OtlpEncoder.encode, join: (parts: ReadonlyArray<Uint8Array>) => Buffer.concat(parts) },
  json: { encode: OtlpEncoder.encodeJson, join: joinJson }
}

/** Encodes a batch; the parts of a large one on turns of their own. */
export const make = (spans: ReadonlyArray<SpanData>, encoding: OtlpEncoding): Effect.Effect<OtlpRequest> =>
  Effect.suspend(() => {
    const { encode, join } = formats[encoding]
    let unreadable = 0
    const part = (spans: ReadonlyArray<SpanData>) => encode(spans, () => void unreadable++)
    if (spans.length <= partSize) return Effect.succeed({ body: part(spans), unreadable })
    const parts: Array<Uint8Array> = []
    return Effect.whileLoop({
      while: () => parts.length * partSize < spans.length,
      body: () =>
        Effect.suspend(() => {
          const from = parts.length * partSize
          parts.push(part(spans.slice(from, from + partSize)))
          return Effect.yieldNow
        }),
      step: () => undefined
    }).pipe(Effect.map(() => ({ body: join(parts), unreadable })))
  })
