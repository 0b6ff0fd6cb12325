/**
 * Decides which traces are kept when it is known how they ended: a flight recorder for the runs that sampling left out.
 *
 * Their spans are recorded and wait here. When the last open local root of a
 * trace has ended, the run is over, and a verdict falls at once: all of the
 * trace that happened in this process is kept, or let go. Spans that come
 * later follow the verdict. Sampled spans pass straight through.
 *
 * What waits is bounded; the oldest trace makes room, whole, and is counted.
 * What is undecided lives in memory alone, also where there is a spool.
 */
import * as Effect from "effect/Effect"
import type { SpanSink, Stage } from "../model/SpanSink.ts"
import { FlightRecorder, type FlightRecorderOptions } from "./FlightRecorder.ts"
import { LossReport } from "./LossReport.ts"
import type { TailView } from "./TailView.ts"

export interface TailSamplingOptions extends Omit<FlightRecorderOptions, "onLost"> {
  /** Keeps delivery from tracing itself: wraps all that this stage does on its own. */
  readonly untraced?: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export interface TailSampling {
  /** Stands before everything that is meant for sampled spans. What it hands on unsampled is to be let go. */
  readonly stage: Stage
  /** Has to be told of every local root that is recorded only, when it begins. */
  readonly begin: (traceId: string, rootId: string) => void
  /** Decides all that is undecided and hands on what is kept, before this returns: the process is about to be gone. */
  readonly settle: () => void
  readonly view: TailView
}

/**
 * Makes the stage, once, and what feeds it.
 *
 * A flush sends what is decided, and what is sure to be kept. Closing the
 * scope decides the rest: what failed or was cut off is kept where that is
 * wished, and all else let go.
 */
export const make = (options: TailSamplingOptions): TailSampling => {
  const { untraced = (same) => same } = options
  const losses = new LossReport()
  const recorder = new FlightRecorder({ ...options, onLost: (reason, spans) => losses.add(reason, spans) })
  let sink: SpanSink | undefined
  const settle = (): void => {
    if (sink === undefined) return
    recorder.settle(sink)
    recorder.releasing.finish()
  }
  return {
    view: recorder,
    begin: (traceId, rootId) => {
      if (sink !== undefined) recorder.begin(traceId, rootId)
    },
    settle,
    stage: Effect.fnUntraced(function* (next) {
      sink = next
      yield* Effect.addFinalizer(() => untraced(losses.tell))
      yield* Effect.forkScoped(untraced(losses.run))
      yield* Effect.forkScoped(untraced(recorder.releasing.run))
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          settle()
          sink = undefined
        })
      )
      return {
        push: (span) => recorder.push(span, next),
        flush: Effect.suspend(() => {
          recorder.keepCertain(next)
          return Effect.andThen(recorder.releasing.drain, next.flush)
        })
      }
    })
  }
}
