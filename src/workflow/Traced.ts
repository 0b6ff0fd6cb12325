/**
 * The menu: everything a workflow can tell about itself.
 *
 * Each entry decorates an effect and leaves its flow, its type and its errors
 * alone. Loops stay `Effect.forEach`, branches `Effect.all`, retries
 * `Effect.retry`.
 */
export { credentials, httpAction, script, transformAction } from "./Action.ts"
export { attempt } from "./Attempt.ts"
export { span } from "./Custom.ts"
export { annotate, currentSpanId, currentTraceId, event, recordError } from "./Event.ts"
export { CurrentExecution, subWorkflow, workflow } from "./Execution.ts"
export { iteration } from "./Loop.ts"
export { branch, branches } from "./Parallel.ts"
export { step } from "./Step.ts"

export type { CredentialsOptions } from "./Action.ts"
export type { AttemptOptions } from "./Attempt.ts"
export type { CustomSpanOptions } from "./Custom.ts"
export type { Execution, WorkflowOptions } from "./Execution.ts"
export type { BranchOptions } from "./Parallel.ts"
export type { StepOptions } from "./Step.ts"
export type { Telling } from "./Telling.ts"
