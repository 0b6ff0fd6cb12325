/**
 * What the settings would decide about a trace by its id alone, as a ratio always decides the same of the same id.
 */
import * as Samplers from "../sampling/Sampler.ts"
import type { TracingConfig } from "./TracingConfig.ts"

export interface SamplingForecast {
  /** True where a trace with this id that begins here is recorded. */
  readonly recorded: boolean
  /** Whether a caller's own decision comes before it. */
  readonly asksCaller: boolean
}

/** Says nothing of rules, caps, callers and samplers of the program's own. */
export const make = ({ sampler: { kind, ratio } }: TracingConfig, traceId: string): SamplingForecast => {
  const { sampled } = Samplers.ratio(ratio).decide({
    traceId,
    name: "",
    kind: "internal",
    attributes: new Map(),
    links: [],
    parent: undefined
  })
  return { recorded: sampled, asksCaller: kind.startsWith("parentbased") }
}
