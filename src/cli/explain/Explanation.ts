/**
 * What became of a trace, as far as anybody knows: the backend, the spool, programs, and the sample rate.
 */
import * as Effect from "effect/Effect"
import type { Finding } from "../doctor/Check.ts"
import * as Check from "../doctor/Check.ts"
import * as Secrets from "../doctor/Secrets.ts"
import * as Settings from "../doctor/Settings.ts"
import type { Setup } from "../doctor/Setup.ts"
import * as HealthReading from "../HealthReading.ts"
import * as Backend from "./Backend.ts"
import * as Program from "./Program.ts"
import * as SampleRate from "./SampleRate.ts"
import * as SpooledSpans from "./SpooledSpans.ts"
import type { Fate, Testimony } from "./Testimony.ts"

export interface AskedTrace {
  readonly traceId: string
  /** True where a `traceparent` says that it was sampled, so that no rate has a say. */
  readonly callerSampled?: boolean
}

export interface Explanation {
  readonly traceId: string
  readonly fate: Fate
  readonly summary: string
  /** The worst first. */
  readonly findings: ReadonlyArray<Finding>
}

const blind = ({ healthUrl, spool }: Setup["settings"]): string =>
  [
    healthUrl === undefined
      ? "Serve TracingHealth.snapshot in the program and set TRACING_HEALTH_URL: it remembers the last hundred traces of which something was left out."
      : "",
    spool === undefined
      ? "With TRACING_SPOOL_DIR, what waits can be seen, and what a program that is gone has said last."
      : "",
    "--query URL asks a backend."
  ]
    .filter((part) => part !== "")
    .join(" ")

const unknown = (setup: Setup): Finding => ({
  check: "explain.unknown",
  severity: "note",
  summary: "Nobody who could be asked knows this trace",
  tried: "the backend, the spool, the program and the sample rate",
  seen: "nothing of it",
  advice: blind(setup.settings)
})

/** One that has arrived may still have lost something; one that waits is not lost. */
const order: ReadonlyArray<Fate> = ["kept", "waiting", "left-out", "unknown"]

const summaryOf = (fate: Fate, told: ReadonlyArray<Testimony>): string => {
  const sure = told.find((testimony) => testimony.fate === fate)!
  const lost = told.find(({ fate, finding }) => fate === "left-out" && finding.severity === "problem")
  switch (fate) {
    case "kept":
      return lost === undefined ? `${sure.finding.summary}.` : `It has arrived in part. ${lost.finding.summary}.`
    case "waiting":
    case "left-out":
      return `${sure.finding.summary}.`
    case "unknown":
      return "Nobody who could be asked knows this trace, so what became of it cannot be said."
  }
}

/** Asks everybody at once. */
export const make = Effect.fnUntraced(function* (
  setup: Setup,
  { callerSampled = false, traceId }: AskedTrace,
  query: URL | undefined
): Effect.fn.Return<Explanation> {
  const [backend, spooled, readings] = yield* Effect.all(
    [Backend.ask(setup, traceId, query), SpooledSpans.find(setup, traceId), HealthReading.all(setup.settings)],
    { concurrency: "unbounded" }
  )
  const told = [
    ...backend,
    ...spooled,
    ...readings.flatMap((reading) => Program.remembers(reading, traceId)),
    ...(callerSampled ? [] : SampleRate.judges(setup, traceId))
  ]
  const fate = order.find((fate) => told.some((testimony) => testimony.fate === fate)) ?? "unknown"
  // What cannot be read leads nowhere, and whoever asks should know
  const unusable = Settings.unusable(setup).map((finding): Finding => ({ ...finding, severity: "warning" }))
  const findings = [...told.map(({ finding }) => finding), ...unusable]
  const hide = Secrets.hide(setup)
  return {
    traceId,
    fate,
    summary: hide(summaryOf(fate, told)),
    findings: Check.sorted(fate === "unknown" ? [unknown(setup), ...findings] : findings).map(Secrets.hideIn(hide))
  }
})
