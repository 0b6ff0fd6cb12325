/**
 * Encodes a batch span by span, without holding the event loop up.
 *
 * Total: a span that cannot be read is left out and counted.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SpanData } from "../model/SpanData.ts"
import type { LeftOut } from "../model/SpanExporter.ts"
import { inTurns } from "../model/Turns.ts"

export interface EncodedSpans<A> {
  readonly encoded: ReadonlyArray<A>
  /** How many spans could not be read. */
  readonly unreadable: number
}

/** A few milliseconds. Then others have their turn. */
const spansPerTurn = 256

export const encodeAll = <A>(
  spans: ReadonlyArray<SpanData>,
  encode: (span: SpanData) => A
): Effect.Effect<EncodedSpans<A>> =>
  Effect.suspend(() => {
    const encoded: Array<A> = []
    const part = (spans: ReadonlyArray<SpanData>) => {
      for (const span of spans) {
        const result = Result.try(() => encode(span))
        if (Result.isSuccess(result)) encoded.push(result.success)
      }
    }
    return Effect.map(inTurns(spans, spansPerTurn, part), () => ({
      encoded,
      unreadable: spans.length - encoded.length
    }))
  })

/** What an exporter answers when this was not sent, and all the rest was taken. */
export const leftOut = ({
  message = "some spans could not be read",
  rejected = 0,
  unreadable
}: Partial<LeftOut> & Pick<LeftOut, "unreadable">): LeftOut | undefined =>
  rejected + unreadable === 0 ? undefined : { rejected, unreadable, message }
