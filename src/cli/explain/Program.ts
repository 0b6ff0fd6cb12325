/**
 * What a program remembers of a trace.
 */
import * as Result from "effect/Result"
import type { HealthReading } from "../HealthReading.ts"
import { counted } from "../TextTable.ts"
import * as LeftOutReason from "./LeftOutReason.ts"
import { says, type Testimony } from "./Testimony.ts"

/** Read from its health. */
export const remembers = ({ from, snapshot }: HealthReading, traceId: string): ReadonlyArray<Testimony> => {
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
