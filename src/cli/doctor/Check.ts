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
  /** What it has found already, for when time is up. */
  readonly soFar?: () => ReadonlyArray<Finding>
}

/** What came of one step, and what the next step needs of it; `undefined` where there is no point in going on. */
export interface Step<out A> {
  readonly found: ReadonlyArray<Finding>
  readonly next: A | undefined
}

/** A check in steps, each of which notes what it finds and says whether there is a point in going on. */
export class Steps {
  readonly #found: Array<Finding> = []

  /** A step; what it finds is noted. Nothing of those behind it is run where it says so. */
  take<A>(step: Effect.Effect<Step<A>>): Effect.Effect<A, "stop"> {
    return Effect.flatMap(step, ({ found, next }): Effect.Effect<A, "stop"> => {
      this.#found.push(...found)
      return next === undefined ? Effect.fail("stop") : Effect.succeed(next)
    })
  }

  /** The whole of it. */
  toCheck(name: string, steps: Effect.Effect<unknown, "stop">): Check {
    return { name, run: Effect.as(Effect.ignore(steps), this.#found), soFar: () => this.#found }
  }
}

/** No check may take longer than this. */
export const longest = Duration.seconds(14)

/** The findings of a check; one that does not come to an end is a finding itself. */
export const run = ({ name, run, soFar }: Check): Effect.Effect<ReadonlyArray<Finding>> =>
  Effect.map(
    Effect.timeoutOption(run, longest),
    Option.getOrElse((): ReadonlyArray<Finding> => [
      ...(soFar?.() ?? []),
      {
        check: name,
        severity: "warning",
        summary: `The check of ${name} could not be brought to its end in time`,
        tried: `all steps of the check of ${name}`,
        seen: `no end of it within ${Duration.format(longest)}`,
        advice:
          "What it looks at is slow: a server or a network that takes seconds for each answer, a file system that hangs, or this machine. Run the doctor again."
      }
    ])
  )

/** The worst first; of those that are alike, in the order in which they were found. */
export const sorted = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> =>
  [...findings].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
