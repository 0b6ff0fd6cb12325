/**
 * A question that the doctor asks about a set-up, and what came of it.
 *
 * Every check is done within its deadline, fails never, and shows no secret:
 * what it says is shown on screens and pasted into tickets.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** The worst first. A `problem` keeps spans from arriving, a `warning` may, a `note` is good to know. */
export const severities = ["problem", "warning", "note", "ok"] as const

export type Severity = (typeof severities)[number]

export interface Finding {
  /** Which check it is of, the same in every version: `destination.tls`. */
  readonly check: string
  readonly severity: Severity
  /** What is the matter, in one line. */
  readonly summary: string
  readonly tried: string
  readonly seen: string
  /** What to do; absent where nothing has to be done. */
  readonly advice?: string
}

export interface Check {
  readonly name: string
  readonly run: Effect.Effect<ReadonlyArray<Finding>>
}

/** What came of one step, and what the next step needs of it; `undefined` where there is no point in going on. */
export interface Step<out A> {
  readonly found: ReadonlyArray<Finding>
  readonly next: A | undefined
}

/** Goes on where the step before says so, with what it found. */
export const andThen =
  <A, B>(next: (value: A) => Effect.Effect<Step<B>>) =>
  (step: Effect.Effect<Step<A>>): Effect.Effect<Step<B>> =>
    Effect.flatMap(step, ({ found, next: value }): Effect.Effect<Step<B>> =>
      value === undefined
        ? Effect.succeed({ found, next: undefined })
        : Effect.map(next(value), (then) => ({ found: [...found, ...then.found], next: then.next }))
    )

/** No check may take longer than this, all its steps together: what the slowest of them can need. */
export const longest = Duration.seconds(14)

/** The findings of a check; one that does not come to an end is a finding itself. */
export const run = ({ name, run }: Check): Effect.Effect<ReadonlyArray<Finding>> =>
  Effect.map(
    Effect.timeoutOption(run, longest),
    Option.getOrElse((): ReadonlyArray<Finding> => [
      {
        check: name,
        severity: "warning",
        summary: "This could not be looked at in time",
        tried: `the check ${name}`,
        seen: `no end of it within ${Duration.format(longest)}`,
        advice: "Run the doctor again; a machine that is very busy, or a file system that hangs, is what keeps it."
      }
    ])
  )

/** The worst first; of those that are alike, in the order in which they were found. */
export const sorted = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> =>
  [...findings].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
