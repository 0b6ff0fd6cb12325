/**
 * Sampling rules in a file: read at start, and looked at while the program runs.
 *
 * It is read again rather than watched, because files are replaced in ways that
 * no watch of a system sees everywhere: by renaming, through links, over a network.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as FileSystem from "node:fs/promises"
import * as Rules from "../sampling/SamplingRules.ts"
import * as LiveRules from "./LiveRules.ts"
import * as SettingTable from "./SettingTable.ts"
import type { TracingConfigError } from "./TracingConfigError.ts"

const { key } = SettingTable.table.samplingRulesFile

/** More is no list of rules. */
const longest = 1_000_000

const unreadable = (file: string, why: string): ReadonlyArray<Rules.RulesProblem> => [
  {
    at: "",
    rule: `the name of a file that can be read, of ${longest} bytes at most`,
    value: `${JSON.stringify(file)} (${why})`
  }
]

const attempt = <A>(file: string, run: () => Promise<A>): Effect.Effect<A, ReadonlyArray<Rules.RulesProblem>> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => unreadable(file, String(Reflect.get(Object(error), "code") ?? "no reason given"))
  })

const textOf = Effect.fnUntraced(function* (file: string) {
  const { size } = yield* attempt(file, () => FileSystem.stat(file))
  if (size > longest) return yield* Effect.fail(unreadable(file, `${size} bytes`))
  return yield* attempt(file, () => FileSystem.readFile(file, "utf8"))
})

interface Version {
  readonly text: string
  readonly rules: Result.Result<Rules.SamplingRules, ReadonlyArray<Rules.RulesProblem>>
}

/** What stands in the file now; what is wrong with it is part of the answer. */
const look = (file: string): Effect.Effect<Version> =>
  Effect.match(textOf(file), {
    onSuccess: (text) => ({ text, rules: Rules.fromJson(text) }),
    onFailure: (problems) => ({ text: JSON.stringify(problems), rules: Result.fail(problems) })
  })

/** The rules of the file, which must be usable at start, and what keeps them those of the file. */
export const read = Effect.fnUntraced(function* (file: string): Effect.fn.Return<
  {
    readonly rules: Rules.SamplingRules
    readonly follow: (live: LiveRules.LiveRules, interval: Duration.Duration) => Effect.Effect<never>
  },
  TracingConfigError
> {
  const first = yield* look(file)
  const rules = yield* Effect.fromResult(Result.mapError(first.rules, (problems) => LiveRules.error(key, problems)))
  return { rules, follow: (live, interval) => follow(file, first.text, live, interval) }
})

/**
 * Takes up every version that is usable. One that is not may be half written: it is looked at again, and only when it has
 * not changed it is refused, once, in the log and in health.
 */
const follow = (
  file: string,
  first: string,
  live: LiveRules.LiveRules,
  interval: Duration.Duration
): Effect.Effect<never> => {
  let taken = first
  let doubted: string | undefined
  let refused: string | undefined
  const refuse = (problems: ReadonlyArray<Rules.RulesProblem>): Effect.Effect<void> => {
    const { message } = LiveRules.error(key, problems)
    const why = `The sampling rules in ${file} were changed, and are not usable; those before hold. ${message}`
    return Effect.andThen(live.refuse(why), Effect.logWarning(why))
  }
  const step = Effect.flatMap(look(file), ({ rules, text }) => {
    const before = doubted
    doubted = undefined
    if (text === refused || (text === taken && refused === undefined)) return Effect.void
    if (Result.isFailure(rules)) {
      doubted = text
      if (text !== before) return Effect.void
      refused = text
      return refuse(rules.failure)
    }
    taken = text
    refused = undefined
    return live
      .replace(rules.success, key)
      .pipe(
        Effect.andThen(Effect.logInfo(`The sampling rules in ${file} were changed: ${rules.success.length} hold now`)),
        Effect.ignore
      )
  })
  return Effect.forever(Effect.andThen(Effect.sleep(interval), step))
}
