/**
 * What became of a trace, as far as anybody knows: the backend, the spool, the program, and the settings.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as path from "node:path"
import * as SamplingForecast from "../../layers/SamplingForecast.ts"
import * as SpooledDelivery from "../../layers/SpooledDelivery.ts"
import * as TlsFiles from "../../layers/TlsFiles.ts"
import type { OtlpTls } from "../../export/OtlpTransport.ts"
import * as SpoolInventory from "../../pipeline/SpoolInventory.ts"
import * as SpoolSearch from "../../pipeline/SpoolSearch.ts"
import type { Finding } from "../doctor/Check.ts"
import * as Check from "../doctor/Check.ts"
import * as Destination from "../doctor/Destination.ts"
import * as Secrets from "../doctor/Secrets.ts"
import * as Settings from "../doctor/Settings.ts"
import type { Setup } from "../doctor/Setup.ts"
import * as HealthReading from "../HealthReading.ts"
import * as SpoolListing from "../SpoolListing.ts"
import { counted } from "../TextTable.ts"
import * as TraceQuery from "../TraceQuery.ts"
import * as LeftOutReason from "./LeftOutReason.ts"

/** `kept` it is where traces are looked for; `waiting` it will be; `left-out` it will not; `unknown` nobody can say. */
export type Fate = "kept" | "waiting" | "left-out" | "unknown"

export interface Explanation {
  readonly traceId: string
  readonly fate: Fate
  readonly summary: string
  /** The worst first. */
  readonly findings: ReadonlyArray<Finding>
}

/** What one source says. */
interface Testimony {
  readonly fate: Fate
  readonly finding: Finding
}

const says = (fate: Fate, finding: Finding): Testimony => ({ fate, finding })

const inBackend = Effect.fnUntraced(function* (
  setup: Setup,
  traceId: string,
  query: URL | undefined
): Effect.fn.Return<ReadonlyArray<Testimony>> {
  const tls: OtlpTls = yield* Effect.orElseSucceed(TlsFiles.read(setup.settings), () => ({}))
  const places =
    query === undefined
      ? Destination.all(setup, tls).flatMap((destination) => TraceQuery.near(destination, traceId))
      : TraceQuery.named(query, traceId)
  const { absent, present } = yield* TraceQuery.find(places, {
    tls,
    recognise: (text) => /"(span_?id|id)"/i.test(text),
    patience: 0
  })
  const shared = { check: "explain.backend", tried: "to ask for it where spans are sent to" }
  if (present !== undefined) {
    const seen = present.url.href
    return [says("kept", { ...shared, severity: "ok", summary: `It has arrived: ${present.name} has it`, seen })]
  }
  return [
    says("unknown", {
      ...shared,
      severity: "note",
      summary: absent === undefined ? "No backend could be asked" : `${absent.name} does not have it`,
      seen: absent === undefined ? "nobody answers as Jaeger, Zipkin, Tempo or the viewer do" : absent.url.href,
      advice:
        absent === undefined
          ? "Name its API with --query URL, such as http://jaeger:16686."
          : "It may be too old, kept by another backend or tenant, or never have arrived."
    })
  ]
})

const inSpool = Effect.fnUntraced(function* ({ settings: { spool } }: Setup, traceId: string) {
  if (spool === undefined) return []
  const key = spool.key && Redacted.value(spool.key)
  const holdings = yield* SpoolInventory.read(path.resolve(spool.directory), key, yield* Clock.currentTimeMillis)
  const { decode } = SpooledDelivery.codec()
  const found = yield* SpoolSearch.find(holdings, traceId, key, decode)
  return found.map(({ holding: { owner, path: folder }, spans }): Testimony =>
    says("waiting", {
      check: "explain.spool",
      severity: owner.alive ? "note" : "warning",
      summary: `${counted(spans.length, "span")} of it ${spans.length === 1 ? "waits" : "wait"} in the spool, of ${SpoolListing.ownerName(owner)}`,
      tried: "to find it among what has not arrived",
      seen: `${[...new Set(spans.map(({ name }) => name))].slice(0, 5).join(", ")} in ${folder}`,
      advice: owner.alive
        ? "That process delivers it when the destination takes spans; gorax-tracing doctor says whether it does."
        : "The next start of a program with this folder delivers it; so does gorax-tracing spool drain."
    })
  )
})

const ofProgram = ({ from, snapshot }: HealthReading.HealthReading, traceId: string): ReadonlyArray<Testimony> => {
  const shared = { check: "explain.health", tried: `to ask ${from}` }
  if (Result.isFailure(snapshot)) {
    const summary = "A program could not be asked"
    const advice = "Does TRACING_HEALTH_URL name the place where it answers with TracingHealth.snapshot?"
    return [says("unknown", { ...shared, severity: "note", summary, seen: snapshot.failure, advice })]
  }
  const { leftOut, reasons, service = from, status } = snapshot.success
  const known = leftOut.find((trace) => trace.traceId === traceId)
  if (known !== undefined) {
    const { advice, because, whole } = LeftOutReason.of(known.reason)
    const what = whole
      ? "It was left out"
      : `${counted(known.times, "span")} of it ${known.times === 1 ? "was" : "were"} left out`
    return [
      says("left-out", {
        ...shared,
        severity: "problem",
        summary: `${what} by ${service}: ${because}`,
        seen: `${known.reason}, ${known.times} times`.replace(/, 1 times$/, ""),
        advice
      })
    ]
  }
  return [
    says("unknown", {
      ...shared,
      severity: "note",
      summary: `${service} does not remember leaving it out`,
      seen: `${status}${reasons.length === 0 ? "" : `: ${reasons.join(" ")}`}; it remembers ${counted(leftOut.length, "trace")}`,
      ...(status === "healthy" ? undefined : { advice: "See docs/health.md for what its state means." })
    })
  ]
}

const bySettings = ({ settings }: Setup, traceId: string): ReadonlyArray<Testimony> => {
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
  traceId: string,
  query: URL | undefined
): Effect.fn.Return<Explanation> {
  const [backend, spooled, readings] = yield* Effect.all(
    [inBackend(setup, traceId, query), inSpool(setup, traceId), HealthReading.all(setup.settings)],
    { concurrency: "unbounded" }
  )
  const told = [
    ...backend,
    ...spooled,
    ...readings.flatMap((reading) => ofProgram(reading, traceId)),
    ...bySettings(setup, traceId)
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
