/**
 * One step of a workflow.
 */
import * as Effect from "effect/Effect"
import * as spanCombinator from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanNames from "../model/SpanNames.ts"
import { executor, type Telling } from "./Telling.ts"

export interface StepOptions extends Telling {
  /** What kind of node it is: `http`, `transform`, `condition` … */
  readonly type?: string
  /**
   * Records `output_size_bytes`: the length of the result as JSON, in UTF-8.
   *
   * Costs a serialisation of the result for every step, which is why it is off unless asked for. A result that is
   * no JSON has no size.
   */
  readonly measureOutput?: boolean
}

const measure = (output: unknown): number | undefined => {
  try {
    const json = JSON.stringify(output)
    return json === undefined ? undefined : Buffer.byteLength(json)
  } catch {
    return undefined
  }
}

/** Runs an effect as a step: a `workflow.step.execute` span with the step's name as `node_id`. */
export const step: spanCombinator.SpanCombinator<StepOptions> = spanCombinator.make<StepOptions>({
  describe: (name, options) => ({
    name: SpanNames.step,
    attributes: {
      [AttributeKeys.nodeId]: name,
      [AttributeKeys.nodeType]: options?.type,
      [AttributeKeys.component]: executor,
      ...options?.attributes
    }
  }),
  inside: (self, _name, options) =>
    options?.measureOutput === true
      ? Effect.tap(self, (output) => Effect.annotateCurrentSpan(AttributeKeys.outputSizeBytes, measure(output)))
      : self
})
