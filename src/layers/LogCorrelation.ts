/**
 * Log lines that say which span they were written in.
 *
 * Inside a span the loggers of the fiber are shown a few annotations more:
 * `trace_id`, `span_id` and `trace_flags`, as OpenTelemetry spells them in
 * logs that are no OTLP, and the tenant and the execution of the span where
 * the line has none of its own. Whatever a logger makes of annotations, it
 * makes of these: pretty, JSON and logfmt alike. Nothing is done until a line
 * is written; then reading the ids settles whether the span is sampled, and
 * the last bit of `trace_flags` says so: `02` is a trace that was left out.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as SpanLoggers from "../tracer/SpanLoggers.ts"
import type { Exchange } from "../tracer/SpanLoggers.ts"

type AnyLogger = Logger.Logger<unknown, unknown>

/** What a line says about the span that it was written in. */
export type LineAnnotations = Readonly<Record<string, unknown>>

const ofTheRun = [AttributeKeys.tenantId, AttributeKeys.workflowId, AttributeKeys.executionId] as const

/** The context of the span that a fiber is in. Total: a span that throws is none. */
export const contextOf = (fiber: Fiber.Fiber<unknown, unknown>): SpanContext.SpanContext | undefined => {
  try {
    const span = SpanContext.visible(fiber.cache.span)
    const context = span && SpanContext.fromSpan(span)
    return context && SpanContext.isValid(context) ? SpanContext.sound(context) : undefined
  } catch {
    return undefined
  }
}

/** The annotations of a line, and tenant, workflow and execution of its span where it does not name them. */
export const runOf = (fiber: Fiber.Fiber<unknown, unknown>): LineAnnotations => {
  const own = fiber.getRef(References.CurrentLogAnnotations)
  const { span } = fiber.cache
  if (span?._tag !== "Span") return own
  try {
    const added = ofTheRun.filter((key) => !Object.hasOwn(own, key) && span.attributes.has(key))
    return added.length === 0
      ? own
      : { ...own, ...Object.fromEntries(added.map((key) => [key, span.attributes.get(key)])) }
  } catch {
    return own
  }
}

const hex = (flags: number): string => (flags & 0xff).toString(16).padStart(2, "0")

const annotationsOf = (fiber: Fiber.Fiber<unknown, unknown>): LineAnnotations | undefined => {
  const context = contextOf(fiber)
  return (
    context && {
      ...runOf(fiber),
      [AttributeKeys.logTraceId]: context.traceId,
      [AttributeKeys.logSpanId]: context.spanId,
      [AttributeKeys.logTraceFlags]: hex(context.traceFlags)
    }
  )
}

/** A line is written at once, on the fiber it is about: for that long the fiber's context has more to say. */
const correlate = (logger: AnyLogger): AnyLogger =>
  Logger.make((line) => {
    const fiber = line.fiber as Fiber.Fiber<unknown, unknown> & { context: Context.Context<never> }
    const annotations = annotationsOf(fiber)
    if (annotations === undefined) return logger.log(line)
    const { context } = fiber
    fiber.context = Context.add(context, References.CurrentLogAnnotations, annotations)
    try {
      return logger.log(line)
    } finally {
      fiber.context = context
    }
  })

const correlated = new WeakMap<AnyLogger, AnyLogger>()

const correlatedOf = (logger: AnyLogger): AnyLogger => {
  const known = correlated.get(logger)
  if (known !== undefined) return known
  const made = correlate(logger)
  correlated.set(logger, made)
  // It is one already, wherever it is met again
  correlated.set(made, made)
  return made
}

export interface LogCorrelationOptions {
  /** Shows loggers the ids of the span. */
  readonly ids: boolean
  /** Lets lines become events of the span, as Effect's own `Logger.tracerLogger` does. */
  readonly events: boolean
  /** A logger that knows spans itself and gets every line, wherever lines are logged at all. */
  readonly records?: AnyLogger | undefined
}

/** What becomes of loggers inside spans. */
export const exchange = ({ events, ids, records }: LogCorrelationOptions): Exchange =>
  SpanLoggers.each((logger) => {
    if (logger === Logger.tracerLogger) return events ? logger : undefined
    return ids && logger !== records ? correlatedOf(logger) : logger
  }, records)
