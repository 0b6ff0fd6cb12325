/**
 * What is known of every span that this package opens: its kind, who opens it, and what it tells.
 *
 * `docs/spans.md` is written from it, and a test runs every combinator against it.
 */
import type * as Tracer from "effect/Tracer"
import * as AttributeKeys from "./AttributeKeys.ts"
import * as SpanNames from "./SpanNames.ts"

export interface CatalogueEntry {
  readonly kind: Tracer.SpanKind
  /** What opens it. */
  readonly by: string
  /** One sentence. */
  readonly tells: string
  /** Those that only some of these spans have are among them; what `Traced.workflow` puts on all is not. */
  readonly attributes: ReadonlyArray<string>
}

/** The keys that `Traced.workflow` puts on every span below it. */
export const inherited: ReadonlyArray<string> = [
  AttributeKeys.tenantId,
  AttributeKeys.workflowId,
  AttributeKeys.executionId
]

/** What any span can have: how it failed, or that it was interrupted. */
export const endings: ReadonlyArray<string> = [AttributeKeys.errorType, AttributeKeys.interrupted]

const messaging: ReadonlyArray<string> = [
  AttributeKeys.queueName,
  AttributeKeys.queueMessageId,
  AttributeKeys.messagingSystem,
  AttributeKeys.messagingDestinationName,
  AttributeKeys.messagingOperationName,
  AttributeKeys.messagingOperationType,
  AttributeKeys.messagingMessageId
]

const webhook: ReadonlyArray<string> = [AttributeKeys.component, AttributeKeys.webhookId]

/** The spans with a name of their own, by that name. */
export const spans: Readonly<Record<string, CatalogueEntry>> = {
  [SpanNames.workflow]: {
    kind: "internal",
    by: "Traced.workflow",
    tells: "One run of a workflow.",
    attributes: [
      AttributeKeys.component,
      AttributeKeys.workflowTrigger,
      AttributeKeys.workflowVersion,
      AttributeKeys.parentWorkflowId,
      AttributeKeys.depth
    ]
  },
  [SpanNames.subWorkflow]: {
    kind: "internal",
    by: "Traced.subWorkflow",
    tells: "The step in which a workflow runs another one, whose own run is the span below.",
    attributes: [
      AttributeKeys.childWorkflowId,
      AttributeKeys.parentWorkflowId,
      AttributeKeys.depth,
      AttributeKeys.component
    ]
  },
  [SpanNames.step]: {
    kind: "internal",
    by: "Traced.step",
    tells: "One step of a workflow.",
    attributes: [AttributeKeys.nodeId, AttributeKeys.nodeType, AttributeKeys.component, AttributeKeys.outputSizeBytes]
  },
  [SpanNames.iteration]: {
    kind: "internal",
    by: "Traced.iteration",
    tells: "One pass of a loop.",
    attributes: [AttributeKeys.loopIterationIndex, AttributeKeys.loopItemVariable]
  },
  [SpanNames.branch]: {
    kind: "internal",
    by: "Traced.branch, Traced.branches",
    tells: "One of several branches that run side by side.",
    attributes: [AttributeKeys.parallelBranchName, AttributeKeys.parallelBranchIndex]
  },
  [SpanNames.attempt]: {
    kind: "internal",
    by: "Traced.attempt",
    tells: "One try of something that is retried.",
    attributes: [
      AttributeKeys.nodeId,
      AttributeKeys.retryAttempt,
      AttributeKeys.retryMaxRetries,
      AttributeKeys.retryWillRetry
    ]
  },
  [SpanNames.credentials]: {
    kind: "internal",
    by: "Traced.credentials",
    tells: "Credentials are given to a step: how many, never which.",
    attributes: [AttributeKeys.nodeId, AttributeKeys.credentialCount, AttributeKeys.component]
  },
  [SpanNames.script]: {
    kind: "internal",
    by: "Traced.script",
    tells: "A script of the user runs. Its source is never recorded.",
    attributes: [AttributeKeys.scriptName, AttributeKeys.component]
  },
  [SpanNames.httpAction]: {
    kind: "internal",
    by: "Traced.httpAction",
    tells: "An HTTP call that a step makes; the request itself is the client's span below.",
    attributes: [AttributeKeys.actionName, AttributeKeys.component]
  },
  [SpanNames.transformAction]: {
    kind: "internal",
    by: "Traced.transformAction",
    tells: "A step reshapes data. The data is never recorded.",
    attributes: [AttributeKeys.actionName, AttributeKeys.component]
  },
  [SpanNames.publish]: {
    kind: "producer",
    by: "TracedQueue, TracedMessage.publish",
    tells: "A message is sent, with the context of this span.",
    attributes: messaging
  },
  [SpanNames.process]: {
    kind: "consumer",
    by: "TracedQueue, TracedMessage.process, .processBatch",
    tells:
      "A message is handled: a child of the span that sent it. A batch is linked to the spans of all its messages.",
    attributes: [
      AttributeKeys.component,
      ...messaging,
      AttributeKeys.retryCount,
      AttributeKeys.messagingBatchMessageCount
    ]
  },
  [SpanNames.webhookReceive]: {
    kind: "internal",
    by: "Webhook.receive",
    tells: "A webhook came in.",
    attributes: [...webhook, AttributeKeys.eventId, AttributeKeys.authType, AttributeKeys.payloadSizeBytes]
  },
  [SpanNames.webhookValidate]: {
    kind: "internal",
    by: "Webhook.validate",
    tells: "Whether it is what it says.",
    attributes: [...webhook, AttributeKeys.authType, AttributeKeys.validationPassed]
  },
  [SpanNames.webhookStore]: {
    kind: "internal",
    by: "Webhook.store",
    tells: "Its event is kept.",
    attributes: [...webhook, AttributeKeys.eventId]
  },
  [SpanNames.webhookReplay]: {
    kind: "internal",
    by: "Webhook.replay",
    tells: "A kept event is played again.",
    attributes: [...webhook, AttributeKeys.eventId]
  },
  [SpanNames.webhookReplayBatch]: {
    kind: "internal",
    by: "Webhook.replayBatch",
    tells: "Many kept events are played again, and counted.",
    attributes: [...webhook, AttributeKeys.batchSize, AttributeKeys.successCount, AttributeKeys.failureCount]
  }
}
