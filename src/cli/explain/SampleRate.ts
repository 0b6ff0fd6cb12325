/**
 * What the sample rate decides about a trace that begins here.
 */
import * as SamplingForecast from "../../layers/SamplingForecast.ts"
import type { Setup } from "../doctor/Setup.ts"
import { says, type Testimony } from "./Testimony.ts"

/** Says something only where it would be left out. */
export const judges = ({ settings }: Setup, traceId: string): ReadonlyArray<Testimony> => {
  const { asksCaller, recorded } = SamplingForecast.make(settings, traceId)
  if (recorded) return []
  return [
    says("left-out", {
      check: "explain.sampling",
      severity: "warning",
      summary: `A trace with this id that begins here is not recorded, at a rate of ${settings.sampler.ratio}`,
      tried: "to decide by its id, as the sampler does",
      seen: `${settings.sampler.kind}(${settings.sampler.ratio})`,
      advice: asksCaller
        ? "If it began elsewhere, its caller has decided. TRACING_SAMPLE_RATE=1 records every trace that begins here."
        : "TRACING_SAMPLE_RATE=1 records every trace that begins here."
    })
  ]
}
