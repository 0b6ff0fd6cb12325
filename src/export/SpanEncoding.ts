/**
 * Encodes a batch span by span, without holding the event loop up.
 *
 * Total: a span that cannot be read is left out and counted.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SpanData } from "../model/SpanData.ts"
import type { LeftOut } from "../model/SpanExporter.ts"

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
    let next = 0
    return Effect.whileLoop({
      while: () => next < spans.length,
      body: () =>
        Effect.suspend(() => {
          for (const end = Math.min(next + spansPerTurn, spans.length); next < end; next++) {
            const result = Result.try(() => encode(spans[next]!))
            if (Result.isSuccess(result)) encoded.push(result.success)
          }
          return next < spans.length ? Effect.yieldNow : Effect.void
        }),
      step: () => undefined
    }).pipe(Effect.map(() => ({ encoded, unreadable: spans.length - encoded.length })))
  })

/** What an exporter answers when this was not sent, and all the rest was taken. */
export const leftOut = ({
  message = "some spans could not be read",
  rejected = 0,
  unreadable
}: Partial<LeftOut> & Pick<LeftOut, "unreadable">): LeftOut | undefined =>
  rejected + unreadable === 0 ? undefined : { rejected, unreadable, message }
