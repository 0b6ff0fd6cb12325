import { Effect } from "effect"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as Trace from "../../src/model/Trace.ts"
import * as Recorder from "../tracer/recorder.ts"

/** A recorder that can wait for spans that end in other fibers, and draws what it has. */
export const make = (options?: Recorder.RecorderOptions) => {
  const recorder = Recorder.make(options)
  const label = (keys: ReadonlyArray<string>) => (span: SpanData): string =>
    [
      span.statusCode === "error" ? `${span.name} ✗` : span.name,
      ...keys.flatMap((key) => span.attributes.has(key) ? [`${key}=${span.attributes.get(key)}`] : [])
    ].join(" ")
  return {
    ...recorder,
    /** Completes as soon as that many spans have ended; `npm test` fails the test if they never do. */
    ended: (count: number): Effect.Effect<void> =>
      Effect.whileLoop({ while: () => recorder.spans.length < count, body: () => Effect.yieldNow, step: () => {} }),
    draw: (...keys: ReadonlyArray<string>): string => Trace.draw(Trace.fromSpans(recorder.spans), label(keys))
  }
}

export const attributesOf = (span: SpanData): Record<string, unknown> => Object.fromEntries(span.attributes)
