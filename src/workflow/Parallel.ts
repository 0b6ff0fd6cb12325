/**
 * Branches that run side by side.
 */
import type * as Effect from "effect/Effect"
import type * as Tracer from "effect/Tracer"
import * as spanCombinator from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanNames from "../model/SpanNames.ts"
import type { Telling } from "./Telling.ts"

export interface BranchOptions extends Telling {
  /** Its position among its siblings, from 0. */
  readonly index?: number
}

/** Runs an effect as one branch: a `workflow.parallel.branch` span. */
export const branch: spanCombinator.SpanCombinator<BranchOptions> = spanCombinator.make<BranchOptions>({
  describe: (name, options) => ({
    name: SpanNames.branch,
    attributes: {
      [AttributeKeys.parallelBranchName]: name,
      [AttributeKeys.parallelBranchIndex]: options?.index,
      ...options?.attributes
    }
  })
})

type Branches<Effects> = {
  readonly [Name in keyof Effects]: Effects[Name] extends Effect.Effect<infer A, infer E, infer R>
    ? Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
    : never
}

/**
 * The same record of effects, each in a branch of its own name and position.
 *
 * ```ts
 * Effect.all(Traced.branches({ stock, receipt }), { concurrency: "unbounded" })
 * ```
 */
export const branches = <const Effects extends Readonly<Record<string, Effect.Effect<any, any, any>>>>(
  effects: Effects
): Branches<Effects> =>
  Object.fromEntries(
    Object.entries(effects).map(([name, self], index) => [name, branch(self, name, { index })])
  ) as Branches<Effects>
