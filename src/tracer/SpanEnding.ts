/**
 * How a span ends: what its effect came to, told on the span.
 *
 * Success says nothing. A failure names the error, and its stack becomes an
 * event once, on the innermost span that saw it. An interruption is no error.
 * A span whose `error.type` was set by hand ends in error although its effect
 * did not fail.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as Failure from "../model/Failure.ts"
import type { SpanData } from "../model/SpanData.ts"
import { isToldByChild } from "./ToldFailure.ts"

/** What is left of an exit that was no success. */
export type Ending = "failed" | "interrupted"

/** A span that is about to end. */
export interface EndingSpan extends SpanData {
  readonly attribute: (key: string, value: unknown) => void
  readonly event: (name: string, time: bigint, attributes: Readonly<Record<string, unknown>>) => void
  readonly setStatus: (code: "error", message?: string) => void
  readonly timeAfter: (sinceStart: number | bigint) => bigint
}

const hasFailed = (cause: Cause.Cause<unknown>): boolean => Cause.hasFails(cause) || Cause.hasDies(cause)

export const fromExit = (exit: Exit.Exit<unknown, unknown>): Ending | undefined =>
  Exit.isSuccess(exit) ? undefined : hasFailed(exit.cause) ? "failed" : "interrupted"

/**
 * The exit again, in the span's own words. Results and errors are let go: they may be large, are nobody's business, and
 * would be kept for as long as the span waits.
 */
export const toExit = (
  ending: Ending | undefined,
  { attributes, statusMessage }: SpanData
): Exit.Exit<void, { readonly _tag: string; readonly message: string }> =>
  ending === undefined
    ? Exit.void
    : ending === "interrupted"
      ? Exit.interrupt()
      : Exit.fail({ _tag: String(attributes.get(AttributeKeys.errorType) ?? "Error"), message: statusMessage })

/** Writes on a span what its effect came to, so many nanoseconds after its start. */
export const tell = (span: EndingSpan, exit: Exit.Exit<unknown, unknown>, sinceStart: number | bigint): void => {
  if (Exit.isSuccess(exit)) {
    if (span.statusCode === "unset" && span.attributes.has(AttributeKeys.errorType)) span.setStatus("error")
    return
  }
  const failure = Failure.fromCause(exit.cause)
  if (failure !== undefined) tellFailure(span, failure, sinceStart)
  else if (Cause.hasInterrupts(exit.cause)) span.attribute(AttributeKeys.interrupted, true)
}

const tellFailure = (span: EndingSpan, failure: Failure.Failure, sinceStart: number | bigint): void => {
  if (!span.attributes.has(AttributeKeys.errorType)) span.attribute(AttributeKeys.errorType, failure.type)
  span.setStatus("error", failure.message)
  if (isToldByChild(failure.error, span)) return
  span.event("exception", span.timeAfter(sinceStart), {
    [AttributeKeys.exceptionType]: failure.type,
    [AttributeKeys.exceptionMessage]: failure.message,
    [AttributeKeys.exceptionStacktrace]: failure.stack
  })
}
