/**
 * What the program itself says of its tracing, where it can be asked: it knows what no other process sees.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { HealthSnapshot } from "../../layers/HealthSnapshot.ts"
import * as StartLine from "../../layers/StartLine.ts"
import * as HealthReading from "../HealthReading.ts"
import type { Check, Finding } from "./Check.ts"
import type { Setup } from "./Setup.ts"

const check = "program.health"

const severities = { off: "problem", failing: "problem", degraded: "warning", healthy: "ok" } as const

const said = ({ reasons, status }: HealthSnapshot, from: string): Finding => ({
  check,
  severity: severities[status],
  summary:
    status === "healthy"
      ? "The program says that its tracing is well"
      : `The program says that its tracing is ${status}`,
  tried: `to ask ${from}`,
  seen: reasons.length === 0 ? status : `${status}: ${reasons.join(" ")}`,
  ...(status === "healthy"
    ? undefined
    : { advice: "What it says itself is the nearest to the truth; docs/health.md tells how to read it." })
})

/** A program is not bound to the variables that the doctor sees. */
const differs = (
  { exporters, service, status }: HealthSnapshot,
  { settings }: Setup,
  from: string
): ReadonlyArray<Finding> => {
  const there = exporters.flatMap(({ endpoint }) => endpoint ?? [])
  const here = settings.exporters.flatMap((name) => StartLine.endpointOf(name, settings) ?? [])
  const differences = [
    there.every((endpoint) => here.includes(endpoint))
      ? ""
      : `spans go to ${there.join(", ")} there, ${here.join(", ")} here`,
    service === undefined || service === settings.serviceName
      ? ""
      : `the service is ${service} there, ${settings.serviceName} here`
  ].filter((difference) => difference !== "")
  return status === "off" || differences.length === 0
    ? []
    : [
        {
          check: "program.settings",
          severity: "warning",
          summary: "The program runs with other settings than the variables here say",
          tried: `to compare ${from} with the settings`,
          seen: differences.join("; "),
          advice:
            "It was started with other variables, or its settings are made in code. Run the doctor with those, or where it runs."
        }
      ]
}

const one = (setup: Setup, { from, snapshot }: HealthReading.HealthReading): ReadonlyArray<Finding> =>
  Result.match(snapshot, {
    onSuccess: (snapshot) => [said(snapshot, from), ...differs(snapshot, setup, from)],
    onFailure: (reason) => [
      {
        check,
        severity: "warning",
        summary: "The program cannot be asked how its tracing is doing",
        tried: `to ask ${from}`,
        seen: reason,
        advice: "Does TRACING_HEALTH_URL name the place where it answers with TracingHealth.snapshot, and does it run?"
      }
    ]
  })

/** Nothing where there is no `TRACING_HEALTH_URL`. */
export const look = (setup: Setup): Check => ({
  name: "program",
  run: Effect.map(HealthReading.all({ healthUrl: setup.settings.healthUrl, spool: undefined }), (readings) =>
    readings.flatMap((reading) => one(setup, reading))
  )
})
