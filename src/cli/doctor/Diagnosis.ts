/**
 * All checks of a set-up, and what they say together.
 */
import * as Effect from "effect/Effect"
import * as SettingReport from "../../layers/SettingReport.ts"
import * as Boundaries from "./Boundaries.ts"
import * as Check from "./Check.ts"
import * as Delivery from "./Delivery.ts"
import * as Libraries from "./Libraries.ts"
import * as Recording from "./Recording.ts"
import * as RunningProgram from "./RunningProgram.ts"
import * as Secrets from "./Secrets.ts"
import * as Settings from "./Settings.ts"
import type { Setup } from "./Setup.ts"
import * as SpoolState from "./SpoolState.ts"
import * as Surroundings from "./Surroundings.ts"

export interface Diagnosis {
  /** The worst of all. */
  readonly severity: Check.Severity
  /** What is the matter, in one line. */
  readonly summary: string
  /** The worst first. */
  readonly findings: ReadonlyArray<Check.Finding>
  /** Every setting, in the order of docs/configuration.md. */
  readonly settings: ReadonlyArray<DiagnosedSetting>
}

export interface DiagnosedSetting {
  readonly key: string
  /** What it holds, or its default in words; never a secret. */
  readonly value: string
  /** The variable it came from, or `default`. What is set in code, only the program knows. */
  readonly source: string
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

const summaryOf = (findings: ReadonlyArray<Check.Finding>): string => {
  const [worst] = findings
  const count = (severity: Check.Severity) => findings.filter((finding) => finding.severity === severity).length
  const problems = count("problem")
  const warnings = count("warning")
  if (worst === undefined || problems + warnings === 0) {
    return `Nothing keeps traces from appearing: ${counted(findings.length, "finding")}, none of them bad.`
  }
  const others = [
    problems > 1 ? counted(problems - 1, "more problem") : "",
    problems > 0 && warnings > 0 ? counted(warnings, "warning") : "",
    problems === 0 && warnings > 1 ? counted(warnings - 1, "more warning") : ""
  ].filter((part) => part !== "")
  return `${worst.summary}${others.length === 0 ? "." : `; and ${others.join(", ")}.`}`
}

/** Runs all checks at once; none takes longer than `Check.longest`. */
export const make = Effect.fnUntraced(function* (setup: Setup, query: URL | undefined): Effect.fn.Return<Diagnosis> {
  const checks = [
    Settings.check(setup),
    Recording.check(setup),
    ...(yield* Delivery.checks(setup, query)),
    RunningProgram.look(setup),
    SpoolState.check(setup),
    Boundaries.check(setup),
    Surroundings.check(setup),
    Libraries.check(setup)
  ]
  const found = yield* Effect.forEach(checks, Check.run, { concurrency: "unbounded" })
  const hide = Secrets.hide(setup)
  const findings = Check.sorted(found.flat()).map(Secrets.hideIn(hide))
  const settings = SettingReport.make(setup.texts, setup.settings).map(
    ({ key, source = "default", value }): DiagnosedSetting => ({ key, value: hide(value), source })
  )
  return { severity: findings[0]?.severity ?? "ok", summary: summaryOf(findings), findings, settings }
})
