/**
 * The body of an OTLP request as JSON, written without holding the event loop up.
 *
 * Parts of a large batch are encoded on turns of their own, and joined: each is
 * a list with a known beginning and end.
 */
import * as Effect from "effect/Effect"
import type { SpanData } from "../model/SpanData.ts"
import { inTurns } from "../model/Turns.ts"
import * as OtlpEncoder from "./OtlpEncoder.ts"

export interface OtlpJson {
  readonly body: Uint8Array
  /** How many spans could not be read, and are not in it. */
  readonly unreadable: number
}

/** Two milliseconds. */
const partSize = 512

const before = '{"resourceSpans":['
const after = "]}"
const ascii = (text: string): Uint8Array => Buffer.from(text, "latin1")

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const [only, ...others] = parts
  if (only !== undefined && others.length === 0) return only
  const inside = parts.map((part) => part.subarray(before.length, part.length - after.length))
  const filled = inside.filter((part) => part.length > 0)
  return Buffer.concat([
    ascii(before),
    ...filled.flatMap((part, index) => (index === 0 ? [part] : [ascii(","), part])),
    ascii(after)
  ])
}

/** Encodes a batch of any size. */
export const make = (spans: ReadonlyArray<SpanData>): Effect.Effect<OtlpJson> =>
  Effect.suspend(() => {
    let unreadable = 0
    const part = (spans: ReadonlyArray<SpanData>) => OtlpEncoder.encodeJson(spans, () => void unreadable++)
    return Effect.map(inTurns(spans, partSize, part), (parts) => ({ body: joined(parts), unreadable }))
  })
