/**
 * The thing that a span is about, in a word or two: its step, its queue, its URL.
 *
 * Names of spans are few; this is what tells two of them apart in a drawing.
 */
import * as AttributeKeys from "./AttributeKeys.ts"
import type { SpanData } from "./SpanData.ts"
import * as SpanNames from "./SpanNames.ts"

type Say = (span: SpanData, parent: SpanData | undefined) => string | undefined

const value = (span: SpanData, key: string, parent?: SpanData): string | undefined => {
  const found = span.attributes.get(key)
  return found === undefined || found === "" || found === parent?.attributes.get(key) ? undefined : String(found)
}

const of =
  (key: string): Say =>
  (span, parent) =>
    value(span, key, parent)

/** `charge-card #2` */
const numbered =
  (key: string, number: string, sign: string): Say =>
  (span, parent) =>
    [value(span, key, parent), value(span, number)?.replace(/^/, sign)].filter((part) => part !== undefined).join(" ")

const counted =
  (key: string, unit: string): Say =>
  (span) => {
    const count = value(span, key)
    return count === undefined ? undefined : `${count} ${unit}${count === "1" ? "" : "s"}`
  }

const subjects: Readonly<Record<string, Say>> = {
  [SpanNames.workflow]: of(AttributeKeys.workflowId),
  [SpanNames.subWorkflow]: of(AttributeKeys.childWorkflowId),
  [SpanNames.step]: of(AttributeKeys.nodeId),
  [SpanNames.iteration]: numbered(AttributeKeys.loopItemVariable, AttributeKeys.loopIterationIndex, "#"),
  [SpanNames.branch]: of(AttributeKeys.parallelBranchName),
  [SpanNames.attempt]: numbered(AttributeKeys.nodeId, AttributeKeys.retryAttempt, "#"),
  [SpanNames.credentials]: counted(AttributeKeys.credentialCount, "credential"),
  [SpanNames.script]: of(AttributeKeys.scriptName),
  [SpanNames.httpAction]: of(AttributeKeys.actionName),
  [SpanNames.transformAction]: of(AttributeKeys.actionName),
  [SpanNames.publish]: of(AttributeKeys.queueName),
  [SpanNames.process]: of(AttributeKeys.queueName),
  [SpanNames.webhookReceive]: of(AttributeKeys.webhookId),
  [SpanNames.webhookValidate]: of(AttributeKeys.authType),
  [SpanNames.webhookStore]: of(AttributeKeys.eventId),
  [SpanNames.webhookReplay]: of(AttributeKeys.eventId),
  [SpanNames.webhookReplayBatch]: counted(AttributeKeys.batchSize, "event")
}

/** `payments:4100/charges → 402`; the query is left out, as it may hold secrets. */
const httpClient: Say = (span) => {
  const full = value(span, AttributeKeys.urlFull)
  const url = full !== undefined && URL.canParse(full) ? new URL(full) : undefined
  const port = value(span, AttributeKeys.serverPort)
  const host =
    url?.host ?? [value(span, AttributeKeys.serverAddress), port].filter((part) => part !== undefined).join(":")
  const target = host + (url?.pathname ?? value(span, AttributeKeys.urlPath) ?? "")
  return [target, value(span, AttributeKeys.httpResponseStatusCode)]
    .filter((part) => part !== undefined && part !== "")
    .join(" → ")
}

/** `→ 202`; the name of a server span has the route already. */
const httpServer: Say = (span) => value(span, AttributeKeys.httpResponseStatusCode)?.replace(/^/, "→ ")

const messaging: Say = of(AttributeKeys.messagingDestinationName)

/** What a span of any other name may be about, the most telling first. */
const telling = [
  AttributeKeys.nodeId,
  AttributeKeys.childWorkflowId,
  AttributeKeys.parallelBranchName,
  AttributeKeys.loopItemVariable,
  AttributeKeys.scriptName,
  AttributeKeys.actionName,
  AttributeKeys.queueName,
  AttributeKeys.webhookId
]

const anything: Say = (span, parent) =>
  telling.map((key) => value(span, key, parent)).find((found) => found !== undefined)

/**
 * What the span is about; empty when that is not known.
 *
 * With its parent at hand, what is said there already is not said again.
 */
export const subjectOf = (span: SpanData, parent?: SpanData): string => {
  const say =
    subjects[span.name] ??
    (span.attributes.has(AttributeKeys.httpRequestMethod)
      ? span.kind === "client"
        ? httpClient
        : httpServer
      : span.kind === "producer" || span.kind === "consumer"
        ? messaging
        : anything)
  return say(span, parent) ?? ""
}
