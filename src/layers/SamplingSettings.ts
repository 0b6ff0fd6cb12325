/**
 * Which traces are recorded, by the settings: at their beginning, and at their end.
 */
import type * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import type { Wish } from "../pipeline/TailRule.ts"
import * as SamplingRules from "../sampling/SamplingRules.ts"
import type { SettingReading } from "./SettingReading.ts"
import * as SettingTable from "./SettingTable.ts"

/** Which sampler to make. `ratio` counts for the kinds that are named after it. */
export interface SamplerSetting {
  readonly kind: SettingTable.SettingValue<"otelSampler">
  readonly ratio: number
}

/** What decides before the sampler, and after it. */
export interface SamplingSetting {
  /** None where there are none, or where they are in a file. */
  readonly rules: SamplingRules.SamplingRules
  /** Read when the layer is built, and looked at every `interval`. */
  readonly rulesFile: string | undefined
  readonly rulesInterval: Duration.Duration
  /** Traces a second for each tenant; `undefined` is as many as there are. */
  readonly perTenant: number | undefined
  /** Tenants with a limit of their own. */
  readonly tenants: number
}

/** Which runs are kept that sampling left out, and how much of undecided ones is remembered. */
export interface TailSetting {
  /** None where tail sampling is off. */
  readonly keep: ReadonlyArray<Wish>
  readonly slowerThan: Duration.Duration | undefined
  /** A share of the runs of each operation. */
  readonly slowest: number
  readonly share: number
  /** Runs kept a second at most; `undefined` is as many as there are. */
  readonly maxPerSecond: number | undefined
  readonly maxSpans: number
  readonly maxBytes: number
  readonly maxTraces: number
  readonly maxSpansPerTrace: number
}

export const sampler = (reading: SettingReading): SamplerSetting => {
  const rate = reading.get("sampleRate")
  if (rate !== undefined) return { kind: "parentbased_traceidratio", ratio: rate }
  const kind = reading.get("otelSampler")
  const takesRatio = reading.sources.otelSampler !== undefined && kind.endsWith("traceidratio")
  return { kind, ratio: takesRatio ? reading.get("otelSamplerRatio") : kind.endsWith("always_off") ? 0 : 1 }
}

export const tail = (reading: SettingReading): TailSetting => {
  const keep = reading.get("tailSampling")
  const slowerThan = reading.get("tailSlowerThan")
  const slowest = reading.get("tailSlowest")
  const maxSpans = reading.get("tailMaxSpans")
  const maxSpansPerTrace = reading.get("tailMaxTraceSpans") ?? Math.min(10_000, maxSpans)
  const { tailMaxSpans, tailSampling } = SettingTable.table
  if (keep.length > 0 && !keep.includes("slow")) {
    const rule = `unset, or slow among ${tailSampling.key}`
    if (slowerThan !== undefined) reading.refuse("tailSlowerThan", rule)
    if (slowest !== undefined) reading.refuse("tailSlowest", rule)
  }
  if (maxSpansPerTrace > maxSpans) {
    reading.refuse("tailMaxTraceSpans", `no more than ${tailMaxSpans.key}, ${maxSpans}`)
  }
  return {
    keep,
    slowerThan,
    slowest: keep.includes("slow") ? (slowest ?? (slowerThan === undefined ? 0.01 : 0)) : 0,
    share: reading.get("tailShare"),
    maxPerSecond: reading.get("tailMaxPerSecond"),
    maxSpans,
    maxBytes: reading.get("tailMaxBytes"),
    maxTraces: reading.get("tailMaxTraces"),
    maxSpansPerTrace: Math.min(maxSpansPerTrace, maxSpans)
  }
}

export const sampling = (reading: SettingReading): SamplingSetting => {
  const text = reading.get("samplingRules")
  const rulesFile = reading.get("samplingRulesFile")
  const { key } = SettingTable.table.samplingRules
  if (text !== undefined && rulesFile !== undefined) reading.refuse("samplingRulesFile", `unset where ${key} is set`)
  const rules = text === undefined ? Result.succeed([]) : SamplingRules.fromJson(text)
  if (Result.isFailure(rules)) {
    reading.problems.push(...rules.failure.map(({ at, rule, value }) => ({ key: key + at, rule, value })))
  }
  return {
    rules: Result.getOrElse(rules, () => []),
    rulesFile,
    rulesInterval: reading.get("samplingRulesInterval"),
    perTenant: reading.get("samplingPerTenant"),
    tenants: reading.get("samplingTenants")
  }
}
