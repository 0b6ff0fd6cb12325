/**
 * Rules about what crosses from one process to another: contexts, requests, messages.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { SpanData } from "../model/SpanData.ts"
import { serviceOf } from "../model/SpanService.ts"
import { ofEach, type SpanRule } from "./SpanRule.ts"

const memberKeys = (state: string): ReadonlyArray<string> =>
  state === "" ? [] : state.split(",").map((member) => member.slice(0, member.indexOf("=")).trim())

/** No member of a tracestate vanishes on the way down; it may be updated and moved, and the last of 32 may fall off. */
export const keptState: SpanRule = ofEach(
  "kept tracestate",
  "A span hands on the tracestate of its parent.",
  (span, evidence) => {
    const parent = evidence.parentOf(span)
    if (parent === undefined) return undefined
    const own = memberKeys(span.traceState)
    const lost = memberKeys(parent.traceState).filter((key) => !own.includes(key))
    return lost.length === 0 || own.length >= 32
      ? undefined
      : `its tracestate lacks ${lost.join(", ")}, which "${parent.name}" above it has`
  }
)

const text = (span: SpanData, ...keys: ReadonlyArray<string>): string | undefined => {
  const key = keys.find((key) => span.attributes.get(key) !== undefined)
  return key === undefined ? undefined : String(span.attributes.get(key))
}

const queueOf = (span: SpanData) => text(span, AttributeKeys.messagingDestinationName, AttributeKeys.queueName)
const messageOf = (span: SpanData) => text(span, AttributeKeys.messagingMessageId, AttributeKeys.queueMessageId)

/** A message is handled in the trace it was sent in, or linked to it. Judged only where its sender is among the spans. */
export const joinedMessage: SpanRule = ofEach(
  "joined message",
  "Who handles a message continues the trace of whoever sent it, or is linked to it.",
  (span, evidence) => {
    if (span.kind !== "consumer" || queueOf(span) === undefined) return undefined
    const senders = evidence.spans.filter(
      (other) =>
        other.kind === "producer" &&
        queueOf(other) === queueOf(span) &&
        (messageOf(span) === undefined || messageOf(other) === undefined || messageOf(other) === messageOf(span))
    )
    return senders.length === 0 || senders.some((sender) => evidence.joins(span, sender))
      ? undefined
      : `it neither continues nor is linked to "${senders[0]!.name}", which sent a message to ${queueOf(span)}: ` +
          "the message's headers got lost"
  }
)

const methodOf = (span: SpanData) => text(span, AttributeKeys.httpRequestMethod, AttributeKeys.oldHttpMethod)

const targetOf = (span: SpanData): string | undefined => {
  const url = text(span, AttributeKeys.urlFull)
  if (url !== undefined) return URL.canParse(url) ? new URL(url).pathname : undefined
  return text(span, AttributeKeys.urlPath, AttributeKeys.oldHttpTarget)?.split("?", 1)[0]
}

const isRequest = (span: SpanData, kind: "client" | "server"): boolean =>
  span.kind === kind && methodOf(span) !== undefined

/** A request is answered in the trace it was sent in. Judged only where a server here answered that very request. */
export const joinedRequest: SpanRule = ofEach(
  "joined request",
  "A server that answers a request continues the trace of whoever sent it, or is linked to it.",
  (span, evidence) => {
    if (!isRequest(span, "server") || targetOf(span) === undefined || evidence.parentOf(span) !== undefined) {
      return undefined
    }
    const sender = evidence.spans.find(
      (other) =>
        isRequest(other, "client") &&
        methodOf(other) === methodOf(span) &&
        targetOf(other) === targetOf(span) &&
        other.startTime <= span.startTime &&
        span.startTime <= other.endTime &&
        !evidence.spans.some((child) => evidence.parentOf(child) === other)
    )
    return sender === undefined || evidence.joins(span, sender)
      ? undefined
      : `it neither continues nor is linked to "${sender.name}" of ${serviceOf(sender)}, which sent this request: ` +
          "the context was not sent, was sent twice, or was not believed"
  }
)

export const everyRequestServed: SpanRule = ofEach(
  "every request served",
  "Every request that was answered has a server's span below it: every server is traced and its spans are here.",
  (span, evidence) =>
    isRequest(span, "client") &&
    span.attributes.has(AttributeKeys.httpResponseStatusCode) &&
    !evidence.spans.some((child) => child.kind === "server" && evidence.parentOf(child) === span)
      ? "it was answered, and no server's span is below it"
      : undefined
)

/** No request is told twice, as by Effect's own spans or instrumentation of `node:http` and `fetch` beside ours. */
export const toldOnce: SpanRule = ofEach("told once", "A request has one span on each side.", (span, evidence) => {
  const parent = evidence.parentOf(span)
  if (parent === undefined || parent.kind !== span.kind || methodOf(span) === undefined) return undefined
  return isRequest(parent, span.kind as "client" | "server") &&
    serviceOf(parent) === serviceOf(span) &&
    methodOf(parent) === methodOf(span) &&
    targetOf(parent) === targetOf(span)
    ? `"${parent.name}" above it tells the same request: two instrumentations are at work, and may both write headers`
    : undefined
})

const contextHeader = /^http\.request\.header\.(traceparent|b3|x-b3-traceid|uber-trace-id|x-amzn-trace-id)$/

export const oneContextHeader: SpanRule = ofEach(
  "one context header",
  "No request was sent with two contexts in headers of one name.",
  (span) => {
    for (const [key, value] of span.attributes) {
      const header = contextHeader.exec(key)?.[1]
      if (header === undefined) continue
      const lines = (Array.isArray(value) ? value : [value]).flatMap((line) => String(line).split(","))
      if (lines.length > 1) return `it has ${lines.length} ${header} headers, so whoever gets them believes none`
    }
    return undefined
  }
)
