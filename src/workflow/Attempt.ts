/**
 * One try of something that is retried.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as spanCombinator from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanNames from "../model/SpanNames.ts"
import type { Telling } from "./Telling.ts"

export interface AttemptOptions extends Telling {
  /** How often `Effect.retry` tries again; with it a failed try says whether another will follow. */
  readonly maxRetries?: number
}

/**
 * Gives every try its own `workflow.retry.attempt` span, numbered from 1.
 *
 * Stands directly inside `Effect.retry`, which tells it the number of the try; inside a bare `Effect.repeat` it
 * counts passes.
 *
 * ```ts
 * charge.pipe(Traced.attempt("charge-card", { maxRetries: 2 }), Effect.retry({ times: 2 }))
 * ```
 */
export const attempt: spanCombinator.SpanCombinator<AttemptOptions> = spanCombinator.make<AttemptOptions>({
  describe: (name, options, fiber) => ({
    name: SpanNames.attempt,
    attributes: {
      [AttributeKeys.nodeId]: name,
      [AttributeKeys.retryAttempt]: numberOf(fiber),
      [AttributeKeys.retryMaxRetries]: options?.maxRetries,
      ...options?.attributes
    }
  }),
  inside: (self, _name, options) => {
    const maxRetries = options?.maxRetries
    return maxRetries === undefined
      ? self
      : Effect.tapError(self, () =>
          Effect.withFiber((fiber) =>
            Effect.annotateCurrentSpan(AttributeKeys.retryWillRetry, numberOf(fiber) <= maxRetries)
          )
        )
  }
})

/** Which try this is, from 1. */
const numberOf = (fiber: Fiber.Fiber<unknown, unknown>): number => fiber.getRef(Schedule.CurrentMetadata).attempt + 1
