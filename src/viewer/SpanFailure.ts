/**
 * How a span failed, in words.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { SpanData } from "../model/SpanData.ts"

export const hasFailed = (span: SpanData): boolean => span.statusCode === "error"

export const wasInterrupted = (span: SpanData): boolean => span.attributes.get(AttributeKeys.interrupted) === true

const exceptionMessage = (span: SpanData): string => {
  const exception = span.events.findLast((event) => event.name === "exception")
  return String(exception?.attributes[AttributeKeys.exceptionMessage] ?? "")
}

/** `error.type`, empty where it is not said. */
export const typeOf = (span: SpanData): string => String(span.attributes.get(AttributeKeys.errorType) ?? "")

/** `declined: the bank said no`, or whatever of it is known. As it arrived: clean it before a terminal sees it. */
export const textOf = (span: SpanData): string => {
  const type = typeOf(span)
  const message = span.statusMessage === "" ? exceptionMessage(span) : span.statusMessage
  if (type === "" || message === "") return type + message || "failed"
  return message.startsWith(type) ? message : `${type}: ${message}`
}
