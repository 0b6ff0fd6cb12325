/**
 * Bar R8: a program that ends 10,000 spans a second beside a collector that hangs stays small, and does not besiege it.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"
import * as HangingCollector from "./HangingCollector.ts"
import type { SoakRun } from "./soak-run.ts"

const spansPerSecond = 10_000

/** A line of the report. */
export interface Row {
  readonly bar: "R8"
  readonly minutes: number
  readonly offered: number
  /** From the moment the collector began to hang to the most there was afterwards. */
  readonly rssGrowthMiB: number
  /** As the collector counted them, at most. */
  readonly inFlightRequests: number
  readonly requests: number
  readonly dropped: number
  readonly status: string
  readonly ok: boolean
}

const mostGrowthMiB = 64
const mostInFlight = 8

const program = fileURLToPath(new URL("soak-run.ts", import.meta.url))

/**
 * Runs the program in a process of its own. Before the collector hangs it is well for so many seconds: until the
 * program has the memory that it needs at that pace.
 */
export const run = (minutes: number, wellSeconds = 20): Effect.Effect<Row> =>
  Effect.gen(function* () {
    const collector = yield* HangingCollector.make
    const child = yield* ChildProcess.make(
      process.execPath,
      [
        "--conditions=@gorax/source",
        "--disable-warning=ExperimentalWarning",
        program,
        String(wellSeconds),
        String(minutes * 60)
      ],
      { env: { TRACING_ENABLED: "true", TRACING_ENDPOINT: collector.url }, extendEnv: true }
    )
    const lines = yield* child.stdout.pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.tap((line) => Effect.sync(() => (line === "hang" ? collector.hang() : undefined))),
      Stream.runCollect
    )
    const said: SoakRun = JSON.parse(lines.findLast((line) => line.startsWith('{"')) ?? "{}")
    const { most, requests } = collector.seen()
    const rssGrowthMiB = Math.round(((said.rssMost - said.rssBefore) / 2 ** 20) * 10) / 10
    return {
      bar: "R8" as const,
      minutes,
      offered: said.offered,
      rssGrowthMiB,
      inFlightRequests: most,
      requests,
      dropped: said.dropped,
      status: said.status,
      ok:
        said.offered >= minutes * 60 * spansPerSecond &&
        requests > 0 &&
        rssGrowthMiB <= mostGrowthMiB &&
        most <= mostInFlight &&
        Number(yield* child.exitCode) === 0
    }
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), Effect.orDie)
