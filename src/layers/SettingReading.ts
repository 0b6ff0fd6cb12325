/**
 * Rows of the table, looked up in variables: which of them speaks for a setting, and what is wrong.
 */
import * as Equal from "effect/Equal"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import * as Redaction from "../pipeline/Redaction.ts"
import * as SettingTable from "./SettingTable.ts"
import type { TracingConfigProblem } from "./TracingConfigError.ts"

/** Variables by name. */
export type SettingTexts = Readonly<Record<string, string | undefined>>

const longestShown = 120

/** A text as people may see it. */
export const show = (setting: SettingTable.Setting, text: string): string =>
  SettingTable.table[setting].secret
    ? "hidden, as it may be a secret"
    : JSON.stringify(
        SensitiveKeys.redactText(
          Redaction.defaults.text(
            /(endpoint|url)$/i.test(setting) ? text.replace(/^(\w+:\/\/)?.*@/s, `$1${SensitiveKeys.mask}@`) : text
          ),
          longestShown
        )
      )

/** Remembers which variable supplied a value, and collects problems instead of stopping at the first. */
export class SettingReading {
  readonly problems: Array<TracingConfigProblem> = []
  readonly sources: Partial<Record<SettingTable.Setting, string>> = {}
  readonly #texts: SettingTexts
  readonly #values = new Map<SettingTable.Setting, unknown>()

  constructor(texts: SettingTexts) {
    this.#texts = texts
  }

  text(key: string): string | undefined {
    return (Object.hasOwn(this.#texts, key) ? this.#texts[key]?.trim() : undefined) || undefined
  }

  refuse(setting: SettingTable.Setting, rule: string, key = this.sources[setting] ?? SettingTable.table[setting].key) {
    this.problems.push({ key, rule, value: show(setting, this.text(key) ?? "") })
  }

  /** A setting's value; what is wrong with it is said once, however often it is asked for. */
  get<S extends SettingTable.Setting>(setting: S): SettingTable.SettingValue<S> {
    if (!this.#values.has(setting)) this.#values.set(setting, this.#read(setting))
    return this.#values.get(setting) as SettingTable.SettingValue<S>
  }

  #read<S extends SettingTable.Setting>(setting: S): SettingTable.SettingValue<S> {
    type Value = SettingTable.SettingValue<S>
    const row = SettingTable.table[setting] as unknown as SettingTable.SettingRow<Value>
    const own = [row.key, ...row.aliases]
      .map((key) => ({ key, rule: row.rule }))
      .filter(({ key }) => this.text(key) !== undefined)
    const asked = own.length > 0 ? own : row.otel.filter(({ key }) => this.text(key) !== undefined).slice(0, 1)
    const found: Array<{ readonly key: string; readonly value: Value }> = []
    for (const { key, rule } of asked) {
      const value = rule.parse(this.text(key)!)
      if (value === undefined) this.refuse(setting, rule.expects, key)
      else found.push({ key, value })
    }
    const [first, ...others] = found
    if (first === undefined) return row.fallback
    this.sources[setting] = first.key
    for (const other of others) {
      if (!Equal.equals(first.value, other.value)) {
        this.refuse(setting, `the same as ${first.key} (${show(setting, this.text(first.key)!)})`, other.key)
      }
    }
    return first.value
  }
}
