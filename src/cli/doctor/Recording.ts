/**
 * Whether anything is recorded at all, how much of it, and whether it goes anywhere.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "node:fs/promises"
import * as path from "node:path"
import { offBecause } from "../../layers/StartLine.ts"
import type { Check, Finding } from "./Check.ts"
import type { Setup } from "./Setup.ts"

const enabled = ({ settings, texts }: Setup): Finding => {
  const tried = "to read TRACING_ENABLED"
  if (settings.enabled) {
    return { check: "recording.enabled", severity: "ok", summary: "Tracing is on", tried, seen: "true" }
  }
  const isStopped = settings.sources.otelDisabled !== undefined
  const written = texts["TRACING_ENABLED"]
  return {
    check: "recording.enabled",
    severity: "problem",
    summary: "Tracing is off, so nothing is recorded",
    tried: isStopped ? "to read OTEL_SDK_DISABLED" : tried,
    seen: isStopped ? "OTEL_SDK_DISABLED is true" : written === undefined ? "it is not set" : `it is ${written}`,
    advice: isStopped
      ? "Take OTEL_SDK_DISABLED away: it wins over TRACING_ENABLED."
      : `${offBecause(settings).replace("Tracing is off. ", "")} Programs that use Tracing.layer({ … }) are on without it, and read no variables.`
  }
}

const percent = (ratio: number): string => `${Number((ratio * 100).toPrecision(3))} %`

const sampling = ({ settings }: Setup): ReadonlyArray<Finding> => {
  const { kind, ratio } = settings.sampler
  const key = settings.sources.sampleRate ?? settings.sources.otelSampler ?? "TRACING_SAMPLE_RATE"
  const found = {
    check: "recording.sampling",
    tried: "to find the sampler",
    seen: `${kind}${kind.endsWith("traceidratio") ? `(${ratio})` : ""}, by ${settings.sources.sampleRate ?? settings.sources.otelSampler ?? "default"}`
  }
  if (ratio === 0) {
    return [
      {
        ...found,
        severity: "problem",
        summary: "No trace that begins here is recorded: the sample rate is 0",
        advice: `Set TRACING_SAMPLE_RATE to a number above 0, up to 1 for every trace${key === "TRACING_SAMPLE_RATE" ? "" : `; now ${key} decides`}.`
      }
    ]
  }
  const cuts: ReadonlyArray<Finding> = kind.startsWith("parentbased")
    ? []
    : [
        {
          ...found,
          severity: "warning",
          summary: `The sampler ${kind} does not ask what the caller decided, so traces have gaps`,
          advice: `Use parentbased_${kind}, or TRACING_SAMPLE_RATE in its place.`
        }
      ]
  const few: ReadonlyArray<Finding> =
    ratio < 1
      ? [
          {
            ...found,
            severity: ratio < 0.01 ? "warning" : "note",
            summary: `${percent(ratio)} of the traces that begin here are recorded: one of about ${Math.round(1 / ratio)}`,
            advice: "A trace that you miss may be one of the others. TRACING_SAMPLE_RATE=1 records all of them."
          }
        ]
      : []
  return cuts.length + few.length > 0
    ? [...cuts, ...few]
    : [{ ...found, severity: "ok", summary: "Every trace that begins here is recorded" }]
}

const exporters = ({ settings }: Setup): ReadonlyArray<Finding> => {
  const found = { check: "recording.exporters", tried: "to find where spans go" }
  const names = settings.exporters.join(", ")
  return settings.exporters.length > 0
    ? [
        {
          ...found,
          severity: "ok",
          summary: `Spans go to ${names}`,
          seen: `by ${settings.sources.exporters ?? "default"}`
        }
      ]
    : [
        {
          ...found,
          severity: "problem",
          summary: "Spans go nowhere: there is no exporter",
          seen: `${settings.sources.exporters} is none`,
          advice: `Set ${settings.sources.exporters} to otlp, or take it away.`
        }
      ]
}

const serviceName = ({ settings }: Setup): ReadonlyArray<Finding> =>
  settings.serviceName.startsWith("unknown_service")
    ? [
        {
          check: "recording.service",
          severity: "warning",
          summary: `This program appears as ${settings.serviceName}, like every other that has no name`,
          tried: "to find the name of the service",
          seen: "no variable says it",
          advice: "Set TRACING_SERVICE_NAME. Look for the traces under that name."
        }
      ]
    : []

const file = ({ settings }: Setup): Effect.Effect<ReadonlyArray<Finding>> => {
  if (settings.file === undefined || settings.file.path === "") return Effect.succeed([])
  const folder = path.dirname(path.resolve(settings.file.path))
  const found = { check: "recording.file", tried: `whether ${settings.file.path} can be written` }
  return Effect.tryPromise({
    try: () => FileSystem.access(folder, FileSystem.constants.W_OK),
    catch: (error) => String(Reflect.get(Object(error), "code") ?? error)
  }).pipe(
    Effect.match({
      onSuccess: (): ReadonlyArray<Finding> => [
        { ...found, severity: "ok", summary: "The folder of the file can be written to", seen: folder }
      ],
      onFailure: (code) => [
        {
          ...found,
          severity: "problem",
          summary: `The folder of ${settings.file?.path} cannot be written to`,
          seen: `${code}: ${folder}`,
          advice: "Make the folder, or name another file with TRACING_FILE_PATH. The program does not start like this."
        }
      ]
    })
  )
}

/** Whether something would be recorded and sent. */
export const check = (setup: Setup): Check => ({
  name: "recording",
  run: Effect.map(file(setup), (found) => [
    enabled(setup),
    ...sampling(setup),
    ...exporters(setup),
    ...serviceName(setup),
    ...found
  ])
})
