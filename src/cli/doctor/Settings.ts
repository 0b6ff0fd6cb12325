/**
 * The settings themselves: what is wrong with them, what nobody hears, and where each comes from.
 */
import * as Effect from "effect/Effect"
import * as SettingReport from "../../layers/SettingReport.ts"
import * as SettingTable from "../../layers/SettingTable.ts"
import type { Check, Finding } from "./Check.ts"
import type { Setup } from "./Setup.ts"

/** How many letters have to be changed to make one word the other; two that are swapped are one change. */
const distance = (a: string, b: string): number => {
  const rows: Array<Array<number>> = [Array.from({ length: b.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same, swapped))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

const known: ReadonlySet<string> = new Set(SettingTable.keys)

const alike = (name: string): string | undefined =>
  SettingTable.keys
    .filter((key) => key[0] === name[0])
    .map((key) => [key, distance(key, name)] as const)
    .filter(([, changes]) => changes <= 3)
    .sort(([, a], [, b]) => a - b)[0]?.[0]

/** Settings that are not as they must be. */
export const unusable = ({ problems, settings }: Setup): ReadonlyArray<Finding> =>
  problems.map(({ key, rule, value }) => {
    // Where tracing is off, nobody judges variables that may be meant for others
    const counts = settings.enabled || key.startsWith("TRACING_")
    return {
      check: "settings.usable",
      severity: counts ? "problem" : "warning",
      summary: `${key} cannot be used`,
      tried: `to read ${key}`,
      seen: value,
      advice: `It must be ${rule}. ${counts ? "The program does not start with it." : "The program will not start with it once tracing is on."}`
    }
  })

const misspelt = ({ names }: Setup): ReadonlyArray<Finding> =>
  names
    .filter((name) => !known.has(name) && name !== "TRACING" && name !== "OTEL")
    .flatMap((name): ReadonlyArray<Finding> => {
      const meant = alike(name)
      const tried = `to find ${name} among the settings`
      if (meant !== undefined) {
        return [
          {
            check: "settings.known",
            severity: "warning",
            summary: `${name} is set, and nobody reads it`,
            tried,
            seen: "no setting of this name",
            advice: `Is ${meant} meant?`
          }
        ]
      }
      return name.startsWith("TRACING_")
        ? [
            {
              check: "settings.known",
              severity: "note",
              summary: `${name} is set, and nobody reads it`,
              tried,
              seen: "no setting of this name",
              advice: "All settings are in docs/configuration.md."
            }
          ]
        : []
    })

const unheard = (reported: ReadonlyArray<SettingReport.ReportedSetting>): ReadonlyArray<Finding> =>
  reported.flatMap((setting) =>
    setting.unheard.map(({ by, key, same }): Finding => ({
      check: "settings.shadowed",
      severity: same ? "note" : "warning",
      summary: same ? `${key} says the same as ${by}` : `${key} is set, and ${by} is heard in its place`,
      tried: `to find what supplies ${setting.key}`,
      seen: `${by}, ${setting.value}`,
      advice: same
        ? `One of them is enough: take ${key} away.`
        : `Take away the one that is not meant: ${key} or ${by}.`
    }))
  )

const said = (reported: ReadonlyArray<SettingReport.ReportedSetting>): Finding => {
  const set = reported.filter(({ source }) => source !== undefined)
  return {
    check: "settings.sources",
    severity: "ok",
    summary: `${set.length} settings come from variables, ${reported.length - set.length} have their default`,
    tried: "to read every setting",
    seen:
      set.length === 0
        ? "no variable of tracing is set here"
        : set.map(({ key, source, value }) => `${source}=${value}${source === key ? "" : ` (${key})`}`).join(", ")
  }
}

/** Everything that variables say about tracing. */
export const check = (setup: Setup): Check => ({
  name: "settings",
  run: Effect.sync(() => {
    const reported = SettingReport.make(setup.texts, setup.settings)
    return [...unusable(setup), ...misspelt(setup), ...unheard(reported), said(reported)]
  })
})
