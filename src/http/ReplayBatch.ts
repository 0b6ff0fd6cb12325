/**
 * Plays many kept events again, and says how many came through.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Tracer from "effect/Tracer"
import * as spanCombinator from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanNames from "../model/SpanNames.ts"

export interface ReplayBatchOptions {
  /** How many events there are to play; left out, it is how many the outcome counts. */
  readonly batchSize?: number
}

/** How many came through and how many did not. */
export interface ReplayCounts {
  readonly successCount: number
  readonly failureCount: number
}

/**
 * What a batch comes to, in any of the ways that Effect has for it: the `Exit`s or `Result`s of `Effect.forEach` over
 * `Effect.exit` or `Effect.result`, the passes and fails of `Effect.partition`, or counts of your own.
 */
export type ReplayOutcome =
  | ReplayCounts
  | ReadonlyArray<Exit.Exit<unknown, unknown> | Result.Result<unknown, unknown>>
  | readonly [passes: ReadonlyArray<unknown>, fails: ReadonlyArray<unknown>]

/** A `SpanCombinator` for effects that come to a {@link ReplayOutcome}. */
export interface ReplayBatchCombinator {
  <Args extends ReadonlyArray<any>>(
    webhookId: string,
    options?: ReplayBatchOptions | ((...args: NoInfer<Args>) => ReplayBatchOptions)
  ): <A extends ReplayOutcome, E, R>(
    self: Effect.Effect<A, E, R>,
    ...args: Args
  ) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A extends ReplayOutcome, E, R>(
    self: Effect.Effect<A, E, R>,
    webhookId: string,
    options?: ReplayBatchOptions
  ): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
}

/** Counts an outcome; `undefined` for a value that is none. Total. */
export const tally = (outcome: unknown): ReplayCounts | undefined => {
  if (!Array.isArray(outcome)) return isCounts(outcome) ? outcome : undefined
  const [passes, fails] = outcome
  if (outcome.length === 2 && Array.isArray(passes) && Array.isArray(fails)) {
    return { successCount: passes.length, failureCount: fails.length }
  }
  const successCount = outcome.filter(cameThrough).length
  return { successCount, failureCount: outcome.length - successCount }
}

const isCounts = (outcome: unknown): outcome is ReplayCounts =>
  Predicate.hasProperty(outcome, "successCount") && Predicate.hasProperty(outcome, "failureCount")

const cameThrough = (one: unknown): boolean =>
  Exit.isExit(one) ? Exit.isSuccess(one) : Result.isResult(one) && Result.isSuccess(one)

/**
 * Plays a batch again; the first argument is the webhook's id.
 *
 * Events that do not come through are counted and are no error of the batch. A batch that fails as a whole is one,
 * and leaves the counts out.
 *
 * ```ts
 * Effect.forEach(events, (event) => Effect.exit(play(event))).pipe(
 *   Webhook.replayBatch("wh_1", { batchSize: events.length })
 * )
 * ```
 */
export const replayBatch: ReplayBatchCombinator = spanCombinator.make<ReplayBatchOptions>({
  describe: (webhookId, options) => ({
    name: SpanNames.webhookReplayBatch,
    attributes: {
      [AttributeKeys.component]: "webhook",
      [AttributeKeys.webhookId]: webhookId,
      [AttributeKeys.batchSize]: options?.batchSize
    }
  }),
  inside: (self, _webhookId, options) =>
    Effect.tap(self, (outcome) => {
      const counts = tally(outcome)
      return counts === undefined
        ? Effect.void
        : Effect.annotateCurrentSpan({
            [AttributeKeys.batchSize]: options?.batchSize ?? counts.successCount + counts.failureCount,
            [AttributeKeys.successCount]: counts.successCount,
            [AttributeKeys.failureCount]: counts.failureCount
          })
    })
}) as ReplayBatchCombinator
