/**
 * The passes of a loop.
 */
import type * as Effect from "effect/Effect"
import type * as Tracer from "effect/Tracer"
import * as spanCombinator from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanNames from "../model/SpanNames.ts"

/**
 * Gives every pass of a loop its own `workflow.loop.iteration` span.
 *
 * Wraps the body you hand to `Effect.forEach`, so concurrency stays its
 * business. The span records the name you give the item and its position;
 * never the item itself, which may be private.
 *
 * ```ts
 * Effect.forEach(order.lines, Traced.iteration("line", shipLine))
 * ```
 */
export const iteration =
  <Item, A, E, R>(itemVariable: string, body: (item: Item, index: number) => Effect.Effect<A, E, R>) =>
  (item: Item, index: number): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
    spanCombinator.open(body(item, index), {
      name: SpanNames.iteration,
      attributes: { [AttributeKeys.loopIterationIndex]: index, [AttributeKeys.loopItemVariable]: itemVariable }
    })
