/**
 * What decides whether tracing is well.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { ExporterHealth, HealthSnapshot } from "./HealthSnapshot.ts"

/** What is looked at. */
export interface Findings extends Pick<HealthSnapshot, "at" | "exporters" | "books"> {
  /** True when a queue takes no more spans. */
  readonly isFull: boolean
  /** When spans were last found to be lost. */
  readonly lostAt: number | undefined
}

export type HealthStatus = Pick<HealthSnapshot, "status" | "reasons">

/** Losses are told for so long, in milliseconds. */
const lossesCount = 5 * 60_000

const sinceOf = ({ since }: ExporterHealth, at: DateTime.Utc): string =>
  since === undefined ? "" : ` for ${Duration.format(Duration.millis(millisBetween(since, at)))}`

const millisBetween = (from: DateTime.Utc, to: DateTime.Utc): number =>
  Math.max(0, DateTime.toEpochMillis(to) - DateTime.toEpochMillis(from))

const placeOf = ({ endpoint, name }: ExporterHealth): string =>
  endpoint === undefined ? name : `${name} (${endpoint})`

const lostOf = ({ dropped, rejected }: HealthSnapshot["books"]): string =>
  [["rejected", rejected] as const, ...Object.entries(dropped)]
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(", ")

/**
 * Failing while spans are being lost: an exporter refuses them, or takes nothing and the queue is full. Degraded while
 * an exporter takes nothing and spans can wait, while one goes on with what it had, while a stage holds spans and while losses are less than five minutes ago.
 */
export const judge = ({ at, books, exporters, isFull, lostAt }: Findings): HealthStatus => {
  const failing: Array<string> = []
  const degraded: Array<string> = []
  for (const exporter of exporters) {
    const why = exporter.lastError === undefined ? "" : ` ${exporter.lastError.message}`
    if (exporter.state === "refusing") {
      failing.push(`${placeOf(exporter)} has refused spans${sinceOf(exporter, at)}.${why}`)
    } else if (exporter.state === "waiting") {
      const spans = isFull ? "the queue is full, so spans are lost" : "spans wait meanwhile"
      const reason = `${placeOf(exporter)} has taken nothing${sinceOf(exporter, at)}; ${spans}.${why}`
      ;(isFull ? failing : degraded).push(reason)
    }
    if (exporter.trouble !== undefined) degraded.push(`${placeOf(exporter)}: ${exporter.trouble}`)
  }
  if (isFull && failing.length === 0) {
    failing.push(
      "More spans end than can be sent, and the queue is full. Lower TRACING_SAMPLE_RATE, or raise " +
        "TRACING_MAX_CONCURRENT_EXPORTS or TRACING_BATCH_QUEUE_SIZE."
    )
  }
  if (lostAt !== undefined && DateTime.toEpochMillis(at) - lostAt < lossesCount) {
    degraded.push(`Spans were lost within the last five minutes; since the start: ${lostOf(books)}.`)
  }
  if (books.inFlight.held > 0) {
    degraded.push(
      `${books.inFlight.held} spans are in a stage, which keeps them or has left them out without saying so.`
    )
  }
  return {
    status: failing.length > 0 ? "failing" : degraded.length > 0 ? "degraded" : "healthy",
    reasons: [...failing, ...degraded]
  }
}
