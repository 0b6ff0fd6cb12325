/**
 * Bar R4: processes that are killed at any moment, one after the other.
 */
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, Random, type Scope } from "effect"
import * as path from "node:path"
import { environment, filesIn, folder, type Needs, type Outcome, recovered, started } from "./CrashRun.ts"

export interface KillsRow extends Outcome {
  readonly bar: "R4"
  readonly kills: number
  readonly spansPerSecond: number
  /** Files that were still there when all was over. */
  readonly files: number
  readonly ok: boolean
}

const spansPerSecond = 5000

/** While this one is killed, nobody listens: its spans wait for one that comes later. */
const hasCollector = (kill: number): boolean => kill % 3 !== 2

/** Kills one process after the other, each at some moment in its first half second of work, and delivers what is left. */
export const kills = Effect.fnUntraced(function* (
  count: number
): Effect.fn.Return<KillsRow, unknown, Needs | Scope.Scope> {
  const collector = yield* FakeCollector.FakeCollector
  const home = yield* folder
  const notes = path.join(home, "ids")
  const spool = path.join(home, "spool")
  // Shares the folder all the while, and finds what is left as well
  yield* started(notes, 0, "never", environment(collector, spool))
  for (let kill = 0; kill < count; kill++) {
    if (!hasCollector(kill)) yield* collector.stop
    const moment = yield* Random.nextBetween(0, 500)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const { child, said } = yield* started(notes, spansPerSecond, "never", environment(collector, spool))
        yield* said("working")
        yield* Effect.sleep(moment)
        yield* child.kill({ killSignal: "SIGKILL" })
        yield* Effect.exit(child.exitCode)
      })
    )
    if (!hasCollector(kill)) yield* collector.start
  }
  const outcome = yield* recovered(collector, notes, spool)
  const files = filesIn(spool)
  const ok = outcome.ended > 100 * count && outcome.lost === 0 && files === 0
  return { bar: "R4", kills: count, spansPerSecond, ...outcome, files, ok }
}, Effect.scoped)
