/**
 * Redaction by the settings, and the rules that code adds to them.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import * as Result from "effect/Result"
import type { LogFilter } from "../model/LogRecord.ts"
import type { Propagator } from "../model/Propagator.ts"
import { CurrentPropagator } from "../model/References.ts"
import type { SpanBooks } from "../model/SpanBooks.ts"
import type { LinearPattern } from "../pipeline/LinearPattern.ts"
import * as Redaction from "../pipeline/Redaction.ts"
import * as SettingTable from "./SettingTable.ts"
import type { RedactionSetting, TracingConfig } from "./TracingConfig.ts"
import { TracingConfigError } from "./TracingConfigError.ts"

const refused = (name: string, pattern: string, error: unknown): TracingConfigError =>
  new TracingConfigError([
    {
      key: SettingTable.table.redactPatterns.key,
      rule: `made of patterns of RE2: ${error instanceof Error ? error.message : String(error)}`,
      value: JSON.stringify(Redaction.defaults.text(`${name}=${pattern}`))
    }
  ])

/** Nobody who has no patterns loads their engine. */
const compiled = Effect.fnUntraced(function* (
  patterns: RedactionSetting["patterns"]
): Effect.fn.Return<ReadonlyArray<LinearPattern>, TracingConfigError> {
  const entries = Object.entries(patterns)
  if (entries.length === 0) return []
  const LinearPattern = yield* Effect.promise(() => import("../pipeline/LinearPattern.ts"))
  return yield* Effect.forEach(entries, ([name, pattern]) => {
    const made = Result.try(() => LinearPattern.make(name, pattern))
    return Result.isSuccess(made) ? Effect.succeed(made.success) : Effect.fail(refused(name, pattern, made.failure))
  })
})

/** Fails where a pattern is none. */
export const make = Effect.fnUntraced(function* (
  setting: RedactionSetting,
  rules: ReadonlyArray<Redaction.RedactionRule>,
  books: SpanBooks
): Effect.fn.Return<Redaction.Redaction, TracingConfigError> {
  const { mode, patterns, ...options } = setting
  if (mode === "off") return Redaction.off
  return Redaction.make({ ...options, mode, patterns: yield* compiled(patterns), rules, books })
})

/** The settings, without what a resource may hold that nobody should see: spans, log records and metrics have it. */
export const settings = (given: TracingConfig, { resource }: Redaction.Redaction): TracingConfig => ({
  ...given,
  resourceAttributes: resource({ attributes: given.resourceAttributes }).attributes
})

/** A log record as others may see it, after whatever a filter of the user's has made of it. */
export const records =
  ({ text, value }: Redaction.Redaction, filter: LogFilter = (record) => record): LogFilter =>
  (record) => {
    const kept = filter(record)
    if (kept === undefined) return undefined
    const { attributes, body } = kept
    return {
      ...kept,
      body: typeof body === "string" ? text(body) : (value("log.body", body) ?? ""),
      attributes: Record.filterMap(attributes, (entry, key) => Result.fromNullishOr(value(key, entry), () => undefined))
    }
  }

/** Keeps baggage that holds secrets from going out. */
const guarded = (propagator: Propagator, { baggage }: Redaction.Redaction): Propagator => ({
  ...propagator,
  inject: (context) =>
    propagator.inject(context.baggage.size === 0 ? context : { ...context, baggage: baggage(context.baggage) })
})

/** What else heeds the redaction: propagators, and whoever asks the fiber for it. */
export const context = (current: Context.Context<never>, redaction: Redaction.Redaction): Context.Context<never> => {
  const propagator = Context.get(current, CurrentPropagator)
  const base = Context.make(Redaction.CurrentRedaction, redaction)
  return propagator === undefined ? base : Context.add(base, CurrentPropagator, guarded(propagator, redaction))
}
