/**
 * Scripts that tenants write into their workflows: one expression, in a context of its own, for 100 ms at most.
 *
 * `node:vm` keeps honest scripts apart; it is no wall against hostile ones.
 */
import { Traced } from "@gorax/tracing"
import { Effect, Schema } from "effect"
import { runInNewContext } from "node:vm"

export class ScriptFailed extends Schema.TaggedError<ScriptFailed>()("ScriptFailed", {
  message: Schema.String
}) {}

/** Evaluates an expression over some values; its result is made text. */
export const run = (
  name: string,
  source: string,
  values: Readonly<Record<string, unknown>>
): Effect.Effect<string, ScriptFailed> =>
  Effect.try({
    try: () => String(runInNewContext(source, { ...values }, { timeout: 100 })),
    catch: (cause) => new ScriptFailed({ message: `script ${name}: ${String(cause)}` })
  }).pipe(Traced.script(name))
