/**
 * A run of a workflow, and of a workflow within it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as spanCombinator from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanNames from "../model/SpanNames.ts"
import { executor, type Telling } from "./Telling.ts"

/** The run a fiber is part of. */
export interface Execution {
  readonly workflowId: string
  readonly tenantId: string
  readonly executionId: string
  /** 0 for a run that no other run started. */
  readonly depth: number
}

/** The innermost run around the current fiber. */
export const CurrentExecution = Context.Reference<Execution | undefined>(
  "@gorax/tracing/workflow/Execution/CurrentExecution",
  { defaultValue: () => undefined }
)

export interface WorkflowOptions extends Telling {
  readonly tenantId: string
  readonly executionId: string
  /** What set it off: `api`, `schedule`, `webhook`. */
  readonly trigger?: string
  readonly version?: string
}

const unknown = "unknown"

const ids = (name: string, options: WorkflowOptions | undefined): Readonly<Record<string, string>> => ({
  [AttributeKeys.tenantId]: options?.tenantId ?? unknown,
  [AttributeKeys.workflowId]: name,
  [AttributeKeys.executionId]: options?.executionId ?? unknown
})

/**
 * Runs an effect as a workflow: a `workflow.execute` span, with tenant, workflow and execution id on every span and
 * log line below it. Log lines carry them where tracing is off, too.
 */
export const workflow: spanCombinator.SpanCombinator<WorkflowOptions> = spanCombinator.make<WorkflowOptions>({
  describe: (name, options, fiber) => {
    const outer = fiber.getRef(CurrentExecution)
    return {
      name: SpanNames.workflow,
      attributes: {
        ...ids(name, options),
        [AttributeKeys.component]: executor,
        [AttributeKeys.workflowTrigger]: options?.trigger,
        [AttributeKeys.workflowVersion]: options?.version,
        ...(outer === undefined
          ? {}
          : { [AttributeKeys.parentWorkflowId]: outer.workflowId, [AttributeKeys.depth]: outer.depth + 1 }),
        ...options?.attributes
      }
    }
  },
  always: (self, name, options) => {
    const stamped = ids(name, options)
    return Effect.withFiber((fiber) => {
      const outer = fiber.getRef(CurrentExecution)
      return self.pipe(
        Effect.provideService(CurrentExecution, {
          workflowId: name,
          tenantId: stamped[AttributeKeys.tenantId]!,
          executionId: stamped[AttributeKeys.executionId]!,
          depth: outer === undefined ? 0 : outer.depth + 1
        }),
        Effect.annotateSpans(stamped),
        Effect.annotateLogs(stamped)
      )
    })
  }
})

/**
 * The step in which a workflow runs another one. Give the effect inside its own `Traced.workflow`: the child's run
 * then names its parent and its depth.
 */
export const subWorkflow: spanCombinator.SpanCombinator<Telling> = spanCombinator.make<Telling>({
  describe: (name, options, fiber) => {
    const outer = fiber.getRef(CurrentExecution)
    return {
      name: SpanNames.subWorkflow,
      attributes: {
        [AttributeKeys.childWorkflowId]: name,
        [AttributeKeys.parentWorkflowId]: outer?.workflowId,
        [AttributeKeys.depth]: (outer?.depth ?? 0) + 1,
        [AttributeKeys.component]: executor,
        ...options?.attributes
      }
    }
  }
})
