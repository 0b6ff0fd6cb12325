/**
 * Effect's log lines as records of OpenTelemetry's logs.
 *
 * Bounded as attributes of spans are, and without what looks like a secret:
 * in the message, and behind keys that name one. The error of a line is told
 * as spans tell theirs.
 */
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as Attributes from "../model/Attributes.ts"
import * as Failure from "../model/Failure.ts"
import { type LogRecord, severity } from "../model/LogRecord.ts"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import * as LogCorrelation from "./LogCorrelation.ts"

const severities: Readonly<Record<LogLevel.LogLevel, number>> = {
  All: 0,
  Trace: severity.trace,
  Debug: severity.debug,
  Info: severity.info,
  Warn: severity.warn,
  Error: severity.error,
  Fatal: severity.fatal,
  None: 0
}

/** Characters: what is longer is cut. */
const longestBody = 4096

const bodyOf = (message: unknown): Attributes.AttributeValue => {
  const parts = Array.isArray(message) ? message : [message]
  const [only, ...others] = parts
  const value = others.length === 0 ? Attributes.fromUnknown(only) : undefined
  return typeof value === "number" || typeof value === "boolean"
    ? value
    : SensitiveKeys.redactText(parts.map((part) => Attributes.textOf(part, longestBody)).join(" "), longestBody)
}

const masked = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.keys(values).some(SensitiveKeys.isSensitive)
    ? Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, SensitiveKeys.isSensitive(key) ? SensitiveKeys.mask : value])
      )
    : values

const errorOf = (cause: Logger.Options<unknown>["cause"]): Readonly<Record<string, unknown>> | undefined => {
  const failure = Failure.fromCause(cause)
  return (
    failure && {
      [AttributeKeys.exceptionType]: failure.type,
      [AttributeKeys.exceptionMessage]: failure.message,
      [AttributeKeys.exceptionStacktrace]: failure.stack
    }
  )
}

/** How long each span of Effect's `withLogSpan` has lasted, in milliseconds. */
const durationsOf = (fiber: Fiber.Fiber<unknown, unknown>, now: number): Readonly<Record<string, number>> =>
  Object.fromEntries(
    fiber
      .getRef(References.CurrentLogSpans)
      .map(([label, start]) => [`${AttributeKeys.logSpanPrefix}${label}`, now - start])
  )

/** A line as a record. Reading the ids of its span settles sampling. */
const fromLine = (
  { cause, date, fiber, logLevel, message }: Logger.Options<unknown>,
  limits: Attributes.AttributeLimits
): LogRecord => {
  const context = LogCorrelation.contextOf(fiber)
  const body = bodyOf(message)
  const { attributes, dropped } = Attributes.fromRecord(
    {
      ...masked(Attributes.readable(LogCorrelation.runOf(fiber)) ?? {}),
      ...durationsOf(fiber, date.getTime()),
      [AttributeKeys.fiberId]: fiber.id,
      ...errorOf(cause)
    },
    limits,
    typeof body === "string" ? body.length : 0
  )
  return {
    time: BigInt(date.getTime()) * 1_000_000n,
    severityNumber: severities[logLevel],
    severityText: logLevel.toUpperCase(),
    body,
    attributes,
    droppedAttributes: dropped,
    ...(context && { traceId: context.traceId, spanId: context.spanId, traceFlags: context.traceFlags })
  }
}

export interface LogLinesOptions {
  readonly limits: Attributes.AttributeLimits
  readonly push: (record: LogRecord) => void
}

/** A logger that hands every line on as a record. Never throws: a line that cannot be read is no reason to fail. */
export const logger = ({ limits, push }: LogLinesOptions): Logger.Logger<unknown, void> =>
  Logger.make((line) => {
    try {
      push(fromLine(line, limits))
    } catch {
      // Nothing of it may leave if it is not known what it holds
    }
  })
