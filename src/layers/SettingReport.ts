/**
 * Every setting as it is: its value, where it comes from, and which variables say something that nobody hears.
 *
 * For people; secrets are not in it.
 */
import { show, SettingReading, type SettingTexts } from "./SettingReading.ts"
import * as SettingTable from "./SettingTable.ts"
import type { TracingConfig } from "./TracingConfig.ts"

/** A variable that is set, and has no say. */
export interface UnheardVariable {
  readonly key: string
  /** The variable that is heard in its place. */
  readonly by: string
  /** True when both hold the same text. */
  readonly same: boolean
}

export interface ReportedSetting {
  /** The variable by which the setting is known. */
  readonly key: string
  /** The variable that supplied the value; `undefined` where none did, and the default counts. */
  readonly source: string | undefined
  /** What it holds, or the default in words. */
  readonly value: string
  readonly unheard: ReadonlyArray<UnheardVariable>
}

/** Rows of their own that another row takes the place of. */
const replaced: Partial<Record<SettingTable.Setting, ReadonlyArray<SettingTable.Setting>>> = {
  serviceName: ["otelServiceName"],
  sampleRate: ["otelSampler", "otelSamplerRatio"]
}

const keysOf = (setting: SettingTable.Setting): ReadonlyArray<string> => {
  const { aliases, key, otel } = SettingTable.table[setting]
  return [key, ...aliases, ...otel.map((source) => source.key)]
}

/** A URL's query may be a secret, whatever its keys are called. */
const shown = (setting: SettingTable.Setting, text: string): string => {
  const value = show(setting, text)
  return /(endpoint|url)$/i.test(setting) ? value.replace(/\?.*(?=")/s, "?…") : value
}

/** All settings, in the order of the table. */
export const make = (texts: SettingTexts, { sources }: TracingConfig): ReadonlyArray<ReportedSetting> => {
  const reading = new SettingReading(texts)
  return (Object.keys(SettingTable.table) as ReadonlyArray<SettingTable.Setting>).map((setting) => {
    const source = sources[setting]
    const others = [setting, ...(replaced[setting] ?? [])].flatMap(keysOf).filter((key) => key !== source)
    const text = source === undefined ? undefined : reading.text(source)
    return {
      key: SettingTable.table[setting].key,
      source,
      value: text === undefined ? SettingTable.table[setting].shown : shown(setting, text),
      unheard:
        source === undefined
          ? []
          : others
              .filter((key) => reading.text(key) !== undefined)
              .map((key) => ({ key, by: source, same: reading.text(key) === text }))
    }
  })
}
