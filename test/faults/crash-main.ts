/**
 * Bars R1, R4, R5 and R7 with a spool, one JSON line each; exits 0 only when all of them hold.
 *
 * `npm run crash` is all of them; `npm run crash -- outage`, `npm run crash -- --n 100` and `npm run crash -- endings`
 * are some of them each, `npm run crash -- hangups` the last four, which are of signals that come twice or are ignored.
 */
import { NodeServices } from "@effect/platform-node"
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, Layer } from "effect"
import { parseArgs } from "node:util"
import type * as CrashRun from "./CrashRun.ts"
import * as Endings from "./Endings.ts"
import * as Kills from "./Kills.ts"
import * as Outage from "./Outage.ts"

const { positionals, values } = parseArgs({ options: { n: { type: "string" } }, allowPositionals: true })
const everything = positionals.length === 0 && values.n === undefined
const states = Object.keys(Endings.collectors) as Array<keyof typeof Endings.collectors>

type Row = Kills.KillsRow | Endings.EndedRow | Endings.OpenRow | Outage.OutageRow
const runs: Array<Effect.Effect<ReadonlyArray<Row>, unknown, CrashRun.Needs>> = []
if (everything || positionals.includes("outage")) runs.push(Effect.map(Outage.outage(30, 1000), Array.of<Row>))
if (everything || values.n !== undefined) runs.push(Effect.map(Kills.kills(Number(values.n ?? 100)), Array.of<Row>))
if (everything || positionals.includes("endings")) {
  runs.push(...Endings.endings.flatMap((ending) => states.map((state) => Endings.ended(ending, state))))
}
if (everything || positionals.includes("endings") || positionals.includes("hangups")) {
  runs.push(Endings.hangupIgnored, Endings.hangupTwice)
  runs.push(Endings.stoppedTwice("SIGTERM"), Endings.stoppedTwice("SIGINT"))
}

const rows = await Effect.runPromise(
  Effect.forEach(
    runs,
    (run) =>
      run.pipe(
        Effect.provide(Layer.merge(FakeCollector.layer, NodeServices.layer)),
        Effect.tap((rows) => Effect.sync(() => rows.forEach((row) => console.log(JSON.stringify(row)))))
      ),
    { concurrency: 2 }
  )
).then((rows) => rows.flat())
process.exitCode = rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1
